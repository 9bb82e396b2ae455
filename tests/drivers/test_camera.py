"""A camera that is a file: pictures, rates, ends, damage, and closing."""

import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from structlog.testing import capture_logs

from drivers.camera import Camera, open_camera
from drivers.demo_camera import DemoCamera
from drivers.media import Frame
from drivers.source import Backoff
from tests.fakes.recorder import Recorder, fds, no_leaks

FPS = 30


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """One second of MJPEG in AVI; picture i has brightness 8 * i at 320x240."""
    return make_film(tmp_path / "film.avi", lambda i: np.full((240, 320, 3), 8 * i, np.uint8))


def make_film(path: Path, picture: Callable[[int], np.ndarray], frames: int = FPS) -> Path:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), FPS, (320, 240))
    assert writer.isOpened()
    for i in range(frames):
        writer.write(picture(i))
    writer.release()
    return path


def camera(recorder: Recorder, url: str | int, **options: object) -> Camera:
    made = Camera("lounge", url, 640, 480, 10, recorder.slot, recorder.on_state, **options)  # type: ignore[arg-type]
    made._backoff = Backoff(0.05, 0.1)
    return made


def test_a_file_plays_at_its_own_speed_and_ends(film: Path) -> None:
    recorder = Recorder()
    began = time.monotonic()
    playing = camera(recorder, str(film))
    playing.start()
    recorder.wait_state("off")
    assert 0.8 < time.monotonic() - began < 2.5
    assert recorder.names == ["opening", "on", "ended", "off"]
    assert playing.stats().grabbed == FPS - 1  # FFmpeg looks at the first and drops it
    assert playing.stats().corrupt == 0
    assert playing.stop()


def test_frames_are_named_numbered_timed_and_in_order(film: Path) -> None:
    recorder = Recorder()
    playing = camera(recorder, f"file://{film}")
    before = time.monotonic()
    playing.start()
    recorder.wait_state("off")
    frames = recorder.frames
    # Ten a second of the film's thirty; a busy machine takes longer over the one second of film.
    took_s = frames[-1].monotonic_s - frames[0].monotonic_s
    assert 9 <= len(frames) <= 10 * took_s + 3
    assert [f.sequence for f in frames] == list(range(1, len(frames) + 1))
    assert {f.source for f in frames} == {"lounge"}
    assert all(f.image.shape == (240, 320, 3) and f.image.dtype == np.uint8 for f in frames)
    times = [f.monotonic_s for f in frames]
    assert before < times[0]
    assert times == sorted(times)
    brightness = [float(f.image.mean()) for f in frames]
    assert brightness == sorted(brightness)
    assert len({id(f.image) for f in frames}) == len(frames)


def test_a_file_loops_when_told(film: Path) -> None:
    recorder = Recorder()
    playing = camera(recorder, str(film), loop=True)
    playing.start()
    recorder.wait(lambda r: playing.stats().opened >= 2 and len(r.frames) > 14)
    assert playing.stop()
    assert recorder.names == ["opening", "on", "off"]
    assert playing.stats().lost == 0


@pytest.mark.slow
def test_the_rate_can_be_changed_and_stays_within_its_bounds(film: Path) -> None:
    recorder = Recorder()
    playing = camera(recorder, str(film), loop=True)
    playing.set_rate(1)
    playing.start()
    recorder.wait(lambda r: len(r.frames) >= 1)
    time.sleep(1)
    assert len(recorder.frames) <= 3
    playing.set_rate(1000)  # held to max_fps
    began = time.monotonic()
    recorder.wait_frames(30)  # at one a second it would give up
    took = time.monotonic() - began
    playing.stop()
    assert took > 2  # ten a second, and no more


def test_a_missing_file_is_lost_until_it_comes(film: Path, tmp_path: Path) -> None:
    recorder = Recorder()
    late = tmp_path / "late.avi"
    playing = camera(recorder, str(late))
    playing.start()
    recorder.wait_state("lost")
    assert recorder.states[-1][1] == "there is no such file"
    shutil.copy(film, tmp_path / "part")
    (tmp_path / "part").rename(late)
    recorder.wait_state("on")
    assert playing.stop()
    assert playing.stats().lost == 1


