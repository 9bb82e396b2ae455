"""What is recorded can be asked for: every kind of event, thinned as documented."""

import math
from dataclasses import replace
from pathlib import Path

import pytest

from drivers.types import (
    Outcome,
    PlayMusic,
    SetLight,
    Status,
)
from hub.clock import ManualClock
from hub.errors import StoreError
from hub.store import queries, row_writer
from hub.store.pool import Pool
from hub.store.queries import Where
from hub.store.reader import Reader
from hub.store.rows import command_text
from hub.types import (
    Acted,
    Held,
    MusicGoal,
    RestoreGoal,
    SceneGoal,
    SenseChanged,
    SenseState,
    SourceId,
)
from models.types import Sense
from tests.hub.store_support import (
    BEDROOM,
    LAMP,
    MIRA,
    ROOM,
    acted,
    decision,
    held,
    mood,
    opened,
    rows,
    sensed,
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


def test_commands_are_stored_without_what_they_leave_alone() -> None:
    assert command_text(SetLight(LAMP, xy=(0.123456, 0.4))) == (
        '{"do":"SetLight","xy":[0.123,0.4],"transition_s":0.0}'
    )
