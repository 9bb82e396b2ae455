"""Network cameras that fail: absent, mute, frozen, damaged, killed and back."""

import socket
import time

import pytest
from structlog.testing import capture_logs

from drivers.camera import Camera
from drivers.camera_cut import cut_connections
from tests.fakes.mjpeg_server import mjpeg_cameras
from tests.fakes.process import Peer, free_port
from tests.fakes.recorder import Recorder, no_leaks
from tests.fakes.rtsp_server import rtsp_camera
from tests.fakes.watching import watching

pytestmark = pytest.mark.peer


@pytest.mark.slow
def test_an_absent_camera_is_lost_and_comes_when_it_is_there() -> None:
    peer, url = mjpeg_cameras()
    recorder = Recorder()
    with watching(url + "ok", recorder):
        recorder.wait_state("lost")
        assert recorder.states[-1][1] == "the camera does not answer with a video stream"
        with peer:
            recorder.wait_state("on")


@pytest.mark.parametrize("kind", ["mjpeg", "rtsp"])
@pytest.mark.slow
def test_a_killed_camera_is_lost_and_back_on_a_new_capture(kind: str) -> None:
    peer, url = mjpeg_cameras() if kind == "mjpeg" else rtsp_camera()
    url += "ok" if kind == "mjpeg" else ""
    recorder = Recorder()
    peer.start()
    try:
        with capture_logs() as logs, watching(url, recorder) as camera:
            recorder.wait_frames(2)
            peer.kill()
            recorder.wait_state("lost")
            time.sleep(0.5)  # several attempts meanwhile
            peer.start()
            recorder.wait_state("on")
            recorder.wait_frames(2)
            assert camera.stats().lost == 1
            assert camera.stats().opened == 2
    finally:
        peer.kill()
    assert [entry["event"] for entry in logs] == ["source_lost", "source_back"]
    assert url not in str(logs)


@pytest.mark.slow
def test_a_frozen_camera_is_lost_by_time_and_back_when_thawed(rtsp: tuple[Peer, str]) -> None:
    peer, url = rtsp
    recorder = Recorder()
    with watching(url, recorder, read_timeout_s=1, open_timeout_s=2):
        recorder.wait_frames(2)
        peer.freeze()
        frozen = time.monotonic()
        recorder.wait_state("lost")
        assert 0.8 < time.monotonic() - frozen < 15
        assert recorder.states[-1][1].startswith("no picture for")
        peer.thaw()
        recorder.wait_state("on")


def test_stop_closes_a_frozen_stream_at_once(rtsp: tuple[Peer, str]) -> None:
    """FFmpeg would sit in read() for its whole time-out."""
    peer, url = rtsp
    recorder = Recorder()
    try:
        with no_leaks(), watching(url, recorder, read_timeout_s=20) as camera:
            recorder.wait_frames(2)
            peer.freeze()
            time.sleep(0.3)
            began = time.monotonic()
            assert camera.stop()
            assert time.monotonic() - began < 8
    finally:
        peer.thaw()
    assert recorder.names == ["opening", "on", "off"]


def test_a_stall_is_noticed(mjpeg: str) -> None:
    url = mjpeg + "stall"
    recorder = Recorder()
    with watching(url, recorder, read_timeout_s=0.7):
        recorder.wait_state("lost")
    assert recorder.frames


def test_stop_cancels_an_open_that_hangs(mjpeg: str) -> None:
    url = mjpeg + "mute"
    recorder = Recorder()
    camera = Camera("c", url, 640, 480, 10, recorder.slot, recorder.on_state, open_timeout_s=20)
    camera.start()
    time.sleep(0.5)
    began = time.monotonic()
    assert camera.stop()
    assert time.monotonic() - began < 8
    assert recorder.names == ["opening", "off"]


def test_an_open_that_hangs_is_given_up(mjpeg: str) -> None:
    url = mjpeg + "mute"
    recorder = Recorder()
    with watching(url, recorder, open_timeout_s=0.5):
        recorder.wait_state("lost")


def test_stop_while_reconnecting() -> None:
    recorder = Recorder()
    camera = Camera(
        "c", f"http://127.0.0.1:{free_port()}/", 640, 480, 10, recorder.slot, recorder.on_state
    )
    camera.start()
    recorder.wait_state("lost")
    began = time.monotonic()
    assert camera.stop()
    assert time.monotonic() - began < 8


def test_damaged_pictures_are_counted_and_the_rest_goes_on(mjpeg: str) -> None:
    url = mjpeg + "damaged"
    recorder = Recorder()
    with watching(url, recorder) as camera:
        recorder.wait_frames(12)
        stats = camera.stats()
    assert stats.lost == 0
    assert stats.corrupt >= 4
    assert abs(stats.corrupt - stats.grabbed / 2) <= 2  # every third one


@pytest.mark.slow
def test_nothing_but_junk_is_a_loss(mjpeg: str) -> None:
    url = mjpeg + "junk"
    recorder = Recorder()
    with watching(url, recorder, read_timeout_s=5) as camera:
        recorder.wait(lambda r: ("lost", "the pictures cannot be decoded") in r.states)
        assert camera.stats().corrupt >= 30
    assert not recorder.frames


def test_a_stream_that_ends_is_opened_again(mjpeg: str) -> None:
    url = mjpeg + "brief"
    recorder = Recorder()
    with watching(url, recorder) as camera:
        recorder.wait(lambda r: ("lost", "the stream ended") in r.states)
        recorder.wait_state("on")
        assert camera.stats().opened >= 2


def test_only_connections_to_the_camera_are_cut() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as camera,
        socket.create_server(("127.0.0.1", 0)) as other,
        socket.create_connection(camera.getsockname()) as to_camera,
        socket.create_connection(other.getsockname()) as to_other,
    ):
        port = camera.getsockname()[1]
        for one in (to_camera, to_other):
            one.settimeout(0.05)
        assert cut_connections("127.0.0.1", port) == 1
        assert to_camera.recv(1) == b""
        with pytest.raises(TimeoutError):
            to_other.recv(1)
        assert cut_connections("camera.example", port) == 0
        assert cut_connections("localhost", port) == 1
