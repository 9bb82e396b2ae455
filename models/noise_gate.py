"""Tells sound from the room's steady background, so that silence costs nothing."""

from collections import deque
from typing import Final

import numpy as np
from numpy.typing import NDArray

SILENCE_DB: Final = -100.0
"""What digital silence is called."""

_LOWEST_OPEN_DB: Final = -62.0
_MARGIN_DB: Final = 6.0
_MEMORY_S: Final = 3.0
_FIRST_S: Final = 1.0
_HANG_S: Final = 0.4


class NoiseGate:
    """Follows the background's level and opens for what stands out of it.

    The floor is the quietest block of the last 3 s (minimum statistics, Martin 2001,
    doi:10.1109/89.928915, in their simplest form): speech has pauses that hold it down, steady
    noise of any level raises it and closes the gate. In its first second it is open.
    """

    def __init__(self, block_s: float) -> None:
        self.floor_db = SILENCE_DB
        self._levels: deque[float] = deque(maxlen=round(_MEMORY_S / block_s))
        self._first = round(_FIRST_S / block_s)
        self._hang = round(_HANG_S / block_s)
        self._left = 0

    def __call__(self, block: NDArray[np.float32]) -> bool:
        """Take the next block of samples in [-1, 1] and say whether something is to be heard."""
        level = level_db(block)
        self._levels.append(level)
        if len(self._levels) >= self._first:
            self.floor_db = min(self._levels)
        if level > max(self.floor_db + _MARGIN_DB, _LOWEST_OPEN_DB):
            self._left = self._hang
        else:
            self._left = max(0, self._left - 1)
        return self._left > 0


def level_db(samples: NDArray[np.float32]) -> float:
    """Give the root mean square in decibels below full scale, at least SILENCE_DB."""
    if samples.size == 0:
        return SILENCE_DB
    power = float(np.mean(np.square(samples, dtype=np.float64)))
    return max(SILENCE_DB, 10.0 * float(np.log10(max(power, 1e-12))))
