import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.body import MODEL, WINDOW_S, BodyModel
from models.body_baseline import MEMORY_S, Baseline, Ordinary
from models.types import Sense


class Wearer:
    """Feeds a model, second by second, what a person's strap and electrode would say."""

    def __init__(self, model: BodyModel, seed: int = 0) -> None:
        self.model = model
        self.now = 1000.0
        self._noise = random.Random(seed)
        self._beat = self.now

    def live(self, seconds: float, bpm: float, skin_us: float | None = None) -> list[float]:
        """Return the arousal of each reading, one each 5 s."""
        arousal = []
        for second in range(int(seconds)):
            self.now += 1.0
            rr = []
            while self._beat < self.now:
                interval = 60.0 / bpm * (1.0 + 0.03 * self._noise.gauss(0, 1))
                self._beat += interval
                rr.append(interval)
            self.model.feed_heart(rr, bpm, True, self._beat)
            if skin_us is not None:
                levels = [skin_us * (1 + 0.01 * self._noise.gauss(0, 1)) for _ in range(4)]
                self.model.feed_skin(levels, 4.0, self.now)
            if second % 5 == 4:
                reading = self.model.reading(self.now)
                if reading is not None:
                    arousal.append(reading.affect.arousal)
        return arousal


def test_says_nothing_before_there_is_a_past() -> None:
    wearer = Wearer(BodyModel())
    assert wearer.model.reading(0.0) is None
    assert wearer.live(WINDOW_S - 10, bpm=65) == []
    assert len(wearer.live(60, bpm=65)) >= 8


def test_arousal_follows_heart_and_skin_against_the_persons_own_past() -> None:
    calm = Wearer(BodyModel())
    at_rest = calm.live(600, bpm=62, skin_us=2.0)[-1]
    excited = calm.live(90, bpm=85, skin_us=4.0)[-1]
    assert abs(at_rest) < 0.3
    assert excited > at_rest + 0.4
    # To somebody whose heart always beats like that it is nothing special.
    quick = Wearer(BodyModel())
    assert abs(quick.live(600, bpm=85, skin_us=4.0)[-1]) < 0.3


def test_a_reading_claims_no_more_than_it_knows() -> None:
    wearer = Wearer(BodyModel())
    wearer.live(600, bpm=62)
    reading = wearer.model.reading(wearer.now)
    assert reading is not None
    assert (reading.sense, reading.model) == (Sense.BODY, MODEL)
    assert reading.probabilities == ()
    assert reading.affect.valence == 0.0
    assert reading.affect.valence_var > reading.affect.arousal_var > 0.0
    assert 0.5 < reading.quality <= 1.0


def test_a_reading_depends_only_on_the_past() -> None:
    first, second = Wearer(BodyModel()), Wearer(BodyModel())
    same = first.live(300, bpm=62), second.live(300, bpm=62)
    first.live(300, bpm=120)
    second.live(300, bpm=50)
    assert same[0] == same[1]


def test_lost_contact_and_old_signals_give_no_reading() -> None:
    wearer = Wearer(BodyModel())
    wearer.live(300, bpm=62)
    assert wearer.model.reading(wearer.now + 15) is not None
    assert wearer.model.reading(wearer.now + 25) is None
    wearer.model.feed_heart([0.9], 62, False, wearer.now)
    assert wearer.model.reading(wearer.now) is None


def test_missed_beats_lower_quality_and_not_calm() -> None:
    good, bad = Wearer(BodyModel(), seed=3), Wearer(BodyModel(), seed=3)
    arousal = good.live(400, bpm=62)[-1]
    model = bad.model
    bad.live(300, bpm=62)
    for _ in range(100):
        bad.now += 1.0
        kept = [1.94] if int(bad.now) % 8 == 0 else [0.97]
        model.feed_heart(kept, None, True, bad.now)
    spoilt = model.reading(bad.now)
    clean = good.model.reading(good.now)
    assert spoilt is not None
    assert clean is not None
    assert spoilt.quality < clean.quality
    assert spoilt.affect.arousal == pytest.approx(arousal, abs=0.3)
    assert spoilt.affect.arousal_var > clean.affect.arousal_var


def test_a_watch_that_only_knows_the_rate_is_enough_for_a_weaker_reading() -> None:
    model = BodyModel()
    for second in range(600):
        model.feed_heart([], 60.0 + (second % 7) * 0.3, None, float(second))
        model.reading(float(second))
    for second in range(600, 690):
        model.feed_heart([], 90.0, None, float(second))
    reading = model.reading(689.0)
    assert reading is not None
    assert reading.affect.arousal > 0.4
    assert reading.quality <= 0.5


