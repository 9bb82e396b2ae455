"""Whisper's log-mel spectrogram in numpy: 3 s of 16 kHz sound -> (80, 300) float32.

Formula and constants: Radford et al. 2022 (arXiv:2212.04356), `whisper/audio.py`: Hann window of
400 (periodic), hop 160, centred with reflection, power spectrum, 80 mel bands on Slaney's scale
with area normalisation, log10, floor 8 below the loudest value, then (x + 4) / 4.
"""

from functools import cache
from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

WINDOW_SAMPLES: Final = 48_000
"""One window: 3 s at 16 kHz."""
MELS: Final = 80
FRAMES: Final = 300

_RATE_HZ: Final = 16_000
_FFT: Final = 400
_HOP: Final = 160
_FLOOR: Final = 1e-10
_RANGE_DECADES: Final = 8.0


def log_mel(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Give the (80, frames) spectrogram of 1-D sound; frames = samples // 160.

    At least 201 samples are needed, for the reflection at the edges.
    """
    if samples.ndim != 1 or samples.size <= _FFT // 2:
        raise ValueError(f"log_mel needs 1-D sound of over {_FFT // 2} samples: {samples.shape}")
    padded = np.pad(samples.astype(np.float32, copy=False), _FFT // 2, mode="reflect")
    frames = sliding_window_view(padded, _FFT)[::_HOP][: samples.size // _HOP]
    spectrum = np.fft.rfft(frames * _hann())
    power = np.square(spectrum.real) + np.square(spectrum.imag)
    bands = np.log10(np.maximum(_mel_filters() @ power.T, _FLOOR))
    limited = np.maximum(bands, bands.max() - _RANGE_DECADES)
    result: NDArray[np.float32] = ((limited + 4.0) / 4.0).astype(np.float32)
    return result


@cache
def _hann() -> NDArray[np.float32]:
    """The periodic window, as the short-time Fourier transform wants it."""
    return (0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(_FFT) / _FFT)).astype(np.float32)


@cache
def _mel_filters() -> NDArray[np.float32]:
    """Triangles of equal area, evenly spaced on Slaney's mel scale from 0 to 8 kHz."""
    bins_hz = np.fft.rfftfreq(_FFT, 1.0 / _RATE_HZ)
    edges_hz = _to_hz(np.linspace(0.0, _to_mel(_RATE_HZ / 2.0), MELS + 2))
    widths = np.diff(edges_hz)
    rising = (bins_hz[None, :] - edges_hz[:-2, None]) / widths[:-1, None]
    falling = (edges_hz[2:, None] - bins_hz[None, :]) / widths[1:, None]
    triangles = np.maximum(0.0, np.minimum(rising, falling))
    return np.asarray(triangles * (2.0 / (edges_hz[2:] - edges_hz[:-2]))[:, None], dtype=np.float32)


# Slaney's scale (Auditory Toolbox, 1998): linear below 1 kHz, logarithmic above.
_LINEAR_HZ: Final = 200.0 / 3.0
_KNEE_HZ: Final = 1000.0
_KNEE_MEL: Final = _KNEE_HZ / _LINEAR_HZ
_LOG_STEP: Final = float(np.log(6.4)) / 27.0


def _to_mel(hertz: float) -> float:
    if hertz < _KNEE_HZ:
        return hertz / _LINEAR_HZ
    return _KNEE_MEL + float(np.log(hertz / _KNEE_HZ)) / _LOG_STEP


def _to_hz(mels: NDArray[np.float64]) -> NDArray[np.float64]:
    logarithmic = _KNEE_HZ * np.exp(_LOG_STEP * (mels - _KNEE_MEL))
    return np.where(mels < _KNEE_MEL, mels * _LINEAR_HZ, logarithmic)
