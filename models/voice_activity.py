"""How probably each 32 ms of sound hold speech: Silero VAD (catalog id `silero_vad`)."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.catalog import Catalog
from models.runtime import Net

BLOCK: Final = 512
"""Samples of 16 kHz sound per call: 32 ms."""

_CONTEXT: Final = 64
_RATE: Final = np.array(16_000, dtype=np.int64)


class VoiceActivity:
    """A stream's voice activity; it remembers, so one object serves one stream.

    Raises WeightsError when the weights are missing or cannot run.
    """

    def __init__(self, catalog: Catalog, threads: int = 1) -> None:
        self._net = Net.load(catalog.path("silero_vad"), threads)
        self.reset()

    def reset(self) -> None:
        """Forget the stream so far."""
        self._state = np.zeros((2, 1, 128), np.float32)
        self._context = np.zeros(_CONTEXT, np.float32)

    def __call__(self, block: NDArray[np.float32]) -> float:
        """Give the probability of speech in the next BLOCK samples in [-1, 1].

        Raises ValueError for any other number of samples.
        """
        if block.shape != (BLOCK,):
            raise ValueError(f"voice activity takes {BLOCK} samples, got {block.shape}")
        joined = np.concatenate((self._context, block))[None]
        probability, self._state = self._net({"input": joined, "state": self._state, "sr": _RATE})
        self._context = block[-_CONTEXT:].copy()
        return float(probability[0, 0])
