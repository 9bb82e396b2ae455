"""What one reading is worth in the fusion: its weight, its point and what it says of each label.

Pure Python: the hub process uses this. docs/fusion.md explains every formula.
"""

import math
from dataclasses import dataclass
from typing import Final

from models.affect import affect
from models.types import EMOTIONS, Affect, Reading, Sense

STALE_HALF_LIVES: Final = 6.0
"""Older evidence counts for nothing at all."""

WORST_QUALITY: Final = 0.1
"""A sample of this quality or worse counts for nothing at all."""

LEAST_VARIANCE: Final = 0.01
"""No sense knows a mood more exactly than to a tenth of the plane's unit."""

Point = tuple[float, float]
"""Valence and arousal."""

LABELS: Final[tuple[Affect, ...]] = tuple(
    affect(tuple(float(label is one) for label in EMOTIONS)) for one in EMOTIONS
)
"""Where each label lies on the plane, and how far moods of that label lie around it."""

LONGEST_ODDS: Final = math.log(1000.0)
"""No single reading rules a label out further than a thousand to one."""

LEAST_CLASSES: Final = 4
"""A vector with fewer classes above zero is a rounded one, not one of a model with few classes."""

SUM_TOLERANCE: Final = 5e-3
_LEAST_WORTH: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Evidence:
    """A reading, how old it is, and after how long half of its worth is gone (both seconds)."""

    reading: Reading
    age_s: float
    half_life_s: float


@dataclass(frozen=True, slots=True, order=True)
class Weighed:
    """Evidence as it enters the sums; ordered so that the order of arrival cannot matter.

    `variance` is the reading's own, `precision` its inverse after age and quality have inflated
    it. `against` follows EMOTIONS: the evidence against each label in natural-log odds, 0 for the
    labels that the reading likes best.
    """

    sense: Sense
    point: Point
    variance: Point
    precision: Point
    against: tuple[float, ...]

    def supports(self, label: int) -> bool:
        """True when this reading has no better label than EMOTIONS[label]."""
        return self.against[label] == 0.0


def weigh(evidence: Evidence) -> Weighed | None:
    """Return what this evidence counts for; None when it is too old or too bad to count.

    Raises ValueError for numbers that cannot be: see `check`, and ages below 0 or half-lives that
    are not above 0.
    """
    reading = evidence.reading
    check(reading)
    worth = worth_of(reading.quality, evidence.age_s, evidence.half_life_s)
    if worth < _LEAST_WORTH:
        return None
    at = reading.affect
    variance = (max(at.valence_var, LEAST_VARIANCE), max(at.arousal_var, LEAST_VARIANCE))
    point = (at.valence, at.arousal)
    odds = _from_classes(reading.probabilities) or _from_point(point, variance)
    precision = (worth / variance[0], worth / variance[1])
    return Weighed(reading.sense, point, variance, precision, tuple(worth * o for o in odds))


def worth_of(quality: float, age_s: float, half_life_s: float) -> float:
    """Return in [0, 1] what a sample still counts for.

    Halves with every half-life and with half the quality, and reaches exactly 0 (without a jump)
    at STALE_HALF_LIVES and at WORST_QUALITY. Raises ValueError for impossible numbers.
    """
    if not age_s >= 0.0:
        raise ValueError(f"an age of {age_s} s cannot be")
    if not (0.0 < half_life_s < math.inf):
        raise ValueError(f"a half-life of {half_life_s} s cannot be")
    gone = math.pow(2.0, -STALE_HALF_LIVES)
    fresh = math.pow(2.0, -min(age_s / half_life_s, STALE_HALF_LIVES))
    good = max(0.0, quality - WORST_QUALITY) / (1.0 - WORST_QUALITY)
    return good * (fresh - gone) / (1.0 - gone)


def check(reading: Reading) -> None:
    """Raise ValueError when a reading holds numbers that no reading may hold (NaN included)."""
    check_affect(reading.affect)
    if not 0.0 <= reading.quality <= 1.0:
        raise ValueError(f"a quality of {reading.quality} cannot be")
    p = reading.probabilities
    if not p:
        return
    if len(p) != len(EMOTIONS) or not all(0.0 <= value <= 1.0 for value in p):
        raise ValueError(f"probabilities are {len(EMOTIONS)} numbers in [0, 1], or none")
    if abs(math.fsum(p) - 1.0) > SUM_TOLERANCE:
        raise ValueError(f"probabilities sum to {math.fsum(p)}, not to 1")


def check_affect(at: Affect) -> None:
    """Raise ValueError when a point lies off the plane or a variance cannot be."""
    if not (-1.0 <= at.valence <= 1.0 and -1.0 <= at.arousal <= 1.0):
        raise ValueError(f"the point ({at.valence}, {at.arousal}) is not on the plane")
    if not (0.0 <= at.valence_var < math.inf and 0.0 <= at.arousal_var < math.inf):
        raise ValueError(f"a variance of {at.valence_var}, {at.arousal_var} cannot be")


def _from_classes(p: tuple[float, ...]) -> list[float]:
    """Return the log odds against each label, from class probabilities; empty when there are none.

    A class that the model does not have (exactly 0 beside at least LEAST_CLASSES others) is
    neither supported nor opposed: it gets the mean, the origin of the centred log-ratio
    (Aitchison 1982).
    """
    if not p:
        return []
    top = max(p)
    known = [min(math.log(top / value), LONGEST_ODDS) for value in p if value > 0.0]
    unknown = math.fsum(known) / len(known) if len(known) >= LEAST_CLASSES else LONGEST_ODDS
    return [min(math.log(top / v), LONGEST_ODDS) if v > 0.0 else unknown for v in p]


def _from_point(point: Point, variance: Point) -> list[float]:
    """Return the log odds against each label for a reading that knows only where it is.

    The likelihood of the point under each label's cloud, widened by the reading's own variance.
    """
    surprises = [_surprise(point, variance, label) for label in LABELS]
    least = min(surprises)
    return [min(s - least, LONGEST_ODDS) for s in surprises]


def _surprise(point: Point, variance: Point, label: Affect) -> float:
    """Return minus the log of the normal density of a point, but for a constant."""
    v_var, a_var = variance[0] + label.valence_var, variance[1] + label.arousal_var
    v, a = point[0] - label.valence, point[1] - label.arousal
    return 0.5 * (v * v / v_var + a * a / a_var + math.log(v_var * a_var))
