"""Fuses what the senses say into one mood: precision-weighted, aged, calibrated.

The properties that the hub relies on hold by construction (docs/fusion.md has the proofs):
evidence that agrees never lowers confidence; stale or bad evidence never raises it; the order of
the evidence does not matter; the point lies in the convex hull of the inputs and the baseline.

>>> from models.types import Affect, Emotion, Reading, Sense
>>> calm = Affect(0.0, 0.0, 0.5, 0.5)
>>> smile = Reading(
...     Sense.FACE, Affect(0.7, 0.4, 0.05, 0.05),
...     (0.01, 0.01, 0.01, 0.01, 0.8, 0.1, 0.01, 0.05), 1.0, "face",
... )
>>> mood = fuse([Evidence(smile, age_s=0.0, half_life_s=8.0)], calm)
>>> mood.label, round(mood.confidence, 2)
(<Emotion.HAPPINESS: 'happiness'>, 0.8)
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from models.evidence import LEAST_VARIANCE, Evidence, Point, Weighed, check_affect, weigh
from models.hull import nearest_in_hull
from models.types import EMOTIONS, Affect, Emotion, MoodEstimate, Sense

__all__ = [
    "CALIBRATION",
    "Calibration",
    "Claims",
    "Evidence",
    "claims",
    "first_choice",
    "fuse",
    "pooled",
    "posterior",
    "softened",
    "voted",
]

Claims = tuple[tuple[float, ...], ...]
"""For each sense the evidence against each label, in natural-log odds to its first choice."""

SAME_SENSE = 1.0 / 3.0
"""How much each further reading of one sense adds: all of them never pass 1.5 times the best."""

SENSE_SPREAD = 0.06
"""Variance by which two senses differ even when both are right (about 0.25 on each axis)."""

LOUDEST = 2.0
"""Natural-log odds that no sense's say passes when the label is chosen, however sure it is."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """What makes confidence mean "right this often"; models.calibration.refit finds it.

    `temperature` above 0 softens (> 1) or sharpens the pooled odds. `independence` in [0, 1] is
    how much each further sense adds: 1 if senses err independently, 0 if they err together.
    `doubt` in [0, 1] is the share of confidence that full disagreement takes.
    """

    temperature: float = 1.0
    independence: float = 0.8
    doubt: float = 0.3

    def __post_init__(self) -> None:
        if not 0.0 < self.temperature < math.inf:
            raise ValueError(f"a temperature of {self.temperature} cannot be")
        if not (0.0 <= self.independence <= 1.0 and 0.0 <= self.doubt <= 1.0):
            raise ValueError("independence and doubt lie in [0, 1]")


CALIBRATION = Calibration()
"""Single senses arrive calibrated, so the temperature is 1 until a refit says otherwise."""


def fuse(
    evidence: Iterable[Evidence], baseline: Affect, calibration: Calibration = CALIBRATION
) -> MoodEstimate:
    """Return the mood that all evidence together suggests.

    Without evidence that counts it is the baseline's point, `neutral`, at chance confidence (1/8)
    and no weights. Raises ValueError when a number cannot be (NaN, off the plane, negative age).
    """
    check_affect(baseline)
    counted = _counted(evidence)
    point = _point(counted, baseline)
    said = _claims(counted)
    label = voted(said, calibration)
    probability = posterior(said, calibration)[label]
    disagreement = _disagreement(counted, label)
    return MoodEstimate(
        valence=point[0],
        arousal=point[1],
        label=EMOTIONS[label],
        confidence=probability * (1.0 - calibration.doubt * disagreement),
        weights=_weights(counted),
        disagreement=disagreement,
    )


def claims(evidence: Iterable[Evidence]) -> Claims:
    """Return what each sense that counts says against each label; the same for any calibration."""
    return _claims(_counted(evidence))


def posterior(said: Claims, calibration: Calibration = CALIBRATION) -> tuple[float, ...]:
    """Return the probability of each label, in the order of EMOTIONS, before disagreement."""
    return softened(pooled(said, calibration.independence), calibration.temperature)


def voted(said: Claims, calibration: Calibration = CALIBRATION) -> int:
    """Return the place in EMOTIONS of the label that all senses together choose.

    Each sense's evidence is bent to stay under LOUDEST: one that is very sure and wrong cannot
    outshout two that agree. A bounded influence function (Huber 1981); the order of a single
    sense's labels stays.
    """
    bounded = tuple(tuple(a / (1.0 + a / LOUDEST) for a in claim) for claim in said)
    return first_choice([-against for against in pooled(bounded, calibration.independence)])


def pooled(said: Claims, independence: float) -> list[float]:
    """Return the evidence of all senses together against each label."""
    return [_discounted([s[label] for s in said], independence) for label in range(len(EMOTIONS))]


def softened(against: Sequence[float], temperature: float) -> tuple[float, ...]:
    """Return the probabilities that log odds against each label mean at a temperature."""
    least = min(against)
    likelihoods = [math.exp((least - a) / temperature) for a in against]
    total = math.fsum(likelihoods)
    return tuple(value / total for value in likelihoods)


def first_choice(scores: Sequence[float]) -> int:
    """Return the place in EMOTIONS of the highest score; among equals neutral, then the first."""
    return max(
        range(len(EMOTIONS)),
        key=lambda i: (scores[i], EMOTIONS[i] is Emotion.NEUTRAL, -i),
    )


def _counted(evidence: Iterable[Evidence]) -> list[Weighed]:
    """Return the evidence that counts in an order that does not depend on its arrival."""
    return sorted(weighed for one in evidence if (weighed := weigh(one)) is not None)


def _by_sense(counted: Sequence[Weighed]) -> dict[Sense, list[Weighed]]:
    return {sense: list(group) for sense, group in groupby(counted, lambda w: w.sense)}


def _claims(counted: Sequence[Weighed]) -> Claims:
    """Pool the readings of each sense."""
    return tuple(
        tuple(
            _discounted([one.against[label] for one in group], SAME_SENSE)
            for label in range(len(EMOTIONS))
        )
        for group in _by_sense(counted).values()
    )


def _discounted(against: list[float], further: float) -> float:
    """Sum from the strongest down, each next one counting `further` times as much as the last.

    Never falls when a term is added or grows: that is what makes agreement safe.
    """
    if len(against) == 1:
        return against[0]  # the usual case, and exact
    return math.fsum(a * further**i for i, a in enumerate(sorted(against, reverse=True)))


def _precisions(group: Sequence[Weighed]) -> Point:
    """Return a sense's precision: that of its best reading, for readings of one sense err alike."""
    return max(w.precision[0] for w in group), max(w.precision[1] for w in group)