def test_an_absent_v4l2_camera_is_lost_and_stops_at_once() -> None:
    recorder = Recorder()
    absent = camera(recorder, 77)
    absent.start()
    recorder.wait_state("lost")
    assert "/dev/video77" in recorder.states[-1][1]
    began = time.monotonic()
    assert absent.stop()
    assert time.monotonic() - began < 1


def test_damaged_pictures_are_counted_and_passed_over(tmp_path: Path) -> None:
    random = np.random.default_rng(5)
    film = make_film(
        tmp_path / "film.avi", lambda _: random.integers(0, 256, (240, 320, 3), np.uint8)
    )
    data = bytearray(film.read_bytes())
    # Wipe the heads of every fifth JPEG; the container's index stays.
    starts = [found.start() for found in re.finditer(b"\xff\xd8\xff", data)]
    for start in starts[2::5]:
        data[start : start + 2000] = random.bytes(2000)
    film.write_bytes(data)
    recorder = Recorder()
    playing = camera(recorder, str(film))
    playing.start()
    recorder.wait_state("off")
    assert recorder.names == ["opening", "on", "ended", "off"]
    stats = playing.stats()
    assert stats.corrupt == len(starts[2::5]) == 6
    assert stats.grabbed == FPS - 1 - 6


@pytest.mark.parametrize("seed", range(4))
def test_random_damage_never_breaks_more_than_pictures(film: Path, seed: int) -> None:
    """Bytes flipped all over, header and index included: an end, an on, or a lost; no fault."""
    random = np.random.default_rng(seed)
    data = np.frombuffer(film.read_bytes(), np.uint8).copy()
    where = random.integers(0, len(data), 200)
    data[where] = random.integers(0, 256, 200)
    film.write_bytes(data.tobytes())
    recorder = Recorder()
    playing = camera(recorder, str(film), loop=True)
    playing.start()
    recorder.wait(lambda r: len(r.states) > 1)
    time.sleep(0.2)
    assert playing.stop()
    assert "failed" not in recorder.names


def test_a_picture_that_stands_still_too_long_is_a_loss(tmp_path: Path) -> None:
    film = make_film(tmp_path / "still.avi", lambda _: np.full((240, 320, 3), 90, np.uint8))
    recorder = Recorder()
    playing = camera(recorder, str(film), frozen_after_s=0.4)
    playing.start()
    recorder.wait_state("lost")
    assert recorder.states[-1][1] == "the picture stands still"
    assert playing.stop()


def test_a_moving_picture_is_not_taken_for_still(film: Path) -> None:
    recorder = Recorder()
    playing = camera(recorder, str(film), frozen_after_s=0.4)
    playing.start()
    recorder.wait_state("off")
    assert "lost" not in recorder.names


def test_a_slot_that_raises_closes_the_camera(film: Path) -> None:
    recorder = Recorder()

    def slot(_: Frame) -> None:
        raise ValueError

    playing = Camera("lounge", str(film), 640, 480, 10, slot, recorder.on_state)
    with capture_logs():
        playing.start()
        recorder.wait_state("off")
    assert "failed" in recorder.names
    assert str(film) not in " ".join(fds())


def test_the_file_is_open_while_on_and_closed_after_stop(film: Path) -> None:
    recorder = Recorder()
    with no_leaks():
        playing = camera(recorder, str(film), loop=True)
        playing.start()
        recorder.wait_frames(2)
        assert any(str(film) in one for one in fds())
        assert playing.stop()
        assert not any(str(film) in one for one in fds())
    assert recorder.names[-1] == "off"
    delivered = len(recorder.frames)
    time.sleep(0.15)
    assert len(recorder.frames) == delivered


def test_the_factory_chooses_by_url() -> None:
    recorder = Recorder()
    args = (640, 480, 10.0, recorder.slot, recorder.on_state)
    demo = open_camera("lounge", "demo:", *args)
    real = open_camera("lounge", 0, *args)
    assert isinstance(demo, DemoCamera)
    assert demo.simulated
    assert isinstance(real, Camera)
    assert not real.simulated
