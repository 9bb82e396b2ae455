"""What is recorded can be asked for: every kind of event, thinned as documented."""

import asyncio
import math
from dataclasses import replace
from pathlib import Path

import pytest

from drivers.types import (
    DeviceState,
    Outcome,
    PlayMusic,
    SetLight,
    Status,
)
from hub.clock import ManualClock
from hub.errors import StoreError
from hub.store import queries, row_writer
from hub.store.backlog import LIMIT, Backlog
from hub.store.history import EARLY_ROWS
from hub.store.pool import Pool
from hub.store.queries import Where
from hub.store.reader import Reader
from hub.store.rows import Kind, Row, command_text
from hub.store.thinning import MAX_KEYS, SKIPPED_MOODS, Thinner
from hub.types import (
    Acted,
    DeviceGone,
    Held,
    ManualChange,
    MusicGoal,
    RestoreGoal,
    SceneGoal,
    SenseChanged,
    SenseState,
    SourceId,
)
from models.types import Emotion, Sense
from tests.hub.store_support import (
    BEDROOM,
    JON,
    LAMP,
    MIRA,
    ROOM,
    acted,
    changed,
    decision,
    device,
    held,
    mood,
    opened,
    rows,
    sensed,
    wave,
)


async def test_a_decision_comes_back_with_all_that_explains_it(tmp_path: Path) -> None:
    clock = ManualClock()
    async with opened(tmp_path / "s", clock) as store:
        assert store.record(mood(clock, 1))
        made = decision(clock, 1, mood_id=1)
        assert store.record(made)
        assert store.record(acted(clock, 1))
        assert store.record_correction("wrong", "I was not sad", decision=made, person=MIRA)
        (found,) = await store.decisions(fresh=True)
    assert found.because == "The living room has felt sad for 12 minutes (72.5 % sure)."
    assert found.senses == {Sense.FACE: 0.6, Sense.VOICE: 0.298}
    assert (found.room, found.rule, found.confidence) == (ROOM, "cheer_up", 0.725)
    assert (found.goal, found.lasts_ms) == ({"scene": "bright"}, 3_600_000)
    assert found.at_ms == 1_800_000_000_000
    (outcome,) = found.outcomes
    assert (outcome.device, outcome.status, outcome.took_ms) == (LAMP, Status.DONE, 12)
    assert outcome.command == {
        "do": "SetLight",
        "on": True,
        "level": 0.457,
        "kelvin": 2700,
        "transition_s": 2.0,
    }
    (said,) = found.corrections
    assert (said.kind, said.note, said.person) == ("wrong", "I was not sad", MIRA)


@pytest.mark.parametrize(
    ("goal", "stored"),
    [
        (SceneGoal("calm"), {"scene": "calm"}),
        (MusicGoal(0.25, -0.5, None), {"music": {"valence": 0.25, "energy": -0.5}}),
        (RestoreGoal(), {"restore": True}),
    ],
)
async def test_every_goal_comes_back(
    tmp_path: Path, goal: SceneGoal | MusicGoal | RestoreGoal, stored: dict[str, object]
) -> None:
    clock = ManualClock()
    async with opened(tmp_path / "s", clock) as store:
        store.record(decision(clock, 1, goal=goal))
        (found,) = await store.decisions(fresh=True)
    assert found.goal == stored
    assert found.senses == {}


async def test_readings_are_one_row_every_five_seconds_weighted_by_quality(tmp_path: Path) -> None:
    clock = ManualClock()
    async with opened(tmp_path / "s", clock) as store:
        for _ in range(50):  # 10 s at 5 a second
            store.record(sensed(clock, valence=0.0, quality=0.25, probabilities=wave(0.2)))
            store.record(sensed(clock, valence=0.8, quality=0.75, probabilities=wave(0.6)))
            clock.advance(0.2)
        await store.flush()
        found = await store.readings()
    assert [one.samples for one in found] == [50, 50]
    one = found[0]
    assert one.valence == pytest.approx(0.6, abs=0.001)
    assert one.quality == pytest.approx(0.625, abs=0.001)
    assert (one.valence_sd, one.arousal_sd) == (0.2, 0.3)
    assert one.probabilities[Emotion.ANGER] == pytest.approx(0.5, abs=0.003)
    assert sum(one.probabilities.values()) == pytest.approx(1, abs=0.02)
    assert (one.sense, one.source, one.model) == (Sense.FACE, "camera:living", "face-1")


