"""A person's right to be forgotten: gone from every file, and proof of it."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from hub.clock import ManualClock
from hub.store import erase as erasing
from hub.store.rollups import Span
from hub.store.schema import File
from hub.store.traces import search
from models.types import Sense
from tests.hub.store_household import ATTIC, live
from tests.hub.store_support import (
    JON,
    MIRA,
    ROOM,
    corrupt,
    decision,
    mood,
    opened,
    rows,
    sensed,
)


async def test_erasing_a_person_leaves_no_byte_of_them_and_everything_of_others(
    tmp_path: Path,
) -> None:
    clock = ManualClock()
    directory = tmp_path / "s"
    async with opened(directory, clock) as store:
        await live(store, clock)
        await store._upkeep.copy()
        (directory / "history.db.broken-20260101T000000").write_bytes(b"mira was here" * 100)
        (directory / "history.db.broken-20260101T000000-wal").write_bytes(b"mira")
        assert search(directory, [directory / file for file in File], ["mira"]).traces
        erased = await store.erase(MIRA, "mira")
        assert erased.traces == ()
        assert erased.proved
        assert erased.files_checked >= 6
        assert (erased.copies, erased.put_aside) == (2, 1)
        assert {t: erased.rows[t] for t in ("person", "consent", "outbox")} == {
            "person": 1,
            "consent": 1,
            "outbox": 1,
        }
        # By default the bedroom's own rows went too: nobody can tell whose they were.
        assert store.consent.state() == {(JON, Sense.FACE)}
        found = await store.decisions()
        assert sorted(one.id for one in found) == [4, 6, 7, 9]
        assert all(one.outcomes for one in found)
        assert {one.person for one in await store.moods()} == {None, "jon"}
        assert {one.room for one in await store.moods() if one.person is None} == {ROOM, ATTIC}
        assert [one.rule for one in await store.held()] == ["erased_calm"]
        assert store.config.get("wishes.mira") is None
        assert store.config.get("wishes.jon") == {"likes": "jon"}
        assert store.config.get("greeting") == "hello erased"
        assert [one.person for one in await store.outbox.peek()] == ["jon"]
        log = await store.config.audit_log()
        assert (log[0].actor, log[0].action) == ("erased", "person erased")
        assert {(one.action, one.detail) for one in log} >= {("member added or changed", "erased")}
        assert await store.config.writer.run(count_triggers) == 4
    for path in directory.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert b"mira" not in data, path.name
            assert "Mira Zöll".encode() not in data, path.name
    async with opened(directory, clock) as store:
        assert store.health()["ok"]


def count_triggers(conn: sqlite3.Connection) -> int:
    row = conn.execute("SELECT count(*) FROM sqlite_master WHERE type = 'trigger'").fetchone()
    return int(row[0])


async def test_shared_rows_can_be_kept(tmp_path: Path) -> None:
    clock = ManualClock()
    async with opened(tmp_path / "s", clock) as store:
        await live(store, clock)
        before = await store.counts()
        erased = await store.erase(MIRA, "jon", keep_shared=True)
        assert erased.proved
        after = await store.counts()
        assert before["mood"] - after["mood"] == 3
        assert before["reading"] - after["reading"] == 3
        assert after["sense_event"] == before["sense_event"] == 3
        assert sorted(one.id for one in await store.decisions()) == [1, 3, 4, 6, 7, 9]
        hours = await store.rollups(Span.HOUR)
        assert {one.person for one in hours} == {None, "jon"}


async def test_what_is_sensed_of_an_erased_person_is_not_recorded_until_they_agree_anew(
    tmp_path: Path,
) -> None:
    clock = ManualClock()
    async with opened(tmp_path / "s", clock) as store:
        await live(store, clock)
        store.record(sensed(clock, Sense.BODY, person=MIRA, source="strap"))  # waits
        store.record(mood(clock, 50, person=MIRA))
        store.record(mood(clock, 51, person=MIRA))  # thinned, remembered
        erased = await store.erase(MIRA)
        assert erased.proved
        store.record(sensed(clock, Sense.BODY, person=MIRA, source="strap"))
        store.record(mood(clock, 52, person=MIRA))
        store.record(decision(clock, 60, mood_id=51))
        await store.flush()
        assert MIRA not in {one.person for one in await store.moods()}
        assert rows(tmp_path / "s", "SELECT 1 FROM text WHERE value = 'mira'") == []
        await store.consent.give(MIRA, Sense.BODY, "mira")
        clock.advance(60)
        store.record(mood(clock, 53, person=MIRA))
        assert MIRA in {one.person for one in await store.moods(fresh=True)}


async def test_erasing_everything_begins_anew(tmp_path: Path) -> None:
    clock = ManualClock()
    directory = tmp_path / "s"
    async with opened(directory, clock) as store:
        await live(store, clock)
        await store.config.set_privacy(True, "mira")
        store.record(sensed(clock))
        erased = await store.erase(None, "jon")
        assert erased.proved
        assert erased.rows["mood"] == 9
        assert erased.rows["consent"] == 2
        assert erased.rows["outbox"] == 2
        assert store.consent.state() == frozenset()
        assert store.config.people() == ()
        assert await store.outbox.size() == (0, 0)
        assert set((await store.counts()).values()) == {0}
        assert [(one.actor, one.action) for one in await store.config.audit_log()] == [
            ("jon", "person erased")
        ]
        for path in directory.rglob("*"):
            if path.is_file():
                assert b"mira" not in path.read_bytes()
        store.record(mood(clock, 70))
        assert [one.id for one in await store.moods(fresh=True)] == [70]
        for _ in range(2):
            clock.advance(3600)
            await store.tick()
        assert len(await store.rollups(Span.DAY)) == 1
    async with opened(directory, clock) as store:
        assert store.health()["ok"]


async def test_erasing_works_while_others_read_and_write(tmp_path: Path) -> None:
    clock = ManualClock()
    async with opened(tmp_path / "s", clock) as store:
        await live(store, clock)

        async def busy() -> int:
            done = 0
            for number in range(100, 160):
                store.record(mood(clock, number, person=JON, valence=number % 9 / 10))
                clock.advance(6)
                await store.moods()
                await store.flush()
                done += 1
            return done

        erased, done = await asyncio.gather(store.erase(MIRA), busy())
        assert erased.proved
        assert done == 60
        assert len([one for one in await store.moods() if one.id >= 100]) == 60


async def test_a_reader_that_holds_the_wal_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = ManualClock()
    monkeypatch.setattr(erasing, "CHECKPOINT_PAUSE_S", 0.01)
    monkeypatch.setattr("hub.store.db.BUSY_S", 0.01)
    async with opened(tmp_path / "s", clock) as store:
        await live(store, clock)
        reader = sqlite3.connect(tmp_path / "s" / File.HISTORY, isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM mood").fetchone()
        erased = await store.erase(MIRA)
        # The old pages are in the WAL as long as someone reads them, and the proof says so.
        assert {trace.file for trace in erased.traces} <= {"history.db", "history.db-wal"}
        assert not erased.proved
        reader.close()
        again = await store.erase(MIRA)
        assert again.proved


async def test_erasing_without_room_to_vacuum_still_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = ManualClock()
    async with opened(tmp_path / "s", clock) as store:
        await live(store, clock)
        monkeypatch.setattr(erasing, "VACUUM", "SELECT * FROM no_room_to_vacuum")
        erased = await store.erase(MIRA)
    assert erased.proved


async def test_erasing_with_a_broken_copy_about_removes_it(tmp_path: Path) -> None:
    clock = ManualClock()
    directory = tmp_path / "s"
    async with opened(directory, clock) as store:
        await live(store, clock)
        await store._upkeep.copy()
        corrupt(max((directory / "copies").iterdir()), 0, 800)
        assert (await store.erase(MIRA)).proved
        assert len(list((directory / "copies").iterdir())) == 1
