"""From the sound a device delivers to 16 kHz mono: channels first, then the sampling rate.

The filter is a Kaiser-windowed sinc (Kaiser 1974; Oppenheim & Schafer, Discrete-Time Signal
Processing, 3rd ed., section 7.5.3) with 80 dB of attenuation, evaluated in polyphase form (same
book, section 4.7.4): what would fold back below 8 kHz is gone, and only the samples that are kept
are computed.
"""

from functools import lru_cache
from math import gcd

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Samples = NDArray[np.float32]

_ATTENUATION_DB = 80.0
_TRANSITION = 0.1
"""Width of the filter's slope as a share of the lower of both Nyquist frequencies."""


_FULL = 32767


class Resampler:
    """Changes the rate of one endless signal that comes in blocks of any length.

    The result does not depend on how the signal was cut into blocks, and lags the input by
    `delay_s`. Frequencies up to 0.9 of the lower Nyquist frequency pass within 0.01 dB.
    """

    def __init__(self, rate_in_hz: int, rate_out_hz: int) -> None:
        if rate_in_hz <= 0 or rate_out_hz <= 0:
            raise ValueError("sampling rates are positive")
        divisor = gcd(rate_in_hz, rate_out_hz)
        self._up = rate_out_hz // divisor
        self._down = rate_in_hz // divisor
        self._phases = _design(self._up, self._down)
        self._taps = self._phases.shape[1]
        self._tail: Samples = np.zeros(self._taps - 1, np.float32)
        self._next = 0
        """Position of the next output on the grid of `up` steps a sample, from the tail's end."""
        self.delay_s = self._taps / 2 / rate_in_hz if self._up != self._down else 0.0

    def __call__(self, block: Samples) -> Samples:
        """Return the output samples that `block` (float32, mono) completes."""
        if self._up == self._down or not len(block):
            return block
        signal = np.concatenate((self._tail, block))
        windows = sliding_window_view(signal, self._taps)
        end = len(block) * self._up
        at = np.arange(self._next, end, self._down)
        self._next += len(at) * self._down - end
        self._tail = signal[len(signal) - (self._taps - 1) :]
        if self._up == 1:
            kept, rows = windows[at[0] :: self._down] if len(at) else windows[:0], self._phases[0]
        else:
            kept, rows = windows[at // self._up], self._phases[at % self._up]
        # vecdot, not a matrix product: BLAS would copy the windows and wake its threads.
        result: Samples = np.vecdot(kept, rows)
        return result


class Downmix:
    """Averages the channels that carry a signal.

    Arrays and interfaces with 8 inputs often have one microphone; channels that never gave
    anything but digital silence must not make it eight times quieter.
    """

    def __init__(self, channels: int) -> None:
        self._live = np.zeros(channels, np.bool_)

    def __call__(self, frames: NDArray[np.int16]) -> Samples:
        """Return mono float32 in [-1, 1] of int16 frames (n, channels)."""
        self._live |= frames.any(axis=0)
        live = frames[:, self._live] if self._live.any() else frames
        mono: Samples = live.mean(axis=1, dtype=np.float32) / np.float32(32768)
        return mono


def clipped_share(frames: NDArray[np.int16]) -> float:
    """Return the share of samples at full scale, in [0, 1], of the channel with most of them."""
    if not frames.size:
        return 0.0
    return float(((frames == _FULL) | (frames <= -_FULL)).mean(axis=0).max())


@lru_cache(maxsize=4)
def _design(up: int, down: int) -> Samples:
    """Return the filter as (up, taps): row p makes outputs that lie p/up samples after an input.

    A row is stored in the order of the signal, oldest sample first.
    """
    low = 1.0 / max(up, down)  # the lower Nyquist frequency, on the up-sampled grid (1 = its own)
    slope = _TRANSITION * low
    # Kaiser's formulas for the length and the shape of the window.
    length = int(np.ceil((_ATTENUATION_DB - 7.95) / (2.285 * np.pi * slope)))
    taps = -(-(length + 1) // up)
    n = np.arange(taps * up) - (taps * up - 1) / 2
    cutoff = low - slope / 2
    window = np.kaiser(taps * up, 0.1102 * (_ATTENUATION_DB - 8.7))
    prototype = cutoff * np.sinc(cutoff * n) * window
    # Each phase is made to sum to 1: no ripple at 0 Hz from one phase to the next.
    phases = prototype.reshape(taps, up).T
    phases = phases / phases.sum(axis=1, keepdims=True)
    return np.ascontiguousarray(phases[:, ::-1], dtype=np.float32)
