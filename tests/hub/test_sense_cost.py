"""What sensing costs: memory with the real models at work, and time of the processor with nobody.

The limits are the product's own. Time is the process's own count, so a busy machine inflates it
little; memory includes everything that is mapped.
"""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.sense.sources import TEXT
from hub.types import SenseState, SourceId
from tests.fakes.mjpeg_server import mjpeg_cameras
from tests.fakes.sound_server import SoundServer
from tests.hub.sense_rig import CAMERA, MICROPHONE, Rig, configuration, running

pytestmark = [pytest.mark.peer, pytest.mark.slow]


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.sense.session.STATS_EVERY_S", 0.2)


@pytest.fixture
def empty_room() -> Iterator[str]:
    """A camera that shows nothing."""
    peer, url = mjpeg_cameras()
    with peer:
        yield url + "black"


def cpu_s(rig: Rig) -> float:
    spent = rig.link.stats().cpu_s
    assert spent is not None
    return spent


@pytest.mark.parametrize(("text", "limit_mb"), [(False, 200), (True, 280)])
async def test_memory_with_every_model_at_work(text: bool, limit_mb: float) -> None:
    async with running(configuration("demo:", "demo:", text=text)) as rig:
        sources = frozenset({CAMERA, MICROPHONE})
        rig.link.allow(sources | {TEXT} if text else sources)
        if text:
            for _ in range(5):
                await rig.link.read_text("What a lovely day it is. " * 50, None, None)
        await rig.until(lambda: rig.link.stats().voice_windows >= 3, 25)
        await rig.until(lambda: rig.link.stats().faces >= 20, 25)
        resident_mb = rig.link.stats().rss_mb
        assert resident_mb is not None
        print(f"{resident_mb} MB")
        assert 50 < resident_mb < limit_mb


@pytest.fixture
def silence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A microphone in a silent room."""
    server = SoundServer(tmp_path)
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(server.alsa))
    server.start()
    yield
    server.kill()


async def idle_share(rig: Rig, sources: frozenset[SourceId]) -> float:
    """Return the share of a core that these sources take in an empty, silent room."""
    rig.link.allow(sources)
    await rig.until(lambda: all(rig.link.states()[s] is SenseState.ON for s in sources), 20)
    await asyncio.sleep(6)  # the room counts as still after five seconds
    before = cpu_s(rig)
    await asyncio.sleep(8)
    share = (cpu_s(rig) - before) / 8
    print(f"{share:.1%} of a core")
    return share


async def test_an_empty_room_s_camera_takes_little_time(empty_room: str) -> None:
    async with running(configuration(empty_room, text=True)) as rig:
        assert await idle_share(rig, frozenset({CAMERA, TEXT})) < 0.03
        assert rig.link.stats().frames > 0


@pytest.mark.usefixtures("silence")
async def test_a_silent_room_s_microphone_takes_little_time() -> None:
    async with running(configuration(microphone="", text=True)) as rig:
        assert await idle_share(rig, frozenset({MICROPHONE, TEXT})) < 0.05
        assert rig.link.stats().voice_windows == 0
