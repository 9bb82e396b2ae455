"""The promises of fusion, for any evidence whatsoever."""

import math
from dataclasses import replace

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from models.evidence import STALE_HALF_LIVES, WORST_QUALITY, weigh
from models.fusion import SENSE_SPREAD, Evidence, fuse
from models.types import EMOTIONS, Affect, MoodEstimate, Reading, Sense

TINY = 1e-9
SENSES = st.sampled_from(list(Sense))
axis = st.floats(-1.0, 1.0)
variance = st.floats(0.0, 2.0) | st.sampled_from([0.0, 1e-300, 1e-12, 1e12])
quality = st.floats(0.0, 1.0)


def distribution(first: int, second: int, p: float, zeros: bool) -> tuple[float, ...]:
    """Return all shapes that matter: flat, peaked, two-peaked, one-hot, with unknown classes."""
    raw = [0.0 if zeros and label % 2 else (1.0 - p) / 8.0 for label in range(8)]
    raw[first] += p
    raw[second] += p * p / 2.0
    total = math.fsum(raw)
    return tuple(min(1.0, value / total) for value in raw)


label = st.integers(0, 7)
distributions = st.builds(distribution, label, label, st.floats(0.0, 1.0), st.booleans())
readings = st.builds(
    Reading,
    SENSES,
    st.builds(Affect, axis, axis, variance, variance),
    distributions | st.just(()),
    quality,
    st.just("m"),
)
evidences = st.builds(Evidence, readings, st.floats(0.0, 200.0), st.floats(1.0, 100.0))
mixed = st.lists(evidences, max_size=6)
baselines = st.builds(Affect, axis, axis, variance, variance)


def supporting(e: Evidence, mood: MoodEstimate) -> bool:
    weighed = weigh(e)
    return weighed is not None and weighed.supports(EMOTIONS.index(mood.label))


def near(a: Evidence, b: Evidence) -> bool:
    """True when their points differ by no more than chance and the usual spread explain."""
    p, q = a.reading.affect, b.reading.affect
    v = (p.valence - q.valence) ** 2 / (p.valence_var + q.valence_var + 2 * SENSE_SPREAD)
    r = (p.arousal - q.arousal) ** 2 / (p.arousal_var + q.arousal_var + 2 * SENSE_SPREAD)
    return v + r < 2.0


def agrees(e: Evidence, mood: MoodEstimate, beside: list[Evidence]) -> bool:
    """True when this evidence says the mood's label, from a place where others say it too."""
    others = [b for b in beside if supporting(b, mood)]
    return supporting(e, mood) and (not others or any(near(e, other) for other in others))


@st.composite
def with_agreeing(draw: st.DrawFn) -> tuple[list[Evidence], Evidence, Affect]:
    """Return any evidence, and one more that says the same label from where others say it."""
    beside, baseline = draw(mixed), draw(baselines)
    mood = fuse(beside, baseline)
    others = [b for b in beside if supporting(b, mood)]
    extra = draw(evidences)
    raw = list(extra.reading.probabilities or (0.125,) * 8)
    first = EMOTIONS.index(mood.label)
    top = raw.index(max(raw))
    raw[first], raw[top] = raw[top], raw[first]
    affect = extra.reading.affect
    if others:
        home = draw(st.sampled_from(others)).reading.affect
        pull = draw(st.floats(0.0, 1.0))
        affect = replace(
            affect,
            valence=home.valence + pull * 0.3 * (affect.valence - home.valence),
            arousal=home.arousal + pull * 0.3 * (affect.arousal - home.arousal),
        )
    reading = replace(extra.reading, probabilities=tuple(raw), affect=affect)
    return beside, replace(extra, reading=reading), baseline


@settings(max_examples=60, deadline=None)
@given(with_agreeing())
def test_more_agreeing_evidence_never_lowers_confidence(
    case: tuple[list[Evidence], Evidence, Affect],
) -> None:
    beside, extra, baseline = case
    before = fuse(beside, baseline)
    assume(agrees(extra, before, beside))
    after = fuse([*beside, extra], baseline)
    assert after.label is before.label
    assert after.confidence >= before.confidence - TINY


