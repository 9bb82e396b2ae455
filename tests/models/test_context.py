"""Time of day as a weak prior."""

import pytest

from models.context import context_reading
from models.evidence import check
from models.types import Sense


def test_the_small_hours_are_calmer_than_noon_and_company_lifts_a_little() -> None:
    night = context_reading(3 * 60, sun_up=False, company=None)
    noon = context_reading(12 * 60, sun_up=True, company=None)
    together = context_reading(12 * 60, sun_up=True, company=True)
    assert night.affect.arousal < noon.affect.arousal
    assert noon.affect.valence < together.affect.valence


@pytest.mark.parametrize("minutes", range(0, 1440, 97))
def test_every_reading_is_valid_small_and_unsure(minutes: int) -> None:
    reading = context_reading(minutes, sun_up=None, company=False)
    check(reading)
    assert reading.sense is Sense.CONTEXT
    assert reading.probabilities == ()
    assert reading.quality < 0.5
    assert max(abs(reading.affect.valence), abs(reading.affect.arousal)) <= 0.25
    assert min(reading.affect.valence_var, reading.affect.arousal_var) >= 0.5


@pytest.mark.parametrize("minutes", [-1, 1440])
def test_a_minute_that_no_day_has_is_refused(minutes: int) -> None:
    with pytest.raises(ValueError, match="no day"):
        context_reading(minutes, sun_up=None, company=None)
