"""The link against sensing processes that misbehave: each is a real process on a real socket."""

import asyncio
import random
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from structlog.testing import capture_logs

import hub.sense.child as child_module
from hub.errors import ConsentRequired, SchemaViolation, SenseGone, TextRefused
from hub.sense.message_fields import VERSION
from hub.sense.sources import TEXT
from hub.supervisor import State
from hub.types import SenseState, SourceId
from tests.hub.sense_rig import CAMERA, Rig, configuration, running

pytestmark = pytest.mark.slow

ON = frozenset({CAMERA})
NOTHING: frozenset[SourceId] = frozenset()

Use = Callable[[str], None]


@pytest.fixture
def rogue(monkeypatch: pytest.MonkeyPatch) -> Use:
    """Have the processes that start from now on be rogues of this mode, restarted at once."""
    monkeypatch.setattr(random, "uniform", lambda _low, _high: 0.05)

    def use(mode: str) -> None:
        program = (sys.executable, "-m", "tests.fakes.rogue_sense", mode)
        monkeypatch.setattr(child_module, "PROGRAM", program)

    return use


async def switched_on(rig: Rig) -> None:
    rig.link.allow(ON)
    await rig.until(lambda: SenseState.ON in rig.states(CAMERA))


async def test_a_few_bad_messages_are_counted_and_the_good_ones_pass(rogue: Use) -> None:
    rogue("junk")
    async with running(configuration("demo:")) as rig:
        await switched_on(rig)
        await rig.until(lambda: rig.link.stats().violations == 5)
        assert len(rig.sensed) == 1
        rig.link.allow(NOTHING)
        await rig.until(lambda: rig.states(CAMERA)[-1] is SenseState.OFF)
        assert rig.link.stats().deaths == 0


@pytest.mark.slow
async def test_too_many_bad_messages_end_the_process_and_a_new_one_starts(rogue: Use) -> None:
    rogue("much_junk")
    async with running(configuration("demo:")) as rig:
        with capture_logs() as logs:
            await switched_on(rig)
            rogue("good")
            await rig.until(lambda: rig.link.stats().deaths == 1)
        assert rig.link.stats().violations == 10
        assert rig.states(CAMERA)[-1] is SenseState.FAILED
        await rig.until(lambda: rig.states(CAMERA)[-1] is SenseState.ON)
    assert "geheim" not in str(logs)


async def test_a_frame_that_is_too_long_ends_the_process_at_once(rogue: Use) -> None:
    rogue("picture")
    async with running(configuration("demo:")) as rig:
        await switched_on(rig)
        rogue("good")
        await rig.until(lambda: rig.link.stats().deaths == 1)
        assert rig.link.stats().violations == 1


@pytest.mark.parametrize("mode", ["foreign", "model", "future", "spy"])
async def test_what_cannot_be_true_is_refused_and_counted(rogue: Use, mode: str) -> None:
    rogue(mode)
    async with running(configuration("demo:")) as rig:
        await switched_on(rig)
        await rig.until(lambda: rig.link.stats().violations == 1)
        assert len(rig.sensed) == 1  # the good one before


async def test_only_a_camera_that_is_on_is_connected_to(rogue: Use) -> None:
    rogue("connect")
    with socket.create_server(("127.0.0.1", 0)) as camera:
        camera.settimeout(0)
        async with running(configuration(f"rtsp://127.0.0.1:{camera.getsockname()[1]}/")) as rig:
            await rig.until(lambda: rig.states(CAMERA) == [SenseState.FAILED])
            with pytest.raises(BlockingIOError):
                camera.accept()
            await switched_on(rig)
            await asyncio.sleep(0.2)
            connection, _ = camera.accept()
            connection.close()


async def test_a_process_of_another_version_is_not_restarted(rogue: Use) -> None:
    rogue("version")
    async with running(configuration("demo:")) as rig:
        service = rig.service
        assert service is not None
        await rig.until(lambda: service.state is State.NEEDS_ATTENTION)
        assert f"version {VERSION + 1}, the hub {VERSION}" in service.reason


@pytest.mark.slow
async def test_a_process_that_does_not_confirm_is_killed_within_two_seconds(rogue: Use) -> None:
    rogue("deaf")
    async with running(configuration("demo:")) as rig:
        await switched_on(rig)
        pid = rig.link.stats().pid
        rogue("good")
        rig.link.allow(NOTHING)
        took = await rig.until(lambda: rig.states(CAMERA)[-1] is SenseState.OFF)
        assert 1.5 < took < 5  # a loaded machine is slow to tell
        assert not Path(f"/proc/{pid}").exists()
        await rig.until(lambda: rig.link.stats().pid not in (pid, None))
        assert rig.link.stats().deaths == 1
        assert rig.link.states()[CAMERA] is SenseState.OFF


@pytest.mark.slow
async def test_a_process_that_switches_on_by_itself_is_killed_within_two_seconds(
    rogue: Use,
) -> None:
    rogue("eager")
    async with running(configuration("demo:")) as rig:
        await rig.until(lambda: rig.states(CAMERA) == [SenseState.ON])
        rogue("good")
        assert await rig.until(lambda: rig.states(CAMERA)[-1] is SenseState.OFF) < 2.1
        assert rig.link.stats().deaths == 1


