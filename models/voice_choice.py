"""Which voice weights a machine can afford: the full ones, or the light ones for weak boards."""

import time
from typing import Final, Literal

import numpy as np

from models.catalog import Catalog
from models.log_mel import WINDOW_SAMPLES
from models.voice_emotion import LIGHT_MODEL, MODEL, OPEN_MODEL, VoiceEmotion

Wanted = Literal["auto", "full", "light"]
Licence = Literal["any", "open"]

AFFORDABLE_MS: Final = 100.0
"""Processor time for a window: speech gives one a second, so this is a tenth of a core."""

_RUNS: Final = 3


def choose_voice(
    catalog: Catalog, wanted: Wanted, licence: Licence, affordable_ms: float = AFFORDABLE_MS
) -> str:
    """Return the catalog id of the weights to use.

    `auto` tries the full weights on one window (well under a second) and takes the light ones where
    that costs more than `affordable_ms`. The light ones are not open. Raises WeightsError when the
    weights to try are missing or cannot run, ValueError for light and open together.
    """
    full = OPEN_MODEL if licence == "open" else MODEL
    if wanted == "light":
        if licence == "open":
            raise ValueError("the light voice weights come from data that is not open")
        return LIGHT_MODEL
    if wanted == "full" or licence == "open" or window_ms(catalog, full) <= affordable_ms:
        return full
    return LIGHT_MODEL


def window_ms(catalog: Catalog, model: str) -> float:
    """Return what one window of 3 s costs on one thread: the least of some runs.

    The calling thread's processor time counts, so other work on the machine does not.
    """
    emotion = VoiceEmotion(catalog, 1, model)
    sound = np.random.default_rng(0).standard_normal(WINDOW_SAMPLES).astype(np.float32)
    emotion.classify(sound)
    spent = []
    for _ in range(_RUNS):
        started = time.thread_time()
        emotion.classify(sound)
        spent.append(time.thread_time() - started)
    return 1000.0 * min(spent)
