"""What waits to be written: in order, each once, and what gives way when there is too much."""

import asyncio
from pathlib import Path

from hub.clock import ManualClock
from hub.store.backlog import LIMIT, Backlog
from hub.store.history import EARLY_ROWS
from hub.store.rows import Kind, Row
from models.types import Emotion
from tests.hub.store_support import (
    acted,
    decision,
    mood,
    opened,
    sensed,
)


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


async def test_two_flushes_at_once_write_everything_once(tmp_path: Path) -> None:
    clock = ManualClock()
    async with opened(tmp_path / "s", clock) as store:
        for number in range(1, 301):
            store.record(decision(clock, number))
        await asyncio.gather(*(store.flush() for _ in range(5)))
        assert (await store.counts())["decision"] == 300
        assert store.drops() == {}