async def test_readings_of_a_source_that_was_switched_off_are_dropped(rogue: Use) -> None:
    rogue("stubborn")
    async with running(configuration("demo:")) as rig:
        await switched_on(rig)
        published, late = len(rig.sensed), rig.link.stats().drops["late"]
        rig.link.allow(NOTHING)
        await rig.until(lambda: rig.link.stats().drops["late"] > late)
        assert len(rig.sensed) == published


@pytest.mark.slow
async def test_a_process_without_heart_beats_is_replaced_within_two_seconds(rogue: Use) -> None:
    rogue("mute")
    async with running(configuration("demo:")) as rig:
        await switched_on(rig)
        rogue("good")
        took = await rig.until(lambda: rig.states(CAMERA)[-1] is SenseState.FAILED)
        assert took < 5  # 2 s are promised; a loaded machine is slow to tell
        change = rig.changes[-1]
        assert "restarted" in change.reason
        await rig.until(lambda: rig.states(CAMERA)[-1] is SenseState.ON)


@pytest.mark.slow
async def test_a_process_that_never_gets_ready_is_replaced(
    rogue: Use, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.sense.deadlines.START_LIMIT_S", 4.0)
    rogue("never")
    async with running(configuration("demo:")) as rig:
        await rig.until(lambda: rig.link.stats().pid)
        rogue("good")
        await rig.until(lambda: rig.link.stats().deaths == 1)
        await rig.until(lambda: rig.link.stats().ready_after_s)


@pytest.mark.slow
async def test_a_busy_hub_does_not_take_its_own_silence_for_the_process_s(rogue: Use) -> None:
    rogue("good")
    async with running(configuration("demo:")) as rig:
        await switched_on(rig)
        time.sleep(3)  # noqa: ASYNC251 - the hub's loop stands still
        await asyncio.sleep(0.7)
        assert rig.link.stats().deaths == 0


async def test_the_last_words_are_logged_without_the_camera_s_password(rogue: Use) -> None:
    rogue("crash")
    async with running(configuration("demo:")) as rig:
        with capture_logs() as logs:
            await switched_on(rig)
            rogue("good")
            await rig.until(lambda: rig.link.stats().deaths == 1)
    gone = next(entry for entry in logs if entry["event"] == "sense_process_gone")
    assert gone["last_words"] == "cannot open rtsp://... now"
    assert "geheim" not in str(logs)


async def test_the_hub_s_secrets_are_not_in_the_process_s_environment(
    rogue: Use, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOODSYNC_DRIVERS__MQTT__PASSWORD", "geheim")
    rogue("good")
    async with running(configuration("demo:")) as rig:
        await rig.until(lambda: rig.link.stats().pid)
        passed = Path(f"/proc/{rig.link.stats().pid}/environ").read_bytes()
    assert b"PATH=" in passed
    assert b"geheim" not in passed


async def test_a_text_fails_at_once_when_the_process_dies_or_answers_nonsense(rogue: Use) -> None:
    rogue("text")
    async with running(configuration(text=True)) as rig:
        rig.link.allow(frozenset({TEXT}))
        await rig.until(lambda: rig.link.stats().ready_after_s)
        began = time.monotonic()
        with pytest.raises(SenseGone):
            await rig.link.read_text("die", None, None)
        assert time.monotonic() - began < 8
        await rig.until(lambda: rig.link.stats().ready_after_s)
        with pytest.raises(SchemaViolation):
            await rig.link.read_text("of a strange model", None, None)
        assert rig.link.stats().violations == 1
        assert rig.sensed == []


async def test_a_text_waits_for_a_process_that_is_starting_and_gives_up_in_time(
    rogue: Use, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.sense.link.TEXT_LIMIT_S", 0.6)
    rogue("never")
    async with running(configuration(text=True)) as rig:
        rig.link.allow(frozenset({TEXT}))
        began = time.monotonic()
        with pytest.raises(SenseGone):
            await rig.link.read_text("hello", None, None)
        assert 0.5 < time.monotonic() - began < 8


@pytest.mark.parametrize("text", ["", " \n\t ", "x" * 4001, "x" * 1_000_000, "half a \ud83d smile"])
async def test_texts_that_cannot_be_read_are_refused_before_they_travel(text: str) -> None:
    rig = Rig(configuration(text=True))
    rig.link.allow(frozenset({TEXT}))
    with pytest.raises(TextRefused):
        await rig.link.read_text(text, None, None)


async def test_texts_need_to_be_allowed_and_enabled() -> None:
    rig = Rig(configuration(text=True))
    with pytest.raises(ConsentRequired, match="nobody"):
        await rig.link.read_text("hello", None, None)
    without = Rig(configuration("demo:"))
    with pytest.raises(ConsentRequired, match="configuration"):
        await without.link.read_text("hello", None, None)


async def test_a_source_that_is_not_configured_cannot_be_allowed() -> None:
    rig = Rig(configuration("demo:"))
    with pytest.raises(ValueError, match="microphone:m"):
        rig.link.allow(frozenset({SourceId("microphone:m")}))


async def test_without_a_sense_there_is_no_process() -> None:
    async with running(configuration()) as rig:
        await asyncio.sleep(0.1)
        assert rig.service is not None
        assert rig.service.state is State.RUNNING
        assert rig.link.stats().pid is None
