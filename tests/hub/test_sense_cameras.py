"""Network cameras, from real servers through the bridge to a process that has no network."""

import asyncio
import time
from collections.abc import Iterator

import psutil
import pytest

from hub.sense.isolate import Isolation
from hub.types import SenseState
from tests.fakes.mjpeg_server import mjpeg_cameras
from tests.fakes.process import Peer
from tests.fakes.rtsp_server import rtsp_camera
from tests.hub.sense_rig import CAMERA, Rig, configuration, running

pytestmark = [pytest.mark.peer, pytest.mark.slow]

ON = frozenset({CAMERA})


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the counters sent several times a second."""
    monkeypatch.setattr("hub.sense.session.STATS_EVERY_S", 0.2)


@pytest.fixture
def rtsp() -> Iterator[tuple[Peer, str]]:
    peer, url = rtsp_camera()
    with peer:
        yield peer, url


@pytest.fixture
def mjpeg() -> Iterator[str]:
    peer, url = mjpeg_cameras()
    with peer:
        yield url


def connections(url: str) -> int:
    """Count this machine's open connections to the camera."""
    port = int(url.split(":")[2].split("/", maxsplit=1)[0])
    return sum(
        1
        for one in psutil.net_connections("tcp")
        if one.raddr and one.raddr.port == port and one.status == psutil.CONN_ESTABLISHED
    )


async def frames(rig: Rig, count: int, limit_s: float = 20) -> None:
    """Wait for so many more frames."""
    goal = rig.link.stats().frames + count
    await rig.until(lambda: rig.link.stats().frames >= goal, limit_s)


async def test_an_rtsp_camera_is_seen_through_the_bridge_and_comes_back(
    rtsp: tuple[Peer, str],
) -> None:
    peer, url = rtsp
    async with running(configuration(url)) as rig:
        rig.link.allow(ON)
        await frames(rig, 5)
        assert rig.link.stats().isolation is not Isolation.NONE
        assert rig.states(CAMERA)[-1] is SenseState.ON
        assert connections(url) == 1
        peer.kill()
        await rig.until(lambda: rig.states(CAMERA)[-1] is SenseState.FAILED)
        peer.start()
        await rig.until(lambda: rig.states(CAMERA)[-1] is SenseState.ON, 20)
        await frames(rig, 3)
        rig.link.allow(frozenset())
        assert await rig.until(lambda: rig.states(CAMERA)[-1] is SenseState.OFF) < 2
        assert connections(url) == 0
        assert rig.link.stats().deaths == 0
        assert rig.link.stats().violations == 0


async def test_a_frozen_rtsp_camera_is_noticed_and_closes_in_time(rtsp: tuple[Peer, str]) -> None:
    peer, url = rtsp
    async with running(configuration(url)) as rig:
        rig.link.allow(ON)
        await frames(rig, 3)
        peer.freeze()
        try:
            await rig.until(lambda: rig.states(CAMERA)[-1] is SenseState.FAILED)
            rig.link.allow(frozenset())
            assert await rig.until(lambda: rig.states(CAMERA)[-1] is SenseState.OFF) < 2
            assert rig.link.stats().deaths == 0
        finally:
            peer.thaw()


async def test_an_mjpeg_camera_with_a_still_picture_is_looked_at_once_a_second(mjpeg: str) -> None:
    async with running(configuration(mjpeg + "black")) as rig:
        rig.link.allow(ON)
        await frames(rig, 1)
        await asyncio.sleep(7)  # the room counts as still after five seconds
        before, began = rig.link.stats().frames, time.monotonic()
        await asyncio.sleep(5)
        rate = (rig.link.stats().frames - before) / (time.monotonic() - began)
        assert 0.2 < rate < 2  # a machine under load looks less often


async def test_an_mjpeg_camera_in_which_something_moves_is_looked_at_all_the_time(
    mjpeg: str,
) -> None:
    async with running(configuration(mjpeg + "ok", fps=5)) as rig:
        rig.link.allow(ON)
        await frames(rig, 5)
        before, began = rig.link.stats().frames, time.monotonic()
        await asyncio.sleep(5)
        rate = (rig.link.stats().frames - before) / (time.monotonic() - began)
        assert 2 < rate < 5.5  # a machine under load looks less often


async def test_pictures_that_cannot_be_decoded_and_a_camera_that_is_not_there_say_so(
    mjpeg: str,
) -> None:
    for url, reason in ((mjpeg + "junk", "cannot be read"), ("http://127.0.0.1:9/", "not answer")):
        async with running(configuration(url)) as rig:
            rig.link.allow(ON)
            await rig.until(lambda: rig.states(CAMERA)[-1:] == [SenseState.FAILED], 20)
            assert reason in rig.changes[-1].reason
            assert rig.link.stats().deaths == 0
