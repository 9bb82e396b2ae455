"""From readings to moods: coalescing, decay, people, publishing, bad input."""

import asyncio
import contextlib
import math
import time
from dataclasses import replace

import pytest

from hub.clock import ManualClock, SystemClock
from hub.mood.engine import NEAR, SMALL_EVERY_S, STEADY_EVERY_S, MoodEngine
from hub.mood.readings import MOST_KEPT
from hub.settings import MoodSettings, Person, Room, Settings
from hub.types import Mood, RoomId, SenseChanged, Sensed, SenseState, SourceId
from models.context import context_reading
from models.types import Affect, Emotion, Reading, Sense
from tests.hub.mood_helpers import ADA, HALL, ROOM, SAD, Recorder, reading, sensed, service

SETTINGS = Settings(
    rooms={"den": Room(name="Den"), "hall": Room()},
    people={"ada": Person(name="Ada")},
    mood=MoodSettings(tick_s=0.05),
)
HAPPY = reading()


class Home:
    """An engine on a bus, with a clock that stands still."""

    def __init__(self, clock: ManualClock, settings: Settings = SETTINGS, **more: object) -> None:
        self.clock = clock
        self.recorder = Recorder(Mood)
        self.engine = MoodEngine(settings, self.recorder.bus, clock, **more)  # type: ignore[arg-type]

    async def say(self, *events: Sensed | SenseChanged) -> list[Mood]:
        """Publish events in one turn of the loop and return the moods that come of them."""
        for event in events:
            self.recorder.bus.publish(event)
        await asyncio.sleep(0)
        return self.recorder.take(Mood)

    async def wait(self, seconds: float) -> list[Mood]:
        """Let time pass and the engine tick once."""
        self.clock.advance(seconds)
        self.engine._update(list(self.engine._rooms))
        return self.recorder.take(Mood)

    def seen(self, said: Reading = HAPPY, **where: object) -> Sensed:
        return sensed(said, self.clock.monotonic(), **where)  # type: ignore[arg-type]


@pytest.fixture
def home(clock: ManualClock) -> Home:
    return Home(clock)


async def test_a_reading_becomes_the_rooms_mood_in_the_same_turn(home: Home) -> None:
    (mood,) = await home.say(home.seen())
    assert (mood.room, mood.person, mood.id) == (ROOM, None, 1)
    assert mood.estimate.label is Emotion.HAPPINESS
    assert mood.estimate.confidence == pytest.approx(0.9)
    assert mood.at == home.clock.monotonic()
    assert home.engine.current(ROOM) == mood
    assert home.engine.current(HALL) is None


async def test_readings_of_one_turn_make_one_mood_whatever_their_order(home: Home) -> None:
    voice = home.seen(SAD, source="mic")
    (first,) = await home.say(home.seen(), voice)
    other = Home(home.clock)
    (second,) = await other.say(voice, home.seen())
    assert first.estimate == second.estimate
    assert set(first.estimate.weights) == {Sense.FACE, Sense.VOICE}


async def test_the_newest_reading_of_a_source_and_track_replaces_the_one_before(home: Home) -> None:
    await home.say(home.seen(SAD, track=1))
    (mood,) = await home.say(home.seen(replace(HAPPY, sense=Sense.VOICE), track=1))
    assert mood.estimate.label is Emotion.HAPPINESS
    assert mood.estimate.disagreement == 0.0


async def test_a_second_face_counts_beside_the_first(home: Home) -> None:
    await home.say(home.seen(track=1))
    (mood,) = await home.say(
        home.seen(replace(SAD, sense=Sense.FACE), track=2), home.seen(HAPPY, track=3)
    )
    assert len(home.engine.senses(ROOM)) == 3
    assert mood.estimate.label is Emotion.HAPPINESS
    assert mood.estimate.disagreement > 0.0


async def test_a_persons_mood_is_their_own_and_the_rooms_and_the_rooms_is_all(home: Home) -> None:
    moods = await home.say(
        home.seen(),
        home.seen(replace(SAD, sense=Sense.TEXT), person=ADA, source="text"),
        home.seen(replace(SAD, sense=Sense.BODY), person="bo", source="strap"),
    )
    by_person = {mood.person: mood.estimate for mood in moods}
    assert set(by_person[None].weights) == {Sense.FACE, Sense.TEXT, Sense.BODY}
    assert set(by_person[ADA].weights) == {Sense.FACE, Sense.TEXT}
    assert home.engine.current(ROOM, ADA) is not None