@settings(max_examples=60, deadline=None)
@given(evidences, st.lists(SENSES, min_size=1, max_size=6), baselines)
def test_the_same_said_by_more_senses_never_lowers_confidence(
    first: Evidence, senses: list[Sense], baseline: Affect
) -> None:
    said, before = [first], fuse([first], baseline).confidence
    for sense in senses:
        said.append(replace(first, reading=replace(first.reading, sense=sense)))
        now = fuse(said, baseline).confidence
        assert now >= before - TINY
        before = now


@settings(max_examples=60, deadline=None)
@given(mixed, evidences, baselines, st.booleans(), st.floats(0.0, 1.0))
def test_a_stale_or_bad_sense_changes_nothing_at_all(
    beside: list[Evidence], extra: Evidence, baseline: Affect, stale: bool, how: float
) -> None:
    if stale:
        age = extra.half_life_s * (STALE_HALF_LIVES + 100.0 * how)
        extra = replace(extra, age_s=age)
    else:
        extra = replace(extra, reading=replace(extra.reading, quality=how * WORST_QUALITY))
    assert fuse([*beside, extra], baseline) == fuse(beside, baseline)


@settings(max_examples=60, deadline=None)
@given(with_agreeing(), st.floats(0.0, 3.0), quality)
def test_agreeing_evidence_that_gets_older_or_worse_never_raises_confidence(
    case: tuple[list[Evidence], Evidence, Affect], older: float, worse: float
) -> None:
    beside, one, baseline = case
    before = fuse([*beside, one], baseline)
    assume(agrees(one, before, beside))
    reading = replace(one.reading, quality=one.reading.quality * worse)
    weaker = Evidence(reading, one.age_s + older * one.half_life_s, one.half_life_s)
    after = fuse([*beside, weaker], baseline)
    # Should the label fall with it, the confidence is about another label.
    assume(after.label is before.label)
    assert after.confidence <= before.confidence + TINY


@settings(max_examples=60, deadline=None)
@given(evidences, baselines, st.floats(0.0, 500.0), quality)
def test_a_single_sense_that_gets_older_or_worse_never_raises_confidence(
    one: Evidence, baseline: Affect, older_s: float, worse: float
) -> None:
    reading = replace(one.reading, quality=one.reading.quality * worse)
    weaker = Evidence(reading, one.age_s + older_s, one.half_life_s)
    assert fuse([weaker], baseline).confidence <= fuse([one], baseline).confidence + TINY


@settings(max_examples=60, deadline=None)
@given(mixed.flatmap(lambda e: st.tuples(st.just(e), st.permutations(e))), baselines)
def test_the_order_of_arrival_does_not_matter_to_the_last_bit(
    orders: tuple[list[Evidence], list[Evidence]], baseline: Affect
) -> None:
    assert fuse(orders[0], baseline) == fuse(orders[1], baseline)


@settings(max_examples=60, deadline=None)
@given(mixed, baselines, st.floats(0.0, 2 * math.pi))
def test_the_point_lies_in_the_convex_hull_of_inputs_and_baseline(
    evidence: list[Evidence], baseline: Affect, direction: float
) -> None:
    mood = fuse(evidence, baseline)
    points = [(a.valence, a.arousal) for a in [baseline, *(e.reading.affect for e in evidence)]]
    assert min(p[0] for p in points) <= mood.valence <= max(p[0] for p in points)
    assert min(p[1] for p in points) <= mood.arousal <= max(p[1] for p in points)
    # A convex hull is where no direction reaches further than the points themselves do.
    x, y = math.cos(direction), math.sin(direction)
    reach = max(p[0] * x + p[1] * y for p in points)
    assert mood.valence * x + mood.arousal * y <= reach + TINY


@settings(max_examples=60, deadline=None)
@given(mixed, baselines)
def test_every_number_is_in_its_range(evidence: list[Evidence], baseline: Affect) -> None:
    mood = fuse(evidence, baseline)
    assert -1.0 <= mood.valence <= 1.0
    assert -1.0 <= mood.arousal <= 1.0
    assert 0.0 <= mood.disagreement <= 1.0
    assert 0.0 < mood.confidence <= 1.0
    assert all(0.0 <= w <= 1.0 for w in mood.weights.values())
    assert not mood.weights or math.isclose(math.fsum(mood.weights.values()), 1.0)
    assert set(mood.weights) <= {e.reading.sense for e in evidence}
