"""From a strap's samples to readings of its wearer, only while they allow it."""

import random

import pytest

from drivers.types import DeviceId, HeartSample, SkinSample
from hub.clock import ManualClock
from hub.mood.body import BodySense
from hub.sense.sources import wearable_id
from hub.settings import Person, Room, Senses, Settings, Wearable
from hub.types import SenseChanged, Sensed, SenseState
from models.types import Sense
from tests.hub.mood_helpers import ADA, ROOM, Recorder

STRAP = DeviceId("simulated:strap")
BAND = DeviceId("simulated:band")
MY_STRAP, MY_BAND = wearable_id("strap"), wearable_id("band")
SETTINGS = Settings(
    rooms={"den": Room()},
    people={"ada": Person(), "bo": Person()},
    senses=Senses(
        wearables={
            "strap": Wearable(device=STRAP, person="ada", room="den"),
            "band": Wearable(device=BAND, person="ada", room="den"),
        }
    ),
)


class Worn:
    """A body sense whose consent can be given and withdrawn."""

    def __init__(self, clock: ManualClock, **more: object) -> None:
        self.clock = clock
        self.allowed = {MY_STRAP, MY_BAND}
        self.recorder = Recorder(Sensed, SenseChanged)
        self.body = BodySense(
            SETTINGS,
            self.recorder.bus,
            clock,
            lambda source: source in self.allowed,
            **more,  # type: ignore[arg-type]
        )

    def beat(self, seconds: float, bpm: float) -> list[Sensed]:
        """Wear the strap at this rate for a while."""
        rng = random.Random(1)
        end = self.clock.monotonic() + seconds
        while self.clock.monotonic() < end:
            rr = 60.0 / bpm + rng.gauss(0.0, 0.02)
            self.clock.advance(rr)
            self.body.feed(self.sample(rr))
        return self.recorder.take(Sensed)

    def sample(self, rr: float = 0.8, at: float | None = None) -> HeartSample:
        when = self.clock.monotonic() if at is None else at
        return HeartSample(STRAP, round(60 / rr), (rr,), True, when)


@pytest.fixture
def worn(clock: ManualClock) -> Worn:
    return Worn(clock)


def test_a_faster_heart_than_usual_reads_as_more_arousal_of_the_wearer(worn: Worn) -> None:
    calm = worn.beat(400.0, 62)
    excited = worn.beat(60.0, 95)
    last = excited[-1]
    assert (last.person, last.room, last.source) == (ADA, ROOM, MY_STRAP)
    assert last.reading.sense is Sense.BODY
    assert last.at == worn.clock.monotonic()
    assert last.reading.affect.arousal > calm[-1].reading.affect.arousal + 0.2
    # At most one reading a second, though the heart beats faster.
    assert len(excited) <= 61


def test_skin_conductance_is_fed_too(worn: Worn) -> None:
    for _ in range(150):
        worn.clock.advance(1.0)
        worn.body.feed(SkinSample(BAND, (2.0, 2.01, 2.0, 2.02), 4.0, worn.clock.monotonic()))
    assert {sensed.source for sensed in worn.recorder.of(Sensed)} == {MY_BAND}


def test_without_consent_nothing_is_kept_and_the_sense_shows_as_off(worn: Worn) -> None:
    worn.allowed.clear()
    assert worn.beat(100.0, 62) == []
    assert worn.body.refused["not_allowed"] > 50
    assert worn.body.baselines == {}
    worn.allowed.add(MY_STRAP)
    assert worn.beat(200.0, 62)


def test_withdrawing_consent_switches_off_at_the_next_sample_and_once(worn: Worn) -> None:
    worn.beat(200.0, 62)
    known = worn.body.baselines[MY_STRAP]
    worn.allowed.clear()
    worn.body.feed(worn.sample())
    worn.body.feed(worn.sample())
    on, off = worn.recorder.take(SenseChanged)
    assert on.state is SenseState.ON
    assert (off.state, off.source, off.sense) == (SenseState.OFF, MY_STRAP, Sense.BODY)
    # What is ordinary for the wearer is not sensing; it stays until it is erased.
    assert worn.body.baselines[MY_STRAP] == known
    worn.body.forget(MY_STRAP)
    assert worn.body.baselines == {}


def test_withdrawing_consent_need_not_wait_for_a_sample(worn: Worn) -> None:
    worn.beat(30.0, 62)
    worn.body.refresh()
    assert [change.state for change in worn.recorder.take(SenseChanged)] == [SenseState.ON]
    worn.allowed.clear()
    worn.body.refresh()
    worn.body.refresh()
    assert [change.state for change in worn.recorder.take(SenseChanged)] == [SenseState.OFF]


def test_a_baseline_survives_a_restart(worn: Worn, clock: ManualClock) -> None:
    worn.beat(400.0, 62)
    again = Worn(clock, known=worn.body.baselines)
    assert again.beat(30.0, 95)[-1].reading.affect.arousal > 0.2


def test_samples_of_others_absurd_times_and_nonsense_are_counted_and_dropped(worn: Worn) -> None:
    now = worn.clock.monotonic()
    stray = HeartSample(DeviceId("simulated:other"), 60, (1.0,), True, now)
    for sample in (
        stray,
        worn.sample(at=now + 5.0),
        worn.sample(at=now - 120.0),
        worn.sample(at=float("nan")),
        SkinSample(BAND, (1.0,), 0.0, now),
    ):
        worn.body.feed(sample)
    assert worn.body.refused == {"unknown_device": 1, "time": 3, "malformed": 1}


def test_a_new_wearer_starts_anew(worn: Worn) -> None:
    worn.beat(200.0, 62)
    worn.body.reload(SETTINGS)
    assert MY_STRAP in worn.body.baselines
    strap = Wearable(device=STRAP, person="bo", room="den")
    senses = Senses(wearables={"strap": strap})
    worn.body.reload(SETTINGS.model_copy(update={"senses": senses}))
    assert worn.body.baselines == {}
