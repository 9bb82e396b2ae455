"""The one shape that the voice network takes: 3 s at a fixed loudness. Shared with training."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.log_mel import WINDOW_SAMPLES

_RMS: Final = 0.05
_SILENT_RMS: Final = 1e-6


def fit_window(samples: NDArray[np.float32], start: int | None = None) -> NDArray[np.float32]:
    """Repeat short sound, cut long sound (its middle, or from `start`), and level it.

    Takes 1-D sound of any length over 0, gives WINDOW_SAMPLES. Loudness depends on the distance
    and on the microphone's gain, so it is taken away; silence stays silence.
    """
    if samples.ndim != 1 or samples.size == 0:
        raise ValueError(f"a window needs 1-D sound, got shape {samples.shape}")
    spare = samples.size - WINDOW_SAMPLES
    if spare > 0:
        begin = spare // 2 if start is None else min(max(start, 0), spare)
        samples = samples[begin : begin + WINDOW_SAMPLES]
    elif spare < 0:
        samples = np.tile(samples, -(-WINDOW_SAMPLES // samples.size))[:WINDOW_SAMPLES]
    centred = samples - samples.mean()
    rms = float(np.sqrt(np.mean(np.square(centred))))
    if rms < _SILENT_RMS:
        return np.zeros(WINDOW_SAMPLES, np.float32)
    return np.asarray(centred * (_RMS / rms), dtype=np.float32)
