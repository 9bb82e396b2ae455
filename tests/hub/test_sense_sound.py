"""A real microphone, by a real PulseAudio server, heard in the process that may write nothing."""

import asyncio
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from drivers.demo_microphone import LINES, speak
from hub.types import SenseState
from models.types import Sense
from tests.fakes.process import require
from tests.fakes.sound_server import SoundServer, write_wav
from tests.hub.sense_rig import MICROPHONE, configuration, running

pytestmark = [pytest.mark.peer, pytest.mark.slow]

ON = frozenset({MICROPHONE})


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SoundServer]:
    made = SoundServer(tmp_path)
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(made.alsa))
    made.start()
    yield made
    made.kill()


def listeners(server: SoundServer) -> int:
    """Count who records from the server."""
    listed = subprocess.run(
        ["pactl", "list", "short", "source-outputs"],
        env=server._env,
        capture_output=True,
        text=True,
        timeout=10,
        check=True,
    )
    return len(listed.stdout.splitlines())


async def test_speech_is_read_and_switching_off_leaves_the_sound_server(
    server: SoundServer, tmp_path: Path
) -> None:
    require("espeak-ng", "espeak-ng")
    speech = [np.zeros(8000, np.float32), *(speak(line) for line in LINES)]
    wav = write_wav(tmp_path / "speech.wav", np.concatenate(speech))
    async with running(configuration(microphone="")) as rig:
        rig.link.allow(ON)
        await rig.until(lambda: rig.states(MICROPHONE)[-1:] == [SenseState.ON], 15)
        assert listeners(server) == 1
        await asyncio.sleep(1)
        assert rig.sensed == []  # silence says nothing
        server.play(wav)
        await rig.until(lambda: len(rig.sensed) >= 3, 15)
        age = asyncio.get_running_loop().time() - rig.sensed[-1].at
        assert 0 < age < 3  # when it was heard, not when it was read or published
        assert {sensed.reading.sense for sensed in rig.sensed} == {Sense.VOICE}
        rig.link.allow(frozenset())
        assert await rig.until(lambda: rig.states(MICROPHONE)[-1] is SenseState.OFF) < 2
        assert listeners(server) == 0
        assert rig.link.stats().deaths == 0


async def test_a_sound_server_that_dies_and_comes_back_is_said(server: SoundServer) -> None:
    async with running(configuration(microphone="")) as rig:
        rig.link.allow(ON)
        await rig.until(lambda: rig.states(MICROPHONE)[-1:] == [SenseState.ON], 15)
        server.kill()
        await rig.until(lambda: rig.states(MICROPHONE)[-1] is SenseState.FAILED, 8)
        assert rig.changes[-1].reason
        server.start()
        await rig.until(lambda: rig.states(MICROPHONE)[-1] is SenseState.ON, 15)
        assert rig.link.stats().deaths == 0