def test_goes_on_after_a_restart() -> None:
    first = Wearer(BodyModel())
    first.live(600, bpm=62, skin_us=2.0)
    again = Wearer(BodyModel(first.model.baseline))
    assert again.live(70, bpm=85, skin_us=4.0)[-1] > 0.4
    assert abs(Wearer(BodyModel()).live(90, bpm=85, skin_us=4.0)[-1]) < 0.3


def test_asking_often_teaches_no_more_than_asking_seldom() -> None:
    often, seldom = BodyModel(), BodyModel()
    for second in range(400):
        for model in (often, seldom):
            model.feed_heart([], 60.0 + second % 10, None, float(second))
        for _ in range(5):
            often.reading(float(second))
        if second % 5 == 0:
            seldom.reading(float(second))
    a, b = often.baseline["bpm"], seldom.baseline["bpm"]
    assert a.seconds == pytest.approx(b.seconds, abs=10)
    assert a.mean == pytest.approx(b.mean, abs=0.01)


def test_skin_that_is_cut_off_for_a_while_is_not_joined() -> None:
    model = BodyModel()
    for second in range(200):
        if not 100 <= second < 130:
            model.feed_skin([2.0 if second < 100 else 9.0] * 4, 4.0, float(second))
            model.reading(float(second))
    reading = model.reading(199.0)
    assert reading is not None
    # The step from 2 to 9 microsiemens lay in the gap: no response is counted.
    assert model.baseline["responses"].mean == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("rate_hz", [0.0, -1.0, math.nan, math.inf])
def test_refuses_a_rate_that_is_none(rate_hz: float) -> None:
    with pytest.raises(ValueError, match="rate_hz"):
        BodyModel().feed_skin([2.0], rate_hz, 0.0)


ANY = st.floats(allow_nan=True, allow_infinity=True)


@given(st.lists(st.tuples(st.lists(ANY, max_size=5), ANY | st.none(), st.lists(ANY, max_size=20))))
def test_anything_may_come(feeds: list[tuple[list[float], float | None, list[float]]]) -> None:
    model = BodyModel()
    for second, (rr, bpm, levels) in enumerate(feeds):
        model.feed_heart(rr, bpm, None, float(second * 10))
        model.feed_skin(levels, 4.0, float(second * 10))
        reading = model.reading(float(second * 10))
        if reading is not None:
            assert -1.0 <= reading.affect.arousal <= 1.0
            assert 0.0 <= reading.quality <= 1.0
            assert reading.affect.arousal_var > 0.0


def test_memory_is_bounded() -> None:
    model = BodyModel()
    for second in range(2000):
        model.feed_heart([0.3] * 50, 60.0, True, float(second))
        model.feed_skin([2.0] * 1000, 1000.0, float(second))
    assert len(model._intervals) <= 400
    assert len(model._skin) <= 8_192


def test_the_ordinary_resists_a_wild_moment_and_follows_a_lasting_change() -> None:
    baseline = Baseline({"bpm": 0.1})
    for _ in range(720):
        baseline.learn("bpm", 4.1, 5.0)
    baseline.learn("bpm", 9.0, 5.0)
    assert baseline.state["bpm"].mean == pytest.approx(4.1, abs=0.01)
    for _ in range(720):
        baseline.learn("bpm", 4.3, 5.0)
    assert baseline.state["bpm"].mean == pytest.approx(4.2, abs=0.03)


def test_the_ordinary_forgets_what_is_long_ago() -> None:
    long_ago = Ordinary(4.1, 0.1, MEMORY_S)
    baseline = Baseline({"bpm": 0.1}, {"bpm": long_ago, "unknown": long_ago})
    assert set(baseline.state) == {"bpm"}
    for _ in range(30 * 24 * 60):
        baseline.learn("bpm", 4.3, 60.0)
    assert baseline.state["bpm"].seconds == MEMORY_S
    assert baseline.state["bpm"].mean == pytest.approx(4.3, abs=0.01)


@pytest.mark.parametrize("numbers", [(math.nan, 1.0, 1.0), (0.0, 0.0, 1.0), (0.0, 1.0, -1.0)])
def test_refuses_a_state_that_cannot_be(numbers: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="ordinary"):
        Ordinary(*numbers)
