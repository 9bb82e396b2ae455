"""The demonstration's camera and microphone: real material, the same for the same seed."""

import subprocess
import sys
import time
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from drivers import demo_camera, demo_microphone
from drivers.camera import open_camera
from drivers.demo_camera import AWAY_S, ROUND_S, DemoCamera, DemoScene
from drivers.demo_microphone import LINES, DemoMicrophone, Line, speak
from drivers.microphone import open_microphone
from drivers.source import SourceUnavailable
from tests.fakes.process import require
from tests.fakes.recorder import Recorder, no_leaks


@pytest.fixture
def espeak() -> None:
    require("espeak-ng", "espeak-ng")


def test_the_picture_is_a_function_of_seed_and_time() -> None:
    one, same, other = (DemoScene(640, 480, seed) for seed in (1, 1, 2))
    assert one.picture(3.3).shape == (480, 640, 3)
    assert one.picture(3.3).dtype == np.uint8
    np.testing.assert_array_equal(one.picture(3.3), same.picture(3.3))
    assert (one.picture(3.3) != other.picture(3.3)).any()
    assert (one.picture(3.3) != one.picture(3.4)).any()


@pytest.mark.slow
def test_it_moves_smoothly_and_the_light_changes() -> None:
    scene = DemoScene(640, 480)
    times = np.arange(0, 14, 0.1)
    small = [cv2.resize(scene.picture(float(t)), (64, 48)).astype(np.int16) for t in times]
    steps = [float(np.abs(a - b).mean()) for a, b in pairwise(small)]
    apart = [float(np.abs(a - b).mean()) for a, b in zip(small, small[60:], strict=False)]
    assert 0.5 < float(np.median(steps)) < float(np.median(apart)) / 3
    assert max(steps) < 20
    light = [float(picture.mean()) for picture in small]
    assert max(light) > 1.3 * min(light)


def test_the_person_leaves_and_comes_back() -> None:
    scene = DemoScene(640, 480)
    there = [scene.present(t) for t in np.arange(0, 2 * ROUND_S, 0.1)]
    assert 0.7 < np.mean(there) < 0.9
    changes = np.flatnonzero(np.diff(there))
    assert len(changes) == 4 or len(changes) == 3  # out, in, out (and in at the very end)
    empty = scene.picture(ROUND_S - AWAY_S / 2)
    assert float(cv2.GaussianBlur(empty, (9, 9), 0).std(axis=(0, 1)).max()) < 3  # a bare wall
    assert float(scene.picture(1.0).std()) > 30


def test_the_other_photograph_serves_without_scikit_image(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        demo_camera, "find_spec", lambda n: None if n == "skimage" else find_spec(n)
    )
    assert float(DemoScene(640, 480).picture(1.0).std()) > 20
    monkeypatch.setattr(demo_camera, "find_spec", lambda _: None)
    recorder = Recorder()
    camera = DemoCamera("c", 640, 480, 10, recorder.slot, recorder.on_state)
    with pytest.raises(SourceUnavailable) as missing:
        camera.start()
    assert "demo" in missing.value.mend
    assert camera.stop()


def test_looking_for_the_photograph_imports_no_package() -> None:
    code = (
        "import sys; from drivers.demo_camera import DemoScene; DemoScene(64, 48); "
        "sys.exit('skimage' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.slow
def test_the_camera_keeps_the_rate_and_is_marked_as_simulated() -> None:
    recorder = Recorder()
    with no_leaks():
        camera = open_camera("lounge", "demo:", 320, 240, 10, recorder.slot, recorder.on_state)
        assert camera.simulated
        camera.start()
        recorder.wait_frames(10)
        took = recorder.frames[-1].monotonic_s - recorder.frames[0].monotonic_s
        camera.set_rate(2)
        time.sleep(1.1)
        had = len(recorder.frames)
        assert camera.stop()
    assert 0.85 < took < 1.5
    assert had <= 14
    assert recorder.names == ["opening", "on", "off"]
    assert recorder.frames[0].image.shape == (240, 320, 3)
    np.testing.assert_array_equal(
        recorder.frames[5].image, DemoScene(320, 240, 1).picture(sum([0.1] * 5))
    )


@pytest.mark.peer
def test_the_lines_are_spoken_differently(espeak: None) -> None:
    low, high = (speak(Line("Good morning.", "en-us", pitch, 160)) for pitch in (10, 90))
    slow, fast = (speak(Line("Good morning.", "en-us", 50, speed)) for speed in (110, 220))
    assert median_pitch_hz(high) > 1.3 * median_pitch_hz(low)
    assert len(slow) > 1.4 * len(fast)
    assert 0.1 < float(np.abs(low).max()) <= 1
    assert len({(line.pitch, line.speed) for line in LINES}) == len(LINES)


def median_pitch_hz(samples: np.ndarray) -> float:
    """Return the middle of the pitches of loud 64 ms pieces, by autocorrelation."""
    found = []
    for start in range(0, len(samples) - 1024, 512):
        piece = samples[start : start + 1024]
        if np.abs(piece).mean() > 0.02:
            lags = np.correlate(piece, piece, "full")[1023:]
            found.append(16_000 / (40 + int(np.argmax(lags[40:230]))))
    return float(np.median(found))


@pytest.mark.peer
@pytest.mark.slow
def test_the_microphone_speaks_at_real_time_with_pauses(espeak: None) -> None:
    recorder = Recorder()
    with no_leaks():
        microphone = open_microphone("den", "demo:", recorder.deliver, recorder.on_state, seed=2)
        assert microphone.simulated
        microphone.start()
        recorder.wait(lambda r: len(r.blocks) >= 45)
        assert microphone.stop()
    assert recorder.names == ["opening", "on", "off"]
    assert {len(block.samples) for block in recorder.blocks} == {1600}
    took = recorder.blocks[44].monotonic_s - recorder.blocks[0].monotonic_s
    assert took == pytest.approx(4.4, abs=0.4)
    loud = [float(np.sqrt(np.mean(block.samples**2))) > 0.01 for block in recorder.blocks]
    assert not loud[0]
    assert 8 <= sum(loud) < len(loud) - 8


@pytest.mark.peer
def test_the_same_seed_says_the_same(espeak: None) -> None:
    def first(seed: int) -> np.ndarray:
        sound = DemoMicrophone("m", lambda _: None, lambda *_: None, seed=seed)._sound()
        return np.concatenate([next(sound) for _ in range(3)])

    np.testing.assert_array_equal(first(1), first(1))
    assert not np.array_equal(first(1)[:16_000], first(2)[:16_000])


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        (None, "espeak-ng is not installed: silence"),
        ("#!/bin/sh\nexit 3\n", "espeak-ng does not work: silence"),
        ("#!/bin/sh\necho no sound\n", "espeak-ng does not work: silence"),
    ],
)
def test_without_speech_there_is_silence_and_a_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str | None, reason: str
) -> None:
    if program:
        (tmp_path / "espeak-ng").write_text(program)
        (tmp_path / "espeak-ng").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    recorder = Recorder()
    microphone = DemoMicrophone("m", recorder.deliver, recorder.on_state)
    monkeypatch.setattr(demo_microphone, "BLOCK", 16_000)  # fewer, longer: not at issue here
    microphone.start()
    recorder.wait(lambda r: r.states[-1] == ("on", reason))
    assert microphone.stop()
    assert float(np.abs(recorder.sound).max()) < 0.01