async def test_moods_are_published_when_they_change_and_every_few_seconds(home: Home) -> None:
    await home.say(home.seen())
    assert await home.say(home.seen()) == []
    nudged = replace(HAPPY, affect=replace(HAPPY.affect, valence=0.7 + 2 * NEAR))
    assert await home.say(home.seen(nudged)) == []
    # A small move waits for its turn, but is not lost.
    assert len(await home.wait(SMALL_EVERY_S)) == 1
    assert len(await home.say(home.seen(replace(HAPPY, affect=SAD.affect)))) == 1
    steady = [mood for _ in range(20) for mood in await home.wait(STEADY_EVERY_S / 20)]
    assert 1 <= len(steady) <= 11


async def test_moods_decay_to_the_baseline_and_end_with_one_last_word(home: Home) -> None:
    (first,) = await home.say(home.seen())
    moods = [mood for _ in range(120) for mood in await home.wait(0.5)]
    valences = [first.estimate.valence, *(mood.estimate.valence for mood in moods)]
    assert valences == sorted(valences, reverse=True)
    assert [bool(mood.estimate.weights) for mood in moods] == [True] * (len(moods) - 1) + [False]
    assert moods[-1].estimate.confidence == pytest.approx(1 / 8)
    assert home.engine.current(ROOM) is None
    assert await home.wait(60.0) == []


async def test_a_person_who_falls_silent_ends_while_the_room_goes_on(home: Home) -> None:
    settings = SETTINGS.model_copy(update={"mood": MoodSettings(half_life_s={"body": 1.0})})
    home = Home(home.clock, settings)
    await home.say(home.seen(), home.seen(replace(SAD, sense=Sense.BODY), person=ADA))
    moods = await home.wait(7.0)
    assert [mood.estimate.weights for mood in moods if mood.person == ADA] == [{}]
    assert home.engine.current(ROOM, ADA) is None
    assert home.engine.current(ROOM) is not None


async def test_switching_a_source_off_forgets_what_it_said_at_once(home: Home) -> None:
    await home.say(home.seen(), home.seen(SAD, source="mic"))
    now = home.clock.monotonic()

    def switched(source: str, state: SenseState) -> SenseChanged:
        return SenseChanged(SourceId(source), ROOM, Sense.FACE, state, "", now)

    assert await home.say(switched("cam", SenseState.STARTING)) == []
    assert await home.say(switched("elsewhere", SenseState.OFF)) == []
    (mood,) = await home.say(switched("cam", SenseState.OFF))
    assert set(mood.estimate.weights) == {Sense.VOICE}
    (last,) = await home.say(switched("mic", SenseState.OFF))
    assert last.estimate.weights == {}


async def test_the_wall_clock_does_not_matter(home: Home) -> None:
    await home.say(home.seen())
    home.clock.jump_wall(10 * 365 * 86_400)
    assert await home.wait(0.0) == []
    home.clock.jump_wall(-20 * 365 * 86_400)
    (mood,) = await home.wait(STEADY_EVERY_S)
    assert mood.estimate.confidence > 0.5


NAN = math.nan
BAD = {
    "malformed": [
        replace(HAPPY, affect=Affect(NAN, 0.0, 0.1, 0.1)),
        replace(HAPPY, affect=Affect(0.0, 0.0, -0.1, 0.1)),
        replace(HAPPY, quality=2.0),
        replace(HAPPY, probabilities=(1.0,)),
    ],
}


@pytest.mark.parametrize("said", BAD["malformed"])
async def test_readings_that_cannot_be_are_refused_and_counted(home: Home, said: Reading) -> None:
    assert await home.say(home.seen(said)) == []
    assert home.engine.refused == {"malformed": 1}


async def test_absurd_times_and_places_are_refused_and_counted(home: Home) -> None:
    now = home.clock.monotonic()
    assert (
        await home.say(
            sensed(HAPPY, now + 1.5),
            sensed(HAPPY, now - 6 * 8.0),
            sensed(HAPPY, NAN),
            sensed(HAPPY, -math.inf),
            sensed(HAPPY, now, room=RoomId("attic")),
        )
        == []
    )
    assert home.engine.refused == {"future": 1, "stale": 1, "malformed": 2, "unknown_room": 1}


async def test_a_reading_from_the_near_future_counts_as_of_now(home: Home) -> None:
    (mood,) = await home.say(sensed(HAPPY, home.clock.monotonic() + 0.5))
    assert mood.estimate.confidence == pytest.approx(0.9)


async def test_an_older_reading_that_comes_late_does_not_replace_a_newer(home: Home) -> None:
    await home.say(home.seen())
    late = sensed(replace(SAD, sense=Sense.FACE), home.clock.monotonic() - 1.0)
    assert await home.say(late) == []
    assert home.engine.refused == {"older": 1}