async def test_streams_are_kept_apart(tmp_path: Path) -> None:
    clock = ManualClock()
    async with opened(tmp_path / "s", clock) as store:
        store.record(sensed(clock))
        store.record(sensed(clock, source="camera:other"))
        store.record(sensed(clock, Sense.BODY, person=MIRA, source="strap", probabilities=()))
        store.record(sensed(clock, Sense.BODY, person=JON, source="strap", probabilities=()))
        await store.flush()
        assert len(await store.readings()) == 4
        (mine,) = await store.readings(Where(person=MIRA))
        assert mine.probabilities == {}
        assert {one.person for one in await store.readings(Where(room_only=True))} == {None}


async def test_a_window_over_is_committed_without_a_next_reading(tmp_path: Path) -> None:
    clock = ManualClock()
    async with opened(tmp_path / "s", clock) as store:
        store.record(sensed(clock))
        clock.advance(61)
        await store.tick()
        assert len(await store.readings()) == 1


async def test_a_steady_mood_is_stored_once_a_minute_and_a_changed_one_soon(tmp_path: Path) -> None:
    clock = ManualClock()
    async with opened(tmp_path / "s", clock) as store:
        number = 0
        for _ in range(600):  # two minutes, five a second, nothing new
            number += 1
            store.record(mood(clock, number))
            clock.advance(0.2)
        assert len(await store.moods(fresh=True)) == 2
        for step in range(50):  # 10 s of slow drift: every 5 s
            number += 1
            store.record(mood(clock, number, valence=0.5 + 0.001 * step))
            clock.advance(0.2)
        assert len(await store.moods(fresh=True)) == 2 + 2
        store.record(mood(clock, number + 1, label=Emotion.SADNESS))
        clock.advance(0.2)
        store.record(mood(clock, number + 2, label=Emotion.ANGER))  # clear, but within the second
        newest = await store.moods(fresh=True)
    assert [one.label for one in newest[:2]] == [Emotion.SADNESS, Emotion.HAPPINESS]


async def test_a_mood_that_a_decision_names_is_stored_though_it_was_thinned(tmp_path: Path) -> None:
    clock = ManualClock()
    async with opened(tmp_path / "s", clock) as store:
        for number in range(1, 4):
            store.record(mood(clock, number))
        store.record(decision(clock, 1, mood_id=3))
        store.record(decision(clock, 2, mood_id=3))
        found = await store.decisions(fresh=True)
        assert [one.senses[Sense.FACE] for one in found] == [0.6, 0.6]
        assert [one.id for one in await store.moods()] == [3, 1]
        store.record_correction("right", mood=mood(clock, 2))
        assert [one.id for one in await store.moods(fresh=True)] == [3, 2, 1]
        assert (await store.corrections())[0].mood == 2


async def test_only_device_changes_that_matter_are_history(tmp_path: Path) -> None:
    clock = ManualClock()
    dark = device(DeviceState(on=False, level=0.0, values={"power": 1.5, "open": True}))
    lit = device(DeviceState(on=True, level=0.5, values={"power": 9.5, "open": True}))
    async with opened(tmp_path / "s", clock) as store:
        store.record(changed(clock, dark, None))
        for watts in range(100):  # measured numbers only
            clock.advance(6)
            meter = device(replace(dark.state, values={"power": watts / 7, "open": True}))
            store.record(changed(clock, meter, dark))
        store.record(changed(clock, lit, dark))
        for level in (0.6, 0.7, 0.8):  # within 5 s: the newest wins
            clock.advance(1)
            store.record(changed(clock, device(replace(lit.state, level=level)), lit))
        clock.advance(30)
        store.record(changed(clock, replace(lit, available=False), lit))
        store.record(DeviceGone(LAMP, clock.monotonic()))
        store.record(ManualChange(ROOM, LAMP, clock.monotonic()))
        await store.flush()
        found = (await store.device_events())[::-1]
    assert [one.what for one in found] == ["new", "changed", "changed", "gone", "manual"]
    assert found[0].state == {
        "available": True,
        "on": False,
        "level": 0.0,
        "values": {"open": True},
    }
    assert found[2].state["available"] is False
    assert (found[3].room, found[4].room) == (None, ROOM)


