"""Speech -> calibrated probabilities of emotions (catalog id `voice_emotion`)."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.catalog import Catalog
from models.log_mel import WINDOW_SAMPLES, log_mel
from models.runtime import Net
from models.types import EMOTIONS, Emotion
from models.voice_window import fit_window

MODEL: Final = "voice_emotion"
OPEN_MODEL: Final = "voice_emotion_open"
"""Trained on open data alone, and weaker for it."""

LIGHT_MODEL: Final = "voice_emotion_light"
"""A small network for weak boards."""

AROUSED: Final = (Emotion.HAPPINESS, Emotion.ANGER, Emotion.FEAR)
"""Of the emotions that the weights know, those of a roused voice."""

_HOP_SAMPLES: Final = WINDOW_SAMPLES // 2
_MAX_WINDOWS: Final = 40


class VoiceEmotion:
    """Classifies speech. It does not know whether it hears speech: ask VoiceActivity first.

    Raises WeightsError when the weights are missing or cannot run.
    """

    def __init__(self, catalog: Catalog, threads: int = 1, model: str = MODEL) -> None:
        entry = catalog.entry(model)
        self.model = model
        self._net = Net.load(catalog.path(model), threads)
        self._temperature = entry.number("temperature")
        self._places = [EMOTIONS.index(Emotion(name)) for name in entry.classes]

    def classify(self, samples: NDArray[np.float32]) -> tuple[float, ...]:
        """Give the probabilities in the order of EMOTIONS, 0 for those the weights do not know.

        Takes 1-D 16 kHz sound of any length: up to 3 s are one window, longer sound is the mean
        over windows every 1.5 s (evenly thinned to 40). Raises ValueError for no or non-finite
        sound.
        """
        if not np.isfinite(samples).all():
            raise ValueError("the sound holds values that are not finite")
        logits = window_logits(self._net, samples)
        scaled = np.exp((logits - logits.max()) / self._temperature)
        result = np.zeros(len(EMOTIONS))
        result[self._places] = scaled / scaled.sum()
        return tuple(result.tolist())


def window_logits(net: Net, samples: NDArray[np.float32]) -> NDArray[np.float64]:
    """Give the network's answer, the mean over the windows that cover the sound."""
    rows = [net(log_mel(fit_window(samples, at))[None])[0][0] for at in window_starts(samples.size)]
    return np.asarray(np.mean(rows, axis=0), dtype=np.float64)


def window_starts(size: int) -> list[int]:
    """Place windows evenly from the first sample to the last, half a window apart at most."""
    spare = size - WINDOW_SAMPLES
    if spare <= 0:
        return [0]
    count = min(2 + (spare - 1) // _HOP_SAMPLES, _MAX_WINDOWS)
    return [round(index * spare / (count - 1)) for index in range(count)]
