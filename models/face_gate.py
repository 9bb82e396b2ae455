"""Is a frame worth looking at? Keeps an empty, still room almost free of cost.

Compares a coarse grid of brightness with the last frame that was looked at in vain, so slow
changes add up and are noticed. Change of the whole picture (exposure, a cloud) is taken out first.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

RECHECK_S = 2.0
"""A frame is looked at this often even when nothing moves."""

_GRID = (16, 12)
_STEP_TARGET = 96  # samples along the longer side that are looked at
_CHANGE = 7.0  # grey levels of a cell; sensor noise averages out to about 2
_CELLS = 2
_GAINS = (0.6, 1.6)  # of a new exposure; more than that is worth a look


class FaceGate:
    """`wants` says whether to look; `looked` tells it what came of that."""

    def __init__(self) -> None:
        self._reference: NDArray[np.float32] | None = None
        self._looked_s = -float("inf")

    def wants(self, image: NDArray[np.uint8], monotonic_s: float) -> bool:
        """Say whether something moved since the last vain look, or it is long ago."""
        if self._reference is None or not 0 <= monotonic_s - self._looked_s < RECHECK_S:
            return True
        now, before = _coarse(image), self._reference
        gain = np.clip(np.median((now + 1) / (before + 1)), *_GAINS)
        moved = np.abs(now - gain * before) > _CHANGE
        return int(moved.sum()) >= _CELLS

    def looked(self, image: NDArray[np.uint8], monotonic_s: float, found: bool) -> None:
        """Remember a frame without a face; a face opens the gate until it is gone."""
        self._reference = None if found else _coarse(image)
        self._looked_s = monotonic_s


def _coarse(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    step = max(1, max(image.shape[:2]) // _STEP_TARGET)
    green = np.ascontiguousarray(image[::step, ::step, 1])
    return cv2.resize(green, _GRID, interpolation=cv2.INTER_AREA).astype(np.float32)