async def test_a_device_change_that_waited_is_stored_by_the_next_commit(tmp_path: Path) -> None:
    clock = ManualClock()
    lit, brighter = device(DeviceState(level=0.5)), device(DeviceState(level=0.75))
    async with opened(tmp_path / "s", clock) as store:
        store.record(changed(clock, lit, None))
        clock.advance(1)
        store.record(changed(clock, brighter, lit))
        clock.advance(60)
        await store.tick()
        assert [one.state["level"] for one in await store.device_events()] == [0.75, 0.5]


async def test_held_rules_failed_senses_and_failed_commands_come_back(tmp_path: Path) -> None:
    clock = ManualClock()
    reason = "camera:living did not answer for 3.0 s"
    async with opened(tmp_path / "s", clock) as store:
        for _ in range(10):
            store.record(held(clock))
            clock.advance(1)
        store.record(Held(ROOM, "calm_down", "override", None, clock.monotonic()))
        for state, why in ((SenseState.ON, ""), (SenseState.FAILED, reason)):
            source = SourceId("camera:living")
            store.record(SenseChanged(source, ROOM, Sense.FACE, state, why, clock.monotonic()))
        play = PlayMusic(LAMP, 0.5, 0.25)
        late = Outcome(play, Status.TIMEOUT, "no answer within 5 s", 5000.2)
        store.record(Acted(None, late, clock.monotonic()))
        guards = await store.held(fresh=True)
        states = await store.sense_events()
        (outcome,) = await store.outcomes()
        counts = await store.counts()
    assert [(one.guard, one.lasts_ms) for one in guards] == [
        ("override", None),
        ("cooldown", 300_000),
    ]
    assert [(one.state, one.reason) for one in states] == [
        (SenseState.FAILED, reason),
        (SenseState.ON, ""),
    ]
    assert (outcome.decision, outcome.status) == (None, Status.TIMEOUT)
    assert outcome.reason == "no answer within 5 s"
    assert outcome.command == {"do": "PlayMusic", "valence": 0.5, "energy": 0.25}
    assert (counts["held"], counts["sense_event"], counts["outcome"]) == (2, 2, 1)


async def test_queries_are_bounded_filtered_and_paged(tmp_path: Path) -> None:
    clock = ManualClock()
    start_ms = round(clock.wall() * 1000)
    async with opened(tmp_path / "s", clock) as store:
        for number in range(1, 21):
            room = ROOM if number % 2 else BEDROOM
            store.record(mood(clock, number, room=room, person=MIRA if number % 4 == 1 else None))
            clock.advance(60)
        await store.flush()
        assert [one.id for one in await store.moods(Where(limit=3))] == [20, 19, 18]
        assert [one.id for one in await store.moods(Where(limit=2, before_id=18))] == [17, 16]
        assert len(await store.moods(Where(limit=-5))) == 1
        assert {one.room for one in await store.moods(Where(room=BEDROOM))} == {BEDROOM}
        assert await store.moods(Where(room="nowhere")) == ()
        since = Where(since_ms=start_ms + 60_000, until_ms=start_ms + 180_000)
        assert [one.id for one in await store.moods(since)] == [4, 3, 2]
        assert [one.id for one in await store.moods(Where(person=MIRA, limit=2))] == [17, 13]


async def test_events_that_are_no_numbers_are_refused_and_counted(tmp_path: Path) -> None:
    clock = ManualClock()
    async with opened(tmp_path / "s", clock) as store:
        assert not store.record(mood(clock, 1, valence=math.nan))
        assert not store.record(sensed(clock, valence=math.inf))
        assert not store.record(replace(decision(clock, 1), confidence=math.nan))
        assert store.record(sensed(clock))
        assert store.record(decision(clock, 1))
        await store.flush()
        assert store.drops() == {"malformed": 3}
        assert len(await store.decisions()) == 1
        assert (await store.readings())[0].samples == 1


