"""Fusion by example: what single senses, several senses, conflict, age and bad numbers give."""

import math
from dataclasses import replace
from pathlib import Path

import pytest

from models.context import context_reading
from models.evidence import LEAST_CLASSES, STALE_HALF_LIVES, check, worth_of
from models.fusion import CALIBRATION, Calibration, Evidence, claims, fuse, posterior
from models.types import EMOTIONS, Affect, Emotion, Reading, Sense

REST = Affect(0.0, 0.0, 0.5, 0.5)


def peaked(label: Emotion, p: float) -> tuple[float, ...]:
    """Return `p` for one label and the rest spread evenly."""
    rest = (1.0 - p) / (len(EMOTIONS) - 1)
    return tuple(p if emotion is label else rest for emotion in EMOTIONS)


def said(
    sense: Sense,
    label: Emotion | None,
    p: float = 0.8,
    at: tuple[float, float] = (0.6, 0.4),
    variance: float = 0.08,
    quality: float = 1.0,
    age_s: float = 0.0,
) -> Evidence:
    probabilities = peaked(label, p) if label is not None else ()
    affect = Affect(*at, variance, variance)
    return Evidence(Reading(sense, affect, probabilities, quality, "m"), age_s, 10.0)


FACE = said(Sense.FACE, Emotion.HAPPINESS)
VOICE = said(Sense.VOICE, Emotion.HAPPINESS)
ANGRY = said(Sense.VOICE, Emotion.ANGER, at=(-0.5, 0.5))


def test_nothing_is_neutral_at_chance_and_weighs_nothing() -> None:
    mood = fuse([], Affect(0.1, -0.2, 0.5, 0.5))
    assert (mood.valence, mood.arousal) == (0.1, -0.2)
    assert mood.label is Emotion.NEUTRAL
    assert mood.confidence == pytest.approx(1 / 8)
    assert dict(mood.weights) == {}
    assert mood.disagreement == 0.0


def test_one_fresh_sense_keeps_its_own_calibrated_probability() -> None:
    assert fuse([FACE], REST).confidence == pytest.approx(0.8)
    assert posterior(claims([FACE])) == pytest.approx(FACE.reading.probabilities)


def test_a_second_sense_that_agrees_makes_it_surer_than_a_second_reading_of_the_same() -> None:
    alone = fuse([FACE], REST).confidence
    twice_face = fuse([FACE, FACE], REST).confidence
    both = fuse([FACE, VOICE], REST).confidence
    assert alone < twice_face < both


def test_many_readings_of_one_sense_never_count_more_than_one_and_a_half() -> None:
    crowd = posterior(claims([FACE] * 50))
    odds = math.log(crowd[4] / crowd[0])
    single = math.log(0.8 / (0.2 / 7))
    assert odds == pytest.approx(1.5 * single, rel=1e-3)
    assert fuse([FACE] * 50, REST).valence == pytest.approx(fuse([FACE], REST).valence)


def test_conflict_lowers_confidence_and_shows_as_disagreement() -> None:
    agreeing, torn = fuse([FACE, VOICE], REST), fuse([FACE, ANGRY], REST)
    assert agreeing.disagreement == 0.0
    assert torn.disagreement > 0.4
    assert torn.confidence < 0.35 < agreeing.confidence


def test_disagreement_in_place_alone_lowers_confidence_too() -> None:
    near = said(Sense.TEXT, Emotion.HAPPINESS, at=(0.6, 0.4))
    far = said(Sense.TEXT, Emotion.HAPPINESS, at=(-0.9, -0.9))
    assert fuse([FACE, far], REST).confidence < fuse([FACE, near], REST).confidence


def test_a_label_that_is_nobodys_first_choice_is_full_disagreement() -> None:
    def torn(first: Emotion) -> tuple[float, ...]:
        high, low = 0.5, 0.01
        p = {first: high, Emotion.SURPRISE: 0.44}
        return tuple(p.get(emotion, low) for emotion in EMOTIONS)

    pair = [
        Evidence(replace(FACE.reading, sense=sense, probabilities=torn(first)), 0.0, 10.0)
        for sense, first in ((Sense.FACE, Emotion.HAPPINESS), (Sense.VOICE, Emotion.ANGER))
    ]
    mood = fuse(pair, REST)
    assert mood.label is Emotion.SURPRISE
    assert mood.disagreement == 1.0


def test_the_majority_of_a_sense_wins_over_one_reading() -> None:
    sad = said(Sense.FACE, Emotion.SADNESS, at=(-0.6, -0.2))
    assert fuse([sad, *([FACE] * 5)], REST).label is Emotion.HAPPINESS


