"""Media peers that several tests share; those that are killed start their own."""

from collections.abc import Iterator

import pytest

from tests.fakes.mjpeg_server import mjpeg_cameras
from tests.fakes.process import Peer
from tests.fakes.rtsp_server import rtsp_camera
from tests.fakes.zwave_server import ZwaveNetwork, shared


@pytest.fixture(scope="session")
def mjpeg() -> Iterator[str]:
    """The url of running MJPEG cameras, to which a mode is added."""
    peer, url = mjpeg_cameras()
    with peer:
        yield url


@pytest.fixture(scope="session")
def rtsp() -> Iterator[tuple[Peer, str]]:
    """A running RTSP camera and its url; may be frozen, must be thawed."""
    peer, url = rtsp_camera()
    with peer:
        yield peer, url


@pytest.fixture
def zwave_network() -> Iterator[ZwaveNetwork]:
    """The running Z-Wave network; what a test kills it starts again, or this does."""
    with shared() as network:
        yield network
