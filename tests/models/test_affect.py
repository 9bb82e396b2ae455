import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.affect import CENTRES, SPREAD, affect
from models.types import EMOTIONS, Emotion

SHARES = st.lists(st.floats(0, 1), min_size=8, max_size=8).filter(lambda p: sum(p) > 1e-3)


def only(emotion: Emotion) -> list[float]:
    return [1.0 if each is emotion else 0.0 for each in EMOTIONS]


@pytest.mark.parametrize("emotion", EMOTIONS)
def test_a_sure_label_lies_at_its_centre_with_its_own_spread(emotion: Emotion) -> None:
    point = affect(only(emotion))
    assert (point.valence, point.arousal) == CENTRES[emotion]
    assert math.sqrt(point.valence_var) == pytest.approx(SPREAD[0])
    assert math.sqrt(point.arousal_var) == pytest.approx(SPREAD[1])


def test_quadrants_are_those_of_the_circumplex() -> None:
    assert affect(only(Emotion.HAPPINESS)).valence > 0.5
    sad, angry = affect(only(Emotion.SADNESS)), affect(only(Emotion.ANGER))
    assert sad.valence < 0 > sad.arousal
    assert angry.valence < 0 < angry.arousal


def test_doubt_between_far_labels_widens_the_variance_by_half_their_distance_squared() -> None:
    happy, sad = CENTRES[Emotion.HAPPINESS][0], CENTRES[Emotion.SADNESS][0]
    both = [
        (a + b) / 2 for a, b in zip(only(Emotion.HAPPINESS), only(Emotion.SADNESS), strict=True)
    ]
    point = affect(both)
    assert point.valence == pytest.approx((happy + sad) / 2)
    assert point.valence_var == pytest.approx(SPREAD[0] ** 2 + ((happy - sad) / 2) ** 2)


@given(SHARES)
def test_the_point_stays_within_the_centres_and_is_never_surer_than_one_label(
    shares: list[float],
) -> None:
    point = affect(shares)
    valences, arousals = zip(*CENTRES.values(), strict=True)
    assert min(valences) - 1e-9 <= point.valence <= max(valences) + 1e-9
    assert min(arousals) - 1e-9 <= point.arousal <= max(arousals) + 1e-9
    assert point.valence_var >= SPREAD[0] ** 2 - 1e-12
    assert point.arousal_var >= SPREAD[1] ** 2 - 1e-12


@given(SHARES, st.floats(0.1, 10))
def test_only_the_proportions_count(shares: list[float], factor: float) -> None:
    one, other = affect(shares), affect([share * factor for share in shares])
    assert one.valence == pytest.approx(other.valence, abs=1e-9)
    assert one.arousal_var == pytest.approx(other.arousal_var, abs=1e-9)


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        [1.0] * 7,
        [0.0] * 8,
        [-0.1, 1.1, 0, 0, 0, 0, 0, 0],
        [math.nan] + [0.1] * 7,
        [0.1] * 7 + [math.nan],
        [math.inf] + [0.0] * 7,
    ],
)
def test_what_is_no_distribution_is_refused(wrong: list[float]) -> None:
    with pytest.raises(ValueError, match="probabilities"):
        affect(wrong)