def test_two_that_agree_are_not_outshouted_by_one_that_is_surer() -> None:
    def sure(sense: Sense, label: Emotion, p: float, at: tuple[float, float]) -> Evidence:
        return said(sense, label, p, at=at)

    agreeing = [
        sure(Sense.FACE, Emotion.HAPPINESS, 0.75, (0.6, 0.4)),
        sure(Sense.VOICE, Emotion.HAPPINESS, 0.75, (0.6, 0.4)),
    ]
    shouting = sure(Sense.TEXT, Emotion.ANGER, 0.9999, (-0.6, 0.6))
    mood = fuse([*agreeing, shouting], REST)
    assert mood.label is Emotion.HAPPINESS
    # What the third says is not unheard: the mood is doubtful.
    assert mood.confidence < 0.5 < fuse(agreeing, REST).confidence
    assert mood.disagreement > 0.2
    # Against one that is in doubt itself, a sure sense wins.
    assert fuse([agreeing[0], shouting], REST).label is Emotion.ANGER


def test_with_age_the_mood_decays_to_the_baseline_and_confidence_to_chance() -> None:
    base = Affect(-0.2, 0.1, 0.5, 0.5)
    seen = [fuse([replace(FACE, age_s=age)], base) for age in (0.0, 10.0, 20.0, 40.0, 60.0, 1e9)]
    distances = [math.hypot(m.valence + 0.2, m.arousal - 0.1) for m in seen]
    assert distances == sorted(distances, reverse=True)
    assert distances[-1] == pytest.approx(0.0, abs=1e-9)
    confidences = [m.confidence for m in seen]
    assert confidences == sorted(confidences, reverse=True)
    assert confidences[-1] == pytest.approx(1 / 8)


def test_worth_halves_by_half_life_and_ends_at_exactly_nothing() -> None:
    assert worth_of(1.0, 0.0, 10.0) == 1.0
    assert worth_of(1.0, 10.0, 10.0) == pytest.approx(0.5, abs=0.01)
    assert worth_of(1.0, 10.0 * STALE_HALF_LIVES, 10.0) == 0.0
    assert worth_of(1.0, math.inf, 10.0) == 0.0
    assert worth_of(0.1, 0.0, 10.0) == 0.0
    assert 0.0 < worth_of(0.11, 0.0, 10.0) < 0.02


def test_a_sense_that_does_not_know_an_axis_leaves_it_to_the_others() -> None:
    body = Evidence(Reading(Sense.BODY, Affect(0.0, 0.8, 1.0, 0.05), (), 1.0, "body"), 0.0, 60.0)
    text = Evidence(Reading(Sense.TEXT, Affect(0.7, 0.0, 0.05, 1.0), (), 1.0, "text"), 0.0, 300.0)
    mood = fuse([body, text], REST)
    # Neither sense's own point, but one between them that leans on each where it knows more.
    assert mood.valence > 0.3
    assert mood.arousal > 0.3


def test_a_body_alone_says_where_but_hardly_what() -> None:
    body = Evidence(Reading(Sense.BODY, Affect(0.0, 0.7, 0.35, 0.1), (), 1.0, "body"), 0.0, 60.0)
    mood = fuse([body], REST)
    assert mood.arousal > 0.4
    assert mood.confidence < 0.35


@pytest.mark.parametrize("sun_up", [True, False, None])
@pytest.mark.parametrize("company", [True, False, None])
def test_context_alone_never_reaches_a_floor(sun_up: bool | None, company: bool | None) -> None:
    surest = max(
        fuse([Evidence(context_reading(minute, sun_up, company), 0.0, 900.0)], REST).confidence
        for minute in range(0, 1440, 20)
    )
    assert surest < 0.2


def test_context_barely_moves_what_a_face_says() -> None:
    context = Evidence(context_reading(180, sun_up=False, company=None), 0.0, 900.0)
    alone, beside = fuse([FACE], REST), fuse([FACE, context], REST)
    assert beside.label is alone.label
    assert beside.weights[Sense.CONTEXT] < 0.1
    assert abs(beside.confidence - alone.confidence) < 0.05


def test_a_class_that_a_model_lacks_is_neither_supported_nor_opposed() -> None:
    # A voice model without disgust, contempt and surprise hears mild anger.
    heard = {Emotion.ANGER: 0.5, Emotion.FEAR: 0.2, Emotion.SADNESS: 0.2, Emotion.NEUTRAL: 0.1}
    voice = replace(
        ANGRY.reading, probabilities=tuple(heard.get(emotion, 0.0) for emotion in EMOTIONS)
    )
    assert len(heard) >= LEAST_CLASSES
    disgusted = said(Sense.FACE, Emotion.DISGUST, 0.8, at=(-0.5, 0.4))
    mood = fuse([disgusted, Evidence(voice, 0.0, 20.0)], REST)
    assert mood.label is Emotion.DISGUST


