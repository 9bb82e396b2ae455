"""Network cameras that behave: MJPEG over HTTP and RTSP from real servers."""

import time

import numpy as np
import psutil
import pytest

from drivers.media import Frame
from tests.fakes.process import Peer
from tests.fakes.recorder import Recorder, no_leaks
from tests.fakes.stamped import age_s
from tests.fakes.watching import watching

pytestmark = pytest.mark.peer


@pytest.mark.slow
def test_mjpeg_frames_are_fresh_at_any_rate(mjpeg: str) -> None:
    """Taken at 1 a second out of 30, a picture must not come from a queue that grew."""
    recorder = Recorder()
    with watching(mjpeg + "fast", recorder) as camera:
        recorder.wait_frames(10)
        camera.set_rate(1)
        recorder.wait_frames(3)
        stats = camera.stats()
    ages = [age_s(frame.image, frame.monotonic_s) for frame in recorder.frames]
    assert max(ages) < 0.4, ages
    assert float(np.median(ages)) < 0.1, ages
    assert stats.grabbed > 2.5 * stats.delivered


def test_a_slow_slot_does_not_make_frames_old(mjpeg: str) -> None:
    """A slot must not block; for one that does a little, pictures stay fresh all the same."""

    class Slow(Recorder):
        def slot(self, frame: Frame) -> None:
            time.sleep(0.05)
            super().slot(frame)

    recorder = Slow()
    with watching(mjpeg + "ok", recorder):
        recorder.wait_frames(12)
    ages = [age_s(frame.image, frame.monotonic_s) for frame in recorder.frames]
    assert ages[-1] < 0.4, ages


def test_a_large_picture_is_shrunk(mjpeg: str) -> None:
    recorder = Recorder()
    with watching(mjpeg + "large", recorder):
        recorder.wait_frames(2)
    assert recorder.frames[-1].image.shape == (480, 640, 3)
    assert age_s(recorder.frames[-1].image, recorder.frames[-1].monotonic_s) < 0.5


@pytest.mark.parametrize(("mode", "low", "high"), [("black", 0, 0), ("noise", 90, 165)])
def test_black_and_noise_pass_as_pictures(mjpeg: str, mode: str, low: int, high: int) -> None:
    """What a picture is worth is the models' affair."""
    recorder = Recorder()
    with watching(mjpeg + mode, recorder) as camera:
        recorder.wait_frames(4)
        assert camera.stats().corrupt == 0
    assert all(low <= frame.image.mean() <= high for frame in recorder.frames)


@pytest.mark.slow
def test_rtsp_gives_pictures_at_the_set_rate(rtsp: tuple[Peer, str]) -> None:
    _, url = rtsp
    recorder = Recorder()
    with watching(url, recorder) as camera:
        recorder.wait_frames(1)
        began, had = time.monotonic(), camera.stats()
        recorder.wait_frames(15)
        took = time.monotonic() - began
        grabbed = camera.stats().grabbed - had.grabbed
        assert psutil.Process().net_connections("udp") == []  # all of it over one TCP stream
    assert 15 / took <= 11  # of 15 a second
    assert grabbed >= 15
    assert recorder.frames[-1].image.shape == (480, 640, 3)
    # GStreamer's ball moves: the pictures differ.
    assert (recorder.frames[-1].image != recorder.frames[-10].image).any()


@pytest.mark.slow
def test_nothing_is_left_after_stop(mjpeg: str, rtsp: tuple[Peer, str]) -> None:
    for url in (mjpeg + "ok", rtsp[1]):
        recorder = Recorder()
        with watching(url, recorder):  # the first may start a library's own threads
            recorder.wait_frames(1)
        with no_leaks(), watching(url, recorder):
            recorder.wait_frames(2)
