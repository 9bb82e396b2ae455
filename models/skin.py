"""Skin conductance: the slow (tonic) level, the fast (phasic) part and its responses.

The tonic level is a running median of 8 s, the phasic part is what is left ("median smoothing");
a response is a rise of at least 0.05 microsiemens from trough to peak (Boucsein et al. 2012,
doi:10.1111/j.1469-8986.2012.01384.x). Samples that skin cannot give are rejected by the rules of
Kleckner et al. 2018, doi:10.1109/TBME.2017.2758643. Pure Python: the hub process uses this.
"""

import math
from bisect import bisect_left, insort
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, median
from typing import Final

RESPONSE_US: Final = 0.05
"""Smallest rise that counts as a response, in microsiemens."""

LEAST_S: Final = 8.0
"""Less signal than this has no tonic level."""

_LOWEST_US: Final = 0.05
_HIGHEST_US: Final = 60.0
_STEEPEST_US_S: Final = 10.0
_SPREAD_S: Final = 1.0
_TONIC_S: Final = 8.0
_SMOOTH_S: Final = 0.75
_RISE_S: Final = (0.25, 6.0)


@dataclass(frozen=True, slots=True)
class SkinActivity:
    """What a stretch of skin conductance says; `quality` in [0, 1] is the share of good samples.

    `phasic_us` is the mean of the phasic part's rises above the tonic level.
    """

    tonic_us: float
    phasic_us: float
    responses_per_min: float
    quality: float


def usable(microsiemens: Sequence[float], rate_hz: float) -> list[bool]:
    """Say of each sample whether skin and a worn electrode can have given it.

    It must lie in 0.05-60 microsiemens and not within 1 s of a sample outside, nor of a slope
    steeper than 10 microsiemens a second.
    """
    bad = [not _LOWEST_US <= level <= _HIGHEST_US for level in microsiemens]
    for index in range(1, len(bad)):
        step = microsiemens[index] - microsiemens[index - 1]
        # Written so that a NaN step is bad too.
        if not abs(step) * rate_hz <= _STEEPEST_US_S:
            bad[index] = True
    reach = round(_SPREAD_S * rate_hz)
    result = [True] * len(bad)
    for index, wrong in enumerate(bad):
        if wrong:
            low, high = max(0, index - reach), min(len(bad), index + reach + 1)
            result[low:high] = [False] * (high - low)
    return result


def activity(microsiemens: Sequence[float], rate_hz: float) -> SkinActivity | None:
    """Measure evenly sampled skin conductance; None when less than LEAST_S of it is good.

    Raises ValueError for a rate that is not positive.
    """
    if not rate_hz > 0.0:
        raise ValueError(f"rate_hz must be positive: {rate_hz}")
    good = usable(microsiemens, rate_hz)
    count = sum(good)
    if count < LEAST_S * rate_hz:
        return None
    stretches = _stretches(microsiemens, good)
    tonic: list[float] = []
    phasic: list[float] = []
    responses = 0
    for stretch in stretches:
        smooth = _moving_average(stretch, max(1, round(_SMOOTH_S * rate_hz)))
        slow = _running_median(smooth, max(1, round(_TONIC_S * rate_hz)))
        fast = [a - b for a, b in zip(smooth, slow, strict=True)]
        tonic += slow
        phasic += [max(0.0, level) for level in fast]
        responses += count_responses(fast, rate_hz)
    return SkinActivity(
        tonic_us=median(tonic),
        phasic_us=fmean(phasic),
        responses_per_min=responses * 60.0 * rate_hz / count,
        quality=count / len(microsiemens),
    )


def count_responses(phasic_us: Sequence[float], rate_hz: float) -> int:
    """Count rises from a trough to the next peak that are high enough and last as skin's do."""
    count, trough = 0, 0
    for index in range(1, len(phasic_us)):
        falling = phasic_us[index] <= phasic_us[index - 1]
        last = index == len(phasic_us) - 1
        if not falling and not last:
            continue
        peak = index - 1 if falling else index
        rise_s = (peak - trough) / rate_hz
        high = phasic_us[peak] - phasic_us[trough] >= RESPONSE_US
        if high and _RISE_S[0] <= rise_s <= _RISE_S[1]:
            count += 1
        if falling:
            trough = index
    return count


def _stretches(levels: Sequence[float], good: Sequence[bool]) -> list[list[float]]:
    """Cut out the unbroken runs of good samples."""
    result: list[list[float]] = []
    running = False
    for level, ok in zip(levels, good, strict=True):
        if ok and running:
            result[-1].append(level)
        elif ok:
            result.append([level])
        running = ok
    return result


def _moving_average(levels: Sequence[float], width: int) -> list[float]:
    """Average around each sample; the window is cut at the ends."""
    sums = [0.0]
    for level in levels:
        sums.append(sums[-1] + level)
    before, after = width // 2, width - width // 2
    result = []
    for index in range(len(levels)):
        low, high = max(0, index - before), min(len(levels), index + after)
        result.append((sums[high] - sums[low]) / (high - low))
    return result


def _running_median(levels: Sequence[float], width: int) -> list[float]:
    """Take the median around each sample; the window is cut at the ends."""
    half = width // 2
    window: list[float] = []
    for level in levels[:half]:
        insort(window, level)
    result = []
    for index in range(len(levels)):
        if index + half < len(levels):
            insort(window, levels[index + half])
        if index > half:
            del window[bisect_left(window, levels[index - half - 1])]
        middle = len(window) // 2
        odd = len(window) % 2 == 1
        result.append(window[middle] if odd else math.fsum(window[middle - 1 : middle + 1]) / 2.0)
    return result