def test_a_one_hot_vector_is_a_sure_answer_not_one_of_a_tiny_model() -> None:
    one_hot = replace(FACE.reading, probabilities=(0.0,) * 4 + (1.0,) + (0.0,) * 3)
    mood = fuse([Evidence(one_hot, 0.0, 10.0)], REST)
    assert mood.label is Emotion.HAPPINESS
    assert mood.confidence > 0.99


def test_weights_follow_precision_and_sum_to_one() -> None:
    sharp, vague = (
        said(Sense.FACE, Emotion.HAPPINESS, variance=0.05),
        said(Sense.BODY, None, variance=0.5),
    )
    weights = fuse([sharp, vague], REST).weights
    assert math.fsum(weights.values()) == pytest.approx(1.0)
    assert weights[Sense.FACE] == pytest.approx(10 * weights[Sense.BODY])


def test_a_refit_softens_or_sharpens() -> None:
    soft = fuse([FACE], REST, Calibration(temperature=2.0))
    assert 1 / 8 < soft.confidence < 0.8
    assert fuse([FACE, VOICE], REST, replace(CALIBRATION, independence=0.0)).confidence == (
        pytest.approx(0.8)
    )
    torn = [FACE, ANGRY]
    hard = fuse(torn, REST, Calibration(doubt=1.0)).confidence
    assert hard < fuse(torn, REST, Calibration(doubt=0.0)).confidence


NAN, INF = math.nan, math.inf
P = peaked(Emotion.ANGER, 0.5)
BAD_READINGS = [
    Reading(Sense.FACE, Affect(NAN, 0.0, 0.1, 0.1), P, 1.0, "m"),
    Reading(Sense.FACE, Affect(0.0, NAN, 0.1, 0.1), P, 1.0, "m"),
    Reading(Sense.FACE, Affect(1.01, 0.0, 0.1, 0.1), P, 1.0, "m"),
    Reading(Sense.FACE, Affect(0.0, -INF, 0.1, 0.1), P, 1.0, "m"),
    Reading(Sense.FACE, Affect(0.0, 0.0, NAN, 0.1), P, 1.0, "m"),
    Reading(Sense.FACE, Affect(0.0, 0.0, 0.1, INF), P, 1.0, "m"),
    Reading(Sense.FACE, Affect(0.0, 0.0, -0.1, 0.1), P, 1.0, "m"),
    Reading(Sense.FACE, Affect(0.0, 0.0, 0.1, 0.1), P, NAN, "m"),
    Reading(Sense.FACE, Affect(0.0, 0.0, 0.1, 0.1), P, 1.1, "m"),
    Reading(Sense.FACE, Affect(0.0, 0.0, 0.1, 0.1), (NAN,) * 8, 1.0, "m"),
    Reading(Sense.FACE, Affect(0.0, 0.0, 0.1, 0.1), P[:7], 1.0, "m"),
    Reading(Sense.FACE, Affect(0.0, 0.0, 0.1, 0.1), (0.5,) * 8, 1.0, "m"),
    Reading(Sense.FACE, Affect(0.0, 0.0, 0.1, 0.1), (0.0,) * 8, 1.0, "m"),
    Reading(Sense.FACE, Affect(0.0, 0.0, 0.1, 0.1), (-0.5, 1.5) + (0.0,) * 6, 1.0, "m"),
]


@pytest.mark.parametrize("reading", BAD_READINGS)
def test_numbers_that_cannot_be_are_refused(reading: Reading) -> None:
    with pytest.raises(ValueError):
        check(reading)
    with pytest.raises(ValueError):
        fuse([FACE, Evidence(reading, 0.0, 10.0)], REST)


@pytest.mark.parametrize(
    ("age_s", "half_life_s"), [(-0.1, 1.0), (NAN, 1.0), (0.0, 0.0), (0.0, NAN), (0.0, INF)]
)
def test_impossible_ages_are_refused(age_s: float, half_life_s: float) -> None:
    with pytest.raises(ValueError):
        fuse([Evidence(FACE.reading, age_s, half_life_s)], REST)


def test_an_impossible_baseline_or_calibration_is_refused() -> None:
    with pytest.raises(ValueError):
        fuse([FACE], Affect(0.0, NAN, 0.5, 0.5))
    for kwargs in (
        {"temperature": 0.0},
        {"temperature": NAN},
        {"independence": 1.1},
        {"doubt": -1},
    ):
        with pytest.raises(ValueError):
            Calibration(**kwargs)


def test_the_documented_figures_are_those_of_the_code() -> None:
    page = (Path(__file__).parents[2] / "docs" / "fusion.md").read_text()
    for figure in (
        f"temperature | {CALIBRATION.temperature}",
        f"independence | {CALIBRATION.independence}",
        f"doubt | {CALIBRATION.doubt}",
        f"stale after | {STALE_HALF_LIVES:.0f} half-lives",
    ):
        assert figure in page
