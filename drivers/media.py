"""Pixels and sound, as camera and microphone deliver them; only the sensing process imports it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture: uint8 BGR of shape (height, width, 3), and when it was taken."""

    source: str
    image: NDArray[np.uint8]
    monotonic_s: float
    sequence: int


@dataclass(frozen=True, slots=True)
class AudioBlock:
    """A stretch of sound: float32 mono in [-1, 1] at 16 kHz, ending at `monotonic_s`."""

    source: str
    samples: NDArray[np.float32]
    monotonic_s: float
    clipped: float
    """Share of samples at full scale, in [0, 1]."""


SAMPLE_RATE_HZ = 16_000