async def test_ids_go_on_after_a_restart(tmp_path: Path) -> None:
    clock = ManualClock()
    async with opened(tmp_path / "s", clock) as store:
        for number in (1, 2, 3):
            store.record(mood(clock, number, label=list(Emotion)[number]))
            clock.advance(2)
        store.record(decision(clock, 1, mood_id=3))
    async with opened(tmp_path / "s", clock) as store:
        ids = store.next_ids()
        assert (ids.mood, ids.decision) == (4, 2)
        store.record(mood(clock, ids.mood))
        store.record(decision(clock, ids.decision, mood_id=ids.mood))
        assert [one.id for one in await store.moods(fresh=True)] == [4, 3, 2, 1]
        assert [(one.id, one.mood) for one in await store.decisions()] == [(2, 4), (1, 3)]
        assert store.drops() == {}


async def test_engines_that_count_from_one_again_overwrite_nothing(tmp_path: Path) -> None:
    clock = ManualClock()
    for run in range(3):
        async with opened(tmp_path / "s", clock) as store:
            for number in (1, 2):
                store.record(mood(clock, number, valence=run / 10))
                clock.advance(60)
                made = decision(clock, number, mood_id=number, because=f"run {run}")
                store.record(made)
                store.record(acted(clock, number))
            store.record_correction("wrong", decision=made)
    async with opened(tmp_path / "s", clock) as store:
        found = (await store.decisions())[::-1]
        assert [one.because for one in found] == ["run 0"] * 2 + ["run 1"] * 2 + ["run 2"] * 2
        assert [one.mood for one in found] == [1, 2, 3, 4, 5, 6]
        assert [len(one.outcomes) for one in found] == [1] * 6
        assert [len(one.corrections) for one in found] == [0, 1] * 3
        assert [one.valence for one in await store.moods()] == [0.2, 0.2, 0.1, 0.1, 0.0, 0.0]


async def test_many_rows_are_committed_before_their_time(tmp_path: Path) -> None:
    clock = ManualClock()
    async with opened(tmp_path / "s", clock) as store:
        for number in range(1, EARLY_ROWS):
            store.record(decision(clock, number))
        await store.tick()
        assert (await store.counts())["decision"] == 0
        store.record(decision(clock, EARLY_ROWS))
        await store.tick()
        assert (await store.counts())["decision"] == EARLY_ROWS
        assert store.health()["waiting"] == 0


async def test_a_full_queue_drops_readings_first_and_never_a_decision(tmp_path: Path) -> None:
    clock = ManualClock()
    async with opened(tmp_path / "s", clock) as store:
        for number in range(1, 101):
            store.record(sensed(clock, source=f"camera:{number}"))
            clock.advance(5)
            store.record(sensed(clock, source=f"camera:{number}"))
        for number in range(1, LIMIT + 1):
            assert store.record(decision(clock, number))
        assert store.drops() == {"reading": 100}
        assert not store.record(decision(clock, LIMIT + 1))
        assert not store.record(acted(clock, 1))
        assert store.drops() == {"reading": 100, "decision": 1, "outcome": 1}
        await store.flush()
        assert (await store.counts())["decision"] == LIMIT


def test_what_matters_less_makes_room_in_order() -> None:
    backlog = Backlog(limit=4)
    for kind in (Kind.HELD, Kind.MOOD, Kind.DEVICE, Kind.READING):
        assert backlog.put(Row(kind, 0, ()))
    for lost in (Kind.READING, Kind.DEVICE, Kind.MOOD, Kind.HELD):
        assert backlog.put(Row(Kind.DECISION, 0, ()))
        assert backlog.dropped[lost] == 1
    assert not backlog.put(Row(Kind.READING, 0, ()))
    assert not backlog.put(Row(Kind.CORRECTION, 0, ()))
    assert [row.kind for row in backlog.take()] == [Kind.DECISION] * 4
    assert len(backlog) == 0


def test_rows_given_back_come_before_later_ones() -> None:
    backlog = Backlog()
    first, second = Row(Kind.DECISION, 1, ()), Row(Kind.DECISION, 2, ())
    backlog.put(second)
    backlog.give_back([first])
    assert backlog.take() == [first, second]


