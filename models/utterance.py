"""Voiced blocks of sound -> whole utterances, for who wants to know what was said."""

from collections import deque
from typing import Final

import numpy as np
from numpy.typing import NDArray

_BEFORE: Final = 8
"""Blocks kept from before the first voiced one (256 ms): words begin softly."""
_PAUSE: Final = 20
"""Unvoiced blocks that end an utterance (640 ms)."""
_LEAST_VOICED: Final = 25
"""Less speech (800 ms) is a cough or a "hm": no words worth reading."""
_LONGEST: Final = 375
"""An utterance is cut after 12 s, so that none waits long or costs much."""


class Utterances:
    """Collects one stream's blocks of 32 ms (models.voice_activity.BLOCK samples)."""

    def __init__(self) -> None:
        self._before: deque[NDArray[np.float32]] = deque(maxlen=_BEFORE)
        self.forget()

    def forget(self) -> None:
        """Throw away what was heard."""
        self._before.clear()
        self._blocks: list[NDArray[np.float32]] = []
        self._voiced = self._quiet = 0

    def __call__(self, block: NDArray[np.float32], voiced: bool) -> NDArray[np.float32] | None:
        """Take the next block; return the utterance that it ends, if it ends one."""
        if not self._blocks:
            self._before.append(block)
            if voiced:
                self._blocks = list(self._before)
                self._voiced, self._quiet = 1, 0
            return None
        self._blocks.append(block)
        self._voiced += voiced
        self._quiet = 0 if voiced else self._quiet + 1
        if self._quiet < _PAUSE and len(self._blocks) < _LONGEST:
            return None
        spoken = np.concatenate(self._blocks) if self._voiced >= _LEAST_VOICED else None
        self.forget()
        return spoken
