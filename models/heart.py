"""Heart rate and its variability from the times between beats, after rejection of artefacts.

One missed beat doubles an interval and can double RMSSD, so nothing is computed before the
intervals are cleaned. Definitions: Task Force of the ESC and NASPE 1996,
doi:10.1161/01.CIR.93.5.1043. Pure Python: the hub process uses this.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean, median, stdev
from typing import Final

SHORTEST_S: Final = 0.3
LONGEST_S: Final = 2.0
"""Intervals outside (200 to 30 beats a minute) are no heartbeats of a person at home."""

LEAST_BEATS: Final = 10
"""Fewer good intervals say too little about variability."""

_MEDIAN_OF: Final = 11
_TOLERANCE: Final = 0.2
_SMOOTH: Final = 0.15
_FAR: Final = 0.4
_WORST_REJECTED: Final = 0.5


@dataclass(frozen=True, slots=True)
class HeartRhythm:
    """What a stretch of intervals says.

    `rmssd_ms` is NaN when no two good intervals follow each other. `rejected` is the share of
    intervals thrown away, `quality` in [0, 1] falls with it to 0 at one half.
    """

    bpm: float
    rmssd_ms: float
    sdnn_ms: float
    beats: int
    rejected: float
    quality: float


def accepted(rr_s: Sequence[float]) -> list[bool]:
    """Say of each interval in seconds whether it can be from one beat to the next.

    It must lie within the physiological limits and within 20 % of the median of the 11 intervals
    around it (those within the limits; near the ends, the nearest 11). Breath may carry it as far
    as 40 % off where it goes there smoothly: within 15 % of the intervals before and after.
    """
    possible = [math.isfinite(rr) and SHORTEST_S <= rr <= LONGEST_S for rr in rr_s]
    kept = [rr for rr, good in zip(rr_s, possible, strict=True) if good]
    result, place = [], 0
    for index, (rr, good) in enumerate(zip(rr_s, possible, strict=True)):
        if not good:
            result.append(False)
            continue
        start = max(0, min(place - _MEDIAN_OF // 2, len(kept) - _MEDIAN_OF))
        off = abs(rr / median(kept[start : start + _MEDIAN_OF]) - 1.0)
        result.append(off <= _TOLERANCE or (off <= _FAR and _is_smooth(rr_s, index)))
        place += 1
    return result


def rhythm(rr_s: Sequence[float]) -> HeartRhythm | None:
    """Measure consecutive intervals; None when fewer than LEAST_BEATS are good.

    Differences are taken only between good neighbours: joining across a rejected interval would
    make up variability. Both deviations have n - 1 and n in the denominator as the standard says.
    """
    good = accepted(rr_s)
    kept = [rr for rr, ok in zip(rr_s, good, strict=True) if ok]
    if len(kept) < LEAST_BEATS:
        return None
    marked = zip(rr_s, good, strict=True)
    steps = [b - a for (a, a_ok), (b, b_ok) in pairwise(marked) if a_ok and b_ok]
    rejected = 1.0 - len(kept) / len(rr_s)
    return HeartRhythm(
        bpm=60.0 / fmean(kept),
        rmssd_ms=1e3 * math.sqrt(fmean(s * s for s in steps)) if steps else math.nan,
        sdnn_ms=1e3 * stdev(kept),
        beats=len(kept),
        rejected=rejected,
        quality=max(0.0, 1.0 - rejected / _WORST_REJECTED),
    )


def _is_smooth(rr_s: Sequence[float], index: int) -> bool:
    """True between two neighbours that are about as long; the ends have only one."""
    around = [*rr_s[max(0, index - 1) : index], *rr_s[index + 1 : index + 2]]
    return len(around) == 2 and all(  # noqa: PLR2004 - one on either side
        abs(other - rr_s[index]) <= _SMOOTH * rr_s[index] for other in around
    )
