"""Finds what makes the fused confidence true: the refit entry of the fusion.

    samples = [Sample(evidence, baseline, truth), ...]   # real readings with what was true
    calibration = refit(samples)                         # then fuse(..., calibration)

Temperature and independence minimise the negative log-likelihood of the true label (Guo et al.
2017, arXiv:1706.04599, for the temperature), doubt that of "the label was right". Pure Python;
some hundred samples suffice, some thousand take seconds.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from models.fusion import (
    CALIBRATION,
    Calibration,
    Claims,
    Evidence,
    claims,
    fuse,
    pooled,
    softened,
)
from models.types import EMOTIONS, Affect, Emotion

TEMPERATURES = (0.25, 8.0)
SHARES = (0.0, 1.0)
ROUNDS = 5
_STEPS = 12
_LEAST_P = 1e-6
_GAIN = 1e-9


Said = Sequence[tuple[Claims, int]]


@dataclass(frozen=True, slots=True)
class Sample:
    """What the senses said at one moment, and what was true."""

    evidence: tuple[Evidence, ...]
    baseline: Affect
    truth: Emotion


def refit(samples: Sequence[Sample], start: Calibration = CALIBRATION) -> Calibration:
    """Return the calibration under which the samples are most likely.

    Raises ValueError without samples. Parameters about which the samples say nothing (no sample
    with two senses, no disagreement) keep their values of `start`. Give samples of single senses
    among those of several: only together do they tell temperature from independence.
    """
    if not samples:
        raise ValueError("nothing to calibrate on")
    said = [(claims(s.evidence), EMOTIONS.index(s.truth)) for s in samples]
    found = start
    for _ in range(ROUNDS):
        temperature = _lowest(_by_temperature(said, found), TEMPERATURES, found.temperature)
        found = replace(found, temperature=temperature)
        independence = _lowest(_by_independence(said, found), SHARES, found.independence)
        found = replace(found, independence=independence)
    judged = _judged(samples, found)
    doubt = _lowest(lambda x: _confidence_loss(judged, x), SHARES, found.doubt)
    return replace(found, doubt=doubt)


def label_loss(samples: Sequence[Sample], calibration: Calibration) -> float:
    """Return the mean negative log-likelihood of the true label, in nats."""
    said = [(claims(s.evidence), EMOTIONS.index(s.truth)) for s in samples]
    return _by_temperature(said, calibration)(calibration.temperature)


def confidence_loss(samples: Sequence[Sample], calibration: Calibration) -> float:
    """Return the mean negative log-likelihood of "the label is right", in nats."""
    return _confidence_loss(_judged(samples, calibration), calibration.doubt)


def _by_temperature(said: Said, calibration: Calibration) -> Callable[[float], float]:
    """Return the loss as a function of temperature alone; pooling is done once."""
    against = [(pooled(what, calibration.independence), truth) for what, truth in said]
    return lambda temperature: _loss(against, temperature)


def _by_independence(said: Said, calibration: Calibration) -> Callable[[float], float]:
    """Return the loss as a function of independence alone."""
    return lambda x: _loss(
        [(pooled(what, x), truth) for what, truth in said], calibration.temperature
    )


def _loss(against: Sequence[tuple[Sequence[float], int]], temperature: float) -> float:
    return math.fsum(
        -math.log(max(softened(one, temperature)[truth], _LEAST_P)) for one, truth in against
    ) / len(against)


def _judged(samples: Sequence[Sample], calibration: Calibration) -> list[tuple[float, float, bool]]:
    """Return of each sample the label's probability, the disagreement, and whether it is right."""
    certain = replace(calibration, doubt=0.0)
    moods = [(fuse(s.evidence, s.baseline, certain), s.truth) for s in samples]
    return [(m.confidence, m.disagreement, m.label is truth) for m, truth in moods]


def _confidence_loss(judged: Sequence[tuple[float, float, bool]], doubt: float) -> float:
    total = 0.0
    for probability, disagreement, right in judged:
        confidence = probability * (1.0 - doubt * disagreement)
        total -= math.log(max(confidence if right else 1.0 - confidence, _LEAST_P))
    return total / len(judged)


def _lowest(loss: Callable[[float], float], within: tuple[float, float], at: float) -> float:
    """Return where a loss is lowest (golden-section search); `at` if nowhere is better."""
    ratio = (math.sqrt(5.0) - 1.0) / 2.0
    low, high = within
    left, right = high - ratio * (high - low), low + ratio * (high - low)
    at_left, at_right = loss(left), loss(right)
    for _ in range(_STEPS):
        if at_left <= at_right:
            high, right, at_right = right, left, at_left
            left = high - ratio * (high - low)
            at_left = loss(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + ratio * (high - low)
            at_right = loss(right)
    best, lowest = min(((left, at_left), (right, at_right)), key=lambda found: found[1])
    return best if lowest < loss(at) - _GAIN else at