def test_the_thinner_remembers_no_more_than_it_says() -> None:
    clock = ManualClock()
    thinner = Thinner()
    closed = [
        row
        for number in range(MAX_KEYS + 10)
        for row in thinner.reading(sensed(clock, source=f"camera:{number}"), 0)
    ]
    assert len(closed) == 10
    thinner.mood(mood(clock, 0), 0)
    for number in range(1, SKIPPED_MOODS + 10):
        assert thinner.mood(mood(clock, number), 0) == []
    assert thinner.named(9) == []
    assert len(thinner.named(SKIPPED_MOODS + 9)) == 1
    for number in range(MAX_KEYS + 5):
        assert len(thinner.held(held(clock, rule=f"rule_{number}"), 0)) == 1
    assert len(thinner.held(held(clock, rule="rule_0"), 0)) == 1  # long forgotten


def test_a_change_of_models_labels_begins_the_shares_anew() -> None:
    clock = ManualClock()
    thinner = Thinner()
    thinner.reading(sensed(clock, probabilities=()), 0)
    thinner.reading(sensed(clock), 0)
    (row,) = thinner.all()
    assert row.values[5] == 2
    assert isinstance(row.values[-1], bytes)


async def test_a_query_that_takes_too_long_is_interrupted(tmp_path: Path) -> None:
    clock = ManualClock()
    async with opened(tmp_path / "s", clock):
        pool = Pool()
        reader = Reader(tmp_path / "s" / "history.db", pool, limit_s=0.2)
        forever = (
            "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT max(x) FROM n"
        )
        with pytest.raises(StoreError, match=r"longer than 0\.2 s"):
            await reader.ask(lambda conn: conn.execute(forever).fetchall())
        with pytest.raises(StoreError, match="readonly database"):
            await reader.ask(lambda conn: conn.execute("DELETE FROM mood"))
        assert (await reader.ask(queries.counts))["mood"] == 0
        pool.close()


async def test_texts_are_stored_once(tmp_path: Path) -> None:
    clock = ManualClock()
    async with opened(tmp_path / "s", clock) as store:
        for number in range(1, 51):
            because = f"sad for {number} minutes"
            store.record(decision(clock, number, because=because))
            store.record(acted(clock, number, level=number / 100))
        await store.flush()
        for number in range(51, 101):
            store.record(decision(clock, number, because=f"sad for {number} minutes"))
    assert rows(tmp_path / "s", "SELECT count(*) FROM text") == [(6,)]


async def test_a_cache_of_texts_that_is_full_begins_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(row_writer, "CACHED_WORDS", 3)
    clock = ManualClock()
    async with opened(tmp_path / "s", clock) as store:
        for number, rule in enumerate(("a", "b", "a", "c", "b", "a"), 1):
            store.record(decision(clock, number, rule=rule))
            await store.flush()
        found = await store.decisions()
        assert [one.rule for one in found[::-1]] == ["a", "b", "a", "c", "b", "a"]
    assert rows(tmp_path / "s", "SELECT count(*) FROM text") == [(6,)]


async def test_a_goal_that_was_cut_is_shown_as_far_as_it_goes(tmp_path: Path) -> None:
    clock = ManualClock()
    async with opened(tmp_path / "s", clock) as store:
        store.record(decision(clock, 1, goal=SceneGoal("x" * 600)))
        (found,) = await store.decisions(fresh=True)
    assert str(found.goal["text"]).startswith('{"scene":"xxx')


async def test_two_flushes_at_once_write_everything_once(tmp_path: Path) -> None:
    clock = ManualClock()
    async with opened(tmp_path / "s", clock) as store:
        for number in range(1, 301):
            store.record(decision(clock, number))
        await asyncio.gather(*(store.flush() for _ in range(5)))
        assert (await store.counts())["decision"] == 300
        assert store.drops() == {}


def test_commands_are_stored_without_what_they_leave_alone() -> None:
    assert command_text(SetLight(LAMP, xy=(0.123456, 0.4))) == (
        '{"do":"SetLight","xy":[0.123,0.4],"transition_s":0.0}'
    )
