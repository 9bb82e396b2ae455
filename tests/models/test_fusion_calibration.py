"""Confidence means "right this often", and refitting finds what makes it so."""

import math
import random

import pytest

from models.affect import affect
from models.calibration import Sample, confidence_loss, label_loss, refit
from models.fusion import CALIBRATION, Calibration, Evidence, fuse
from models.types import EMOTIONS, Affect, Emotion, Reading, Sense

REST = Affect(0.0, 0.0, 0.5, 0.5)
NOISE = 1.0
STRENGTH = 1.6


def sensed(rng: random.Random, truth: int, noise: list[float], sharpen: float = 1.0) -> Reading:
    """Return a sense with normal noise around its class: an exactly calibrated softmax."""
    evidence = [n + (STRENGTH if label == truth else 0.0) for label, n in enumerate(noise)]
    odds = [math.exp(sharpen * STRENGTH * e / NOISE**2) for e in evidence]
    total = math.fsum(odds)
    p = tuple(o / total for o in odds)
    return Reading(Sense.FACE, affect(p), p, 1.0, "synthetic")


def samples(
    count: int, senses: tuple[Sense, ...], *, common: bool = False, sharpen: float = 1.0
) -> list[Sample]:
    rng = random.Random(7)
    found = []
    for _ in range(count):
        truth = rng.randrange(len(EMOTIONS))
        first = [rng.gauss(0.0, NOISE) for _ in EMOTIONS]
        said = []
        for sense in senses:
            noise = first if common else [rng.gauss(0.0, NOISE) for _ in EMOTIONS]
            reading = sensed(rng, truth, noise, sharpen)
            reading = Reading(sense, reading.affect, reading.probabilities, 1.0, "synthetic")
            said.append(Evidence(reading, 0.0, 10.0))
        found.append(Sample(tuple(said), REST, EMOTIONS[truth]))
    return found


def calibration_error(cases: list[Sample], calibration: Calibration, bins: int = 10) -> float:
    """Return the expected calibration error of the confidence."""
    boxes: list[list[tuple[float, bool]]] = [[] for _ in range(bins)]
    for case in cases:
        mood = fuse(case.evidence, case.baseline, calibration)
        box = min(bins - 1, int(mood.confidence * bins))
        boxes[box].append((mood.confidence, mood.label is case.truth))
    return sum(abs(sum(c for c, _ in box) - sum(right for _, right in box)) for box in boxes) / len(
        cases
    )


def accuracy(cases: list[Sample], calibration: Calibration) -> float:
    hits = [fuse(c.evidence, c.baseline, calibration).label is c.truth for c in cases]
    return sum(hits) / len(hits)


PAIR = (Sense.FACE, Sense.VOICE)


def test_one_calibrated_sense_stays_calibrated() -> None:
    assert calibration_error(samples(1000, (Sense.FACE,)), CALIBRATION) < 0.04


def test_the_default_is_close_for_two_independent_senses_and_errs_on_the_unsure_side() -> None:
    cases = samples(400, PAIR)
    moods = [fuse(c.evidence, c.baseline) for c in cases]
    assert calibration_error(cases, CALIBRATION) < 0.08
    assert sum(m.confidence for m in moods) / len(moods) < accuracy(cases, CALIBRATION)


def test_independent_senses_are_right_more_often_than_the_best_of_them() -> None:
    alone = accuracy(samples(400, (Sense.FACE,)), CALIBRATION)
    assert accuracy(samples(400, PAIR), CALIBRATION) > alone + 0.05


def test_a_sense_of_noise_costs_next_to_nothing() -> None:
    rng = random.Random(3)
    clean = samples(400, (Sense.FACE,))
    noisy = []
    for case in clean:
        raw = [rng.random() for _ in EMOTIONS]
        p = tuple(value / math.fsum(raw) for value in raw)
        noise = Evidence(Reading(Sense.VOICE, affect(p), p, 1.0, "noise"), 0.0, 10.0)
        noisy.append(Sample((*case.evidence, noise), REST, case.truth))
    # The noise claims more than it knows; no pool can see that from one reading alone.
    assert accuracy(noisy, CALIBRATION) > accuracy(clean, CALIBRATION) - 0.05


def mix(count: int, *, common: bool = False, sharpen: float = 1.0) -> list[Sample]:
    """Return single senses and pairs: only both together tell temperature from independence."""
    alone = samples(count, (Sense.FACE,), sharpen=sharpen)
    return alone + samples(count, PAIR, common=common, sharpen=sharpen)


@pytest.mark.slow
def test_refit_finds_that_senses_err_independently() -> None:
    assert refit(mix(120)).independence > 0.85


@pytest.mark.slow
def test_refit_finds_that_senses_err_together() -> None:
    assert refit(mix(120, common=True)).independence < 0.15


@pytest.mark.slow
def test_refit_softens_senses_that_claim_too_much_and_mends_the_calibration() -> None:
    found = refit(mix(120, sharpen=2.0))
    assert found.temperature == pytest.approx(2.0, rel=0.25)
    test = samples(420, PAIR, sharpen=2.0)[120:]
    before, after = (calibration_error(test, c) for c in (CALIBRATION, found))
    assert after < min(before, 0.08)


def test_refit_never_makes_its_own_samples_less_likely() -> None:
    cases = samples(50, (Sense.FACE, Sense.VOICE, Sense.TEXT))
    found = refit(cases)
    assert label_loss(cases, found) <= label_loss(cases, CALIBRATION)
    assert confidence_loss(cases, found) <= confidence_loss(
        cases, Calibration(found.temperature, found.independence, CALIBRATION.doubt)
    )


def test_what_the_samples_say_nothing_about_stays_as_it_was() -> None:
    found = refit(samples(60, (Sense.FACE,)))
    assert found.independence == CALIBRATION.independence
    assert found.doubt == CALIBRATION.doubt


def test_nothing_to_fit_on_is_an_error() -> None:
    with pytest.raises(ValueError, match="nothing"):
        refit([])


def test_a_wrong_and_certain_label_costs_much_but_not_everything() -> None:
    p = tuple(float(label is Emotion.ANGER) for label in EMOTIONS)
    sure = Evidence(Reading(Sense.FACE, affect(p), p, 1.0, "m"), 0.0, 10.0)
    loss = label_loss([Sample((sure,), REST, Emotion.HAPPINESS)], Calibration(temperature=0.25))
    assert 5.0 < loss < 14.0
