"""A stream of sound -> readings of the voices in it, at most one for each second of sound.

sound -> blocks of 32 ms -> noise gate -> voice activity -> 3 s ring -> (enough speech?) -> the
span from the first to the last voiced block -> emotion. Music, noise and silence pass the gate
perhaps, the voice activity not: they give no reading.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.affect import affect
from models.catalog import Catalog
from models.noise_gate import NoiseGate, level_db
from models.types import Reading, Sense
from models.voice_activity import BLOCK, VoiceActivity
from models.voice_emotion import VoiceEmotion
from models.voice_types import VoiceReading

Listener = Callable[[NDArray[np.float32], bool], None]
"""Is told every block of BLOCK samples, and whether it holds speech."""

_RATE_HZ: Final = 16_000
_BLOCK_S: Final = BLOCK / _RATE_HZ
_RING: Final = 94
"""Blocks that are kept: 3 s."""

_SPEECH: Final = 0.5
_LEAST_VOICED: Final = 31
_LEAST_NEW: Final = 16
_BETWEEN: Final = 32
_MARGIN: Final = 5
_FORGET_AFTER: Final = 32
_GAP_S: Final = 0.5
_FULL_SCALE: Final = 0.999

# Where the signal is this far above the background, recognition is as good as in quiet; it
# falls about evenly to the lower end (models/cards/voice_emotion.md, table of noise).
_CLEAR_DB: Final = 20.0
_DROWNED_DB: Final = -5.0
_MUCH_CLIPPED: Final = 0.02


class VoicePipeline:
    """Perceives one microphone's stream; one thread owns it.

    `windows` counts the windows that were classified; `listener` hears every block too.
    Raises WeightsError when weights are missing or cannot run.
    """

    _rest: NDArray[np.float32]

    def __init__(
        self,
        catalog: Catalog,
        threads: int = 1,
        model: str = "voice_emotion",
        listener: Listener | None = None,
    ) -> None:
        self._activity = VoiceActivity(catalog, threads)
        self._emotion = VoiceEmotion(catalog, threads, model)
        self.windows = 0
        self._listener = listener
        self._end_s: float | None = None
        self._start_over()

    def __call__(self, samples: NDArray[np.float32], monotonic_s: float) -> VoiceReading | None:
        """Take the next 16 kHz mono samples in [-1, 1], the last of them at `monotonic_s`.

        Any number at a time; a reading is of the newest window that they completed. A gap in time
        starts afresh. Values that are not finite count as silence.
        """
        begin_s = monotonic_s - samples.size / _RATE_HZ
        if self._end_s is not None and abs(begin_s - self._end_s) > _GAP_S:
            self._start_over()
        self._end_s = monotonic_s
        finite = np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0)
        pending = np.concatenate((self._rest, np.asarray(finite, np.float32)))
        whole = pending.size // BLOCK
        self._rest = pending[whole * BLOCK :]
        newest = None
        for block in pending[: whole * BLOCK].reshape(whole, BLOCK):
            newest = self._take(block) or newest
        return newest

    def _start_over(self) -> None:
        self._gate = NoiseGate(_BLOCK_S)
        self._activity.reset()
        self._rest = np.zeros(0, np.float32)
        self._sound = np.zeros((_RING, BLOCK), np.float32)
        self._voiced = np.zeros(_RING, np.bool_)
        self._quiet_blocks = 0
        self._since_window = _BETWEEN
        self._new_voiced = 0

    def _take(self, block: NDArray[np.float32]) -> VoiceReading | None:
        """Add a block to the ring; read the window when one is due."""
        voiced = self._hears_speech(block)
        if self._listener is not None:
            self._listener(block, voiced)
        self._sound = np.roll(self._sound, -1, axis=0)
        self._voiced = np.roll(self._voiced, -1)
        self._sound[-1], self._voiced[-1] = block, voiced
        self._since_window += 1
        self._new_voiced += voiced
        due = self._since_window >= _BETWEEN and self._new_voiced >= _LEAST_NEW
        if not due or int(self._voiced.sum()) < _LEAST_VOICED:
            return None
        self._since_window = self._new_voiced = 0
        return self._read()

    def _hears_speech(self, block: NDArray[np.float32]) -> bool:
        if self._gate(block):
            self._quiet_blocks = 0
            return self._activity(block) >= _SPEECH
        self._quiet_blocks += 1
        if self._quiet_blocks == _FORGET_AFTER:
            self._activity.reset()
        return False

    def _read(self) -> VoiceReading:
        places = np.flatnonzero(self._voiced)
        first, last = max(0, places[0] - _MARGIN), min(_RING, places[-1] + _MARGIN + 1)
        window = self._sound[first:last].reshape(-1)
        speech = self._sound[places].reshape(-1)
        probabilities = self._emotion.classify(window)
        self.windows += 1
        reading = Reading(
            sense=Sense.VOICE,
            affect=affect(probabilities),
            probabilities=probabilities,
            quality=self._quality(speech),
            model=self._emotion.model,
        )
        return VoiceReading(reading, places.size / _RING, level_db(window))

    def _quality(self, speech: NDArray[np.float32]) -> float:
        """Rate the sample: above the background, long enough, not clipped."""
        above_db = level_db(speech) - self._gate.floor_db
        clear = (above_db - _DROWNED_DB) / (_CLEAR_DB - _DROWNED_DB)
        long = speech.size / BLOCK / _RING
        clipped = float(np.mean(np.abs(speech) >= _FULL_SCALE)) / _MUCH_CLIPPED
        parts = (clear, 0.5 + 0.5 * long, 1.0 - 0.8 * min(1.0, clipped))
        return float(np.prod(np.clip(parts, 0.0, 1.0)))
