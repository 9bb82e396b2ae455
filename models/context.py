"""What the hour and the company alone suggest: a weak prior that never makes a mood by itself.

Across people, arousal is lowest in the small hours and highest around late morning to midday,
positive affect follows it weakly (Clark, Watson & Leeka 1989, doi:10.1007/BF00991741; Golder &
Macy 2011, doi:10.1126/science.1202775); company lifts it a little. How a single person differs
is far larger than these effects, which is what the wide variance says. Pure Python.
"""

import math
from typing import Final

from models.types import Affect, Reading, Sense

QUALITY: Final = 0.4
VARIANCE: Final = 0.5
MODEL: Final = "context-hours-1"

_DAY_MIN: Final = 24 * 60
_PEAK_MIN: Final = 12 * 60
_AROUSAL: Final = 0.15
_VALENCE: Final = 0.05
_DARK: Final = -0.05
_COMPANY: Final = 0.05


def context_reading(minutes: int, sun_up: bool | None, company: bool | None) -> Reading:
    """Return what is usual at this time of day.

    `minutes` counts from local midnight (0 to 1439, else ValueError); None means not known. The
    reading has no labels, low quality and a variance so wide that, alone, the fused confidence
    stays far under any floor.
    """
    if not 0 <= minutes < _DAY_MIN:
        raise ValueError(f"minute {minutes} is in no day")
    wave = math.cos(2.0 * math.pi * (minutes - _PEAK_MIN) / _DAY_MIN)
    arousal = _AROUSAL * wave + (_DARK if sun_up is False else 0.0)
    valence = _VALENCE * wave + (_COMPANY if company else 0.0)
    return Reading(Sense.CONTEXT, Affect(valence, arousal, VARIANCE, VARIANCE), (), QUALITY, MODEL)
