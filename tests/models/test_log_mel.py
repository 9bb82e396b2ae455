"""The spectrogram against the formula written out in another way: loops, complex exponentials."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from models.log_mel import FRAMES, MELS, WINDOW_SAMPLES, log_mel

SOUNDS: dict[str, Callable[[NDArray[np.float64]], NDArray[np.float64]]] = {
    "noise": lambda t: 0.05 * np.random.default_rng(0).standard_normal(t.size),
    "quiet noise": lambda t: 1e-4 * np.random.default_rng(1).standard_normal(t.size),
    "tone": lambda t: 0.5 * np.sin(2 * np.pi * 255.0 * t),
    "chirp that swells": lambda t: np.sin(2 * np.pi * 900.0 * t * t) * t**4 / 81.0,
    "clicks": lambda t: (np.arange(t.size) % 1601 == 0).astype(float),
    "silence": np.zeros_like,
}


def slaney_mel(hertz: float) -> float:
    return hertz * 3 / 200 if hertz < 1000 else 15 + 27 * math.log(hertz / 1000) / math.log(6.4)


def slaney_hertz(mel: float) -> float:
    return mel * 200 / 3 if mel < 15 else 1000 * math.exp((mel - 15) * math.log(6.4) / 27)


def reference(samples: NDArray[np.float32]) -> NDArray[np.float64]:
    sound = samples.astype(np.float64)
    padded = np.concatenate([sound[200:0:-1], sound, sound[-2:-202:-1]])
    angles = 2 * np.pi * np.outer(np.arange(201), np.arange(400)) / 400
    kernel = np.exp(-1j * angles) * np.sin(np.pi * np.arange(400) / 400) ** 2
    frames = [padded[start : start + 400] for start in range(0, sound.size, 160)]
    power = np.abs(kernel @ np.array(frames).T) ** 2
    edges = [slaney_hertz(slaney_mel(8000.0) * index / 81) for index in range(82)]
    bands = np.zeros((80, len(frames)))
    for band in range(80):
        low, top, high = edges[band : band + 3]
        for fourier in range(201):
            hertz = 40.0 * fourier
            height = min((hertz - low) / (top - low), (high - hertz) / (high - top))
            bands[band] += max(0.0, height) * 2 / (high - low) * power[fourier]
    logs = np.log10(np.maximum(bands, 1e-10))
    return np.asarray((np.maximum(logs, logs.max() - 8) + 4) / 4)


@pytest.mark.parametrize("kind", SOUNDS)
def test_equals_the_formula(kind: str) -> None:
    samples = SOUNDS[kind](np.arange(WINDOW_SAMPLES) / 16_000).astype(np.float32)
    result = log_mel(samples)
    assert result.shape == (MELS, FRAMES)
    assert result.dtype == np.float32
    assert np.abs(result - reference(samples)).max() <= 1e-4


def test_knows_known_numbers() -> None:
    # From whisper/audio.py's own constants: silence is (log10(1e-10) + 4) / 4 everywhere.
    assert np.allclose(log_mel(np.zeros(16_000, np.float32)), -1.5)


@pytest.mark.parametrize("shape", [(0,), (200,), (2, 16_000)])
def test_refuses_what_is_no_sound(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="1-D sound"):
        log_mel(np.zeros(shape, np.float32))