def _point(counted: Sequence[Weighed], baseline: Affect) -> Point:
    """Return the precision-weighted mean of senses and baseline, kept within their hull."""
    at_rest = (baseline.valence, baseline.arousal)
    prior = (
        1.0 / max(baseline.valence_var, LEAST_VARIANCE),
        1.0 / max(baseline.arousal_var, LEAST_VARIANCE),
    )
    totals, sums = [prior[0], prior[1]], [prior[0] * at_rest[0], prior[1] * at_rest[1]]
    for group in _by_sense(counted).values():
        precision = _precisions(group)
        for axis in (0, 1):
            parts = [w.precision[axis] for w in group]
            mean = math.fsum(
                part * w.point[axis] for part, w in zip(parts, group, strict=True)
            ) / math.fsum(parts)
            totals[axis] += precision[axis]
            sums[axis] += precision[axis] * mean
    target = (sums[0] / totals[0], sums[1] / totals[1])
    return nearest_in_hull(target, [at_rest, *(w.point for w in counted)], (totals[0], totals[1]))


def _weights(counted: Sequence[Weighed]) -> Mapping[Sense, float]:
    """Return each sense's share of the precision, the mean of both axes; they sum to 1."""
    senses = {sense: _precisions(group) for sense, group in _by_sense(counted).items()}
    totals = [math.fsum(p[axis] for p in senses.values()) for axis in (0, 1)]
    return {s: 0.5 * (p[0] / totals[0] + p[1] / totals[1]) for s, p in senses.items()}


def _disagreement(counted: Sequence[Weighed], label: int) -> float:
    """Return in [0, 1] how far readings lie from those that support the label.

    For each reading: the share of its squared distance to the nearest supporter that chance and
    the usual spread of senses do not explain, (Q - df) / Q with two degrees of freedom (I^2 of
    Higgins & Thompson 2002); 1 if it opposes a label that nobody has as first choice. Averaged
    by precision and doubled, so that one of two equals against the other counts in full.
    """
    supporters = [w for w in counted if w.supports(label)]
    total = opposed = 0.0
    for one in counted:
        weight = one.precision[0] + one.precision[1]
        total += weight
        others = [w for w in supporters if w is not one]
        if others:
            opposed += weight * min(_unexplained(one, other) for other in others)
        elif not one.supports(label):
            opposed += weight
    return min(1.0, 2.0 * opposed / total) if total else 0.0


def _unexplained(a: Weighed, b: Weighed) -> float:
    q = 0.0
    for axis in (0, 1):
        expected = a.variance[axis] + b.variance[axis] + 2.0 * SENSE_SPREAD
        q += (a.point[axis] - b.point[axis]) ** 2 / expected
    return max(0.0, 1.0 - 2.0 / q) if q > 0.0 else 0.0