async def test_a_crowd_is_bounded(home: Home) -> None:
    await home.say(*(home.seen(track=track) for track in range(MOST_KEPT + 10)))
    assert len(home.engine.senses(ROOM)) == MOST_KEPT
    assert home.engine.refused == {"crowded": 10}


async def test_context_weighs_little_and_never_makes_a_mood_alone(clock: ManualClock) -> None:
    asked: list[RoomId] = []

    def context(room: RoomId) -> Reading:
        asked.append(room)
        return context_reading(180, sun_up=False, company=None)

    home = Home(clock, context=context)
    assert await home.wait(10.0) == []
    assert asked == []
    (mood,) = await home.say(home.seen())
    assert asked == [ROOM]
    assert 0.0 < mood.estimate.weights[Sense.CONTEXT] < 0.15
    # Gone with the evidence that it stood beside.
    assert (await home.wait(1000.0))[-1].estimate.weights == {}


async def test_what_each_sense_says_and_weighs(home: Home) -> None:
    body = Reading(Sense.BODY, Affect(0.0, 0.5, 0.3, 0.1), (), 0.8, "body")
    await home.say(home.seen(), home.seen(body, source="strap", person=ADA))
    home.clock.advance(2.0)
    face, strap = home.engine.senses(ROOM)
    assert (face.label, strap.label) == (Emotion.HAPPINESS, None)
    assert (strap.source, strap.person, strap.quality) == ("strap", ADA, 0.8)
    assert face.age_s == pytest.approx(2.0)
    assert face.weight + strap.weight == pytest.approx(1.0)
    assert home.engine.senses(RoomId("attic")) == ()


async def test_a_reading_of_no_worth_weighs_nothing(home: Home) -> None:
    await home.say(home.seen(replace(HAPPY, quality=0.0)))
    (view,) = home.engine.senses(ROOM)
    assert view.weight == 0.0


async def test_people_have_a_baseline_that_confident_moods_move(home: Home) -> None:
    for _ in range(100):
        await home.say(home.seen(replace(SAD, sense=Sense.TEXT), person=ADA, source="text"))
        home.clock.advance(60.0)
    assert home.engine.baselines.of(ADA).valence < -0.02
    home.recorder.take(Mood)
    home.engine.forget(ADA)
    last = {mood.person: mood.estimate.weights for mood in home.recorder.take(Mood)}
    assert last == {ADA: {}, None: {}}  # whoever goes by them hears that they have ended
    assert home.engine.baselines.of(ADA).valence == 0.0
    assert home.engine.current(ROOM, ADA) is None
    assert home.engine.senses(ROOM) == ()


async def test_reload_keeps_what_was_sensed_in_rooms_that_remain(home: Home) -> None:
    await home.say(home.seen(), home.seen(room=HALL))
    rooms = {"den": Room(), "attic": Room()}
    home.engine.reload(SETTINGS.model_copy(update={"rooms": rooms}))
    assert home.engine.current(ROOM) is not None
    assert home.engine.current(HALL) is None
    assert await home.say(home.seen(room=HALL)) == []
    assert len(await home.say(home.seen(room=RoomId("attic")))) == 1
    # A room may go between a reading and its turn.
    home.recorder.bus.publish(home.seen(SAD))
    home.engine.reload(SETTINGS.model_copy(update={"rooms": {}}))
    assert await home.say() == []


async def test_ids_go_on_from_where_an_earlier_run_ended(clock: ManualClock) -> None:
    home = Home(clock, first_id=41)
    (mood,) = await home.say(home.seen())
    assert mood.id == 41


async def test_run_ticks_while_there_is_evidence_and_sleeps_while_there_is_none() -> None:
    clock = SystemClock()
    recorder = Recorder(Mood)
    settings = SETTINGS.model_copy(
        update={"mood": MoodSettings(tick_s=0.05, half_life_s={"face": 0.1})}
    )
    engine = MoodEngine(settings, recorder.bus, clock)
    running = asyncio.ensure_future(engine.run(service(clock)))
    try:
        await asyncio.sleep(0.05)
        cpu = time.process_time()
        await asyncio.sleep(0.3)
        assert time.process_time() - cpu < 0.1
        recorder.bus.publish(sensed(HAPPY, clock.monotonic()))
        async with asyncio.timeout(5.0):
            while not (recorder.events and engine.current(ROOM) is None):
                await asyncio.sleep(0.02)
        assert recorder.of(Mood)[-1].estimate.weights == {}
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
