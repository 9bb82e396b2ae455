"""Spoken words through the real sensing and words processes: numbers come out, words do not."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import TypeAdapter

from drivers.demo_microphone import LINES, speak
from hub.sense.message_fields import Reason
from hub.sense.messages_from_sense import FromSense
from hub.sense.words import WordListener
from hub.sense.words_process import WordsReady, WordsReply
from hub.types import SenseState
from models.types import Sense
from models.voice_activity import BLOCK
from tests.hub.sense_rig import MICROPHONE, configuration, running

LISTENING = configuration(microphone="demo:", words=True)


def free_strings(schema: Any, place: str = "") -> Iterator[str]:
    """Yield every place of a JSON schema where any text at all would be let through."""
    if isinstance(schema, dict):
        if schema.get("type") == "string" and not schema.keys() & {"enum", "const", "pattern"}:
            yield place
        if schema.get("type") == "object" and schema.get("additionalProperties", True) is True:
            yield place
        for name, inner in schema.items():
            yield from free_strings(inner, f"{place}/{name}")
    elif isinstance(schema, list):
        for number, inner in enumerate(schema):
            yield from free_strings(inner, f"{place}/{number}")


@pytest.mark.parametrize("message", [FromSense, WordsReady, WordsReply])
def test_no_message_has_a_place_for_words(message: Any) -> None:
    assert list(free_strings(TypeAdapter(message).json_schema())) == []


def test_the_search_for_free_strings_finds_one() -> None:
    assert list(free_strings(TypeAdapter(dict[str, str]).json_schema()))


@pytest.mark.peer
@pytest.mark.slow
@pytest.mark.timeout(90)
async def test_what_is_said_is_read_apart_and_forgotten_with_the_microphone(
    capfd: pytest.CaptureFixture[str],
) -> None:
    async with running(LISTENING) as rig:
        rig.link.allow(frozenset({MICROPHONE}))
        await rig.until(lambda: any(s.reading.sense is Sense.TEXT for s in rig.sensed), 60)
        said = next(sensed for sensed in rig.sensed if sensed.reading.sense is Sense.TEXT)
        assert (said.source, said.room, said.person) == (MICROPHONE, "living", None)
        assert said.reading.model == "text_emotion"
        assert 0 < said.reading.quality < 1
        assert 0 < asyncio.get_running_loop().time() - said.at < 60
        (pid,) = children_of(rig.link.stats().pid)
        assert networks_of(pid) == networks_of(rig.link.stats().pid)
        await rig.until(lambda: (words := rig.link.stats().words) and words.read, 8)
        words = rig.link.stats().words
        assert words is not None
        assert (words.reason, words.errors) == (Reason.NONE, 0)
        assert words.utterances >= words.read >= 1
        assert 50 < words.rss_mb < 500
        assert words.cpu_s > 0.1
        rig.link.allow(frozenset())
        await rig.until(lambda: rig.states(MICROPHONE)[-1] is SenseState.OFF, 3)
        await rig.until(lambda: children_of(rig.link.stats().pid) == [], 3)
    printed = capfd.readouterr()
    words_said = {word for line in LINES for word in line.text.split() if len(word) > 4}
    assert not {word for word in words_said if word in printed.err + printed.out}


@pytest.mark.peer
async def test_words_are_off_unless_asked_for() -> None:
    async with running(configuration(microphone="demo:")) as rig:
        await rig.until(lambda: rig.link.stats().models, 15)
        assert rig.link._configure.words is False
        assert rig.link.stats().words is None
        assert children_of(rig.link.stats().pid) == []


class Heard:
    """An outbox whose messages a test reads."""

    def __init__(self) -> None:
        self.sent: list[Any] = []
        self.sources = frozenset({"microphone:m"})

    def allowed(self, source: str) -> bool:
        return source in self.sources

    def reading(self, message: Any) -> None:
        self.sent.append(message)


@pytest.mark.peer
@pytest.mark.slow
async def test_a_words_process_that_cannot_load_is_told_and_not_tried_at_once_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOODSYNC_WEIGHTS", str(tmp_path))
    outbox: Any = Heard()
    listener = WordListener(["microphone:m"], 1, outbox)
    listener.start()
    for _ in range(2):
        say(listener)
        async with asyncio.timeout(20):
            while listener.stats().errors == 0:
                await asyncio.sleep(0.02)
    async with asyncio.timeout(5):
        while listener.stats().dropped == 0:
            await asyncio.sleep(0.02)
    listener.stop(5)
    stats = listener.stats()
    assert (stats.reason, stats.errors, stats.read) == (Reason.NO_WEIGHTS, 1, 0)
    assert stats.rss_mb == 0
    assert outbox.sent == []


def test_of_two_utterances_that_wait_the_newer_counts() -> None:
    outbox: Any = Heard()
    listener = WordListener(["microphone:m"], 1, outbox)  # not started: nothing takes them
    say(listener)
    say(listener)
    assert (listener.stats().utterances, listener.stats().dropped) == (2, 1)
    listener.forget("microphone:m")
    assert listener._waiting is None


def test_the_words_process_ends_with_its_input_and_refuses_nonsense(tmp_path: Path) -> None:
    program = [sys.executable, "-m", "hub.sense.words_process", f"--parent={os.getpid()}"]
    done = subprocess.run(
        [*program, "--threads=1"],
        input=(0).to_bytes(4, "little"),
        capture_output=True,
        timeout=25,
        check=False,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert done.returncode == 1
    assert json.loads(done.stdout)["reason"] == ""
    assert b"ValueError" in done.stderr


def say(listener: WordListener) -> None:
    sound = np.concatenate([speak(LINES[0]), np.zeros(16_000, np.float32)])
    blocks = sound[: sound.size // BLOCK * BLOCK].reshape(-1, BLOCK)
    for number, block in enumerate(blocks):
        listener.hear("microphone:m", block, bool(np.abs(block).max() > 0.01), number * 0.032)


def children_of(pid: int | None) -> list[int]:
    assert pid is not None
    return [
        int(child)
        for task in Path(f"/proc/{pid}/task").iterdir()
        for child in (task / "children").read_text().split()
        if b"words_process" in Path(f"/proc/{child}/cmdline").read_bytes()
    ]


def networks_of(pid: int | None) -> str:
    return str(Path(f"/proc/{pid}/ns/net").readlink())
