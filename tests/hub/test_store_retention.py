"""Old rows go, sums stay, and no wall clock can make the hub forget."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from hub.clock import ManualClock
from hub.store import retention
from hub.store.ageing import MAX_OFF_MS
from hub.store.queries import Where
from hub.store.rollups import CHUNK, Rollups, Span
from hub.store.schema import File
from models.types import Emotion
from tests.hub.store_support import (
    BEDROOM,
    MIRA,
    acted,
    decision,
    held,
    mood,
    new_directory,
    opened,
    rows,
    sensed,
)

HOUR = 3600.0
DAY = 24 * HOUR
YEARS_10 = 3653 * DAY


class BerlinClock(ManualClock):
    """A clock of a home in Berlin."""

    def local(self) -> datetime:
        return datetime.fromtimestamp(self.wall(), ZoneInfo("Europe/Berlin"))


async def test_readings_go_after_a_week_and_moods_when_they_are_old(tmp_path: Path) -> None:
    clock = ManualClock()
    async with opened(tmp_path / "s", clock, keep_moods_days=30) as store:
        for day in range(1, 11):
            store.record(sensed(clock))
            store.record(mood(clock, day))
            store.record(decision(clock, day, mood_id=day))
            store.record(acted(clock, day))
            store.record(held(clock))
            for _ in range(4):
                clock.advance(6 * HOUR)
                await store.tick()
        counts = await store.counts()
        assert counts["reading"] == 7
        assert counts["mood"] == counts["decision"] == counts["outcome"] == counts["held"] == 10
        for _ in range(32):
            clock.advance(DAY)
            await store.tick()
        counts = await store.counts()
        assert {counts[table] for table in ("reading", "mood", "decision", "outcome")} == {0}
        assert len(await store.rollups(Span.DAY)) == 10
        assert store.next_ids().mood == 11
    async with opened(tmp_path / "s", clock, keep_moods_days=30) as store:
        assert store.next_ids().mood == 11  # though no mood is left to tell
        store.record(mood(clock, 11))
        await store.flush()
        clock.advance(HOUR)
        await store.tick()
        assert (await store.counts())["mood"] == 1
    assert len(rows(tmp_path / "s", "SELECT 1 FROM age_mark")) < 40


@pytest.mark.parametrize("jump", [YEARS_10, -YEARS_10])
async def test_a_clock_that_jumps_ten_years_deletes_nothing(tmp_path: Path, jump: float) -> None:
    clock = ManualClock()
    async with opened(tmp_path / "s", clock) as store:
        for number in range(1, 11):
            store.record(sensed(clock))
            store.record(mood(clock, number))
            clock.advance(HOUR)
            await store.tick()
        clock.jump_wall(jump)
        for number in range(11, 21):
            store.record(sensed(clock))
            store.record(mood(clock, number))
            clock.advance(HOUR)
            await store.tick()
        counts = await store.counts()
        assert (counts["reading"], counts["mood"]) == (20, 20)
        # Rows stay in the order of their ids, and newest first means newest stored.
        assert [one.id for one in await store.moods()] == list(range(20, 0, -1))
        clock.jump_wall(-jump)
        await store.tick()
        assert (await store.counts())["reading"] == 20


@pytest.mark.parametrize("jump", [YEARS_10, -YEARS_10])
async def test_a_clock_that_jumps_while_the_hub_is_off_deletes_nothing(
    tmp_path: Path, jump: float
) -> None:
    clock = ManualClock()
    async with opened(tmp_path / "s", clock) as store:
        for number in range(1, 11):
            store.record(sensed(clock))
            store.record(mood(clock, number))
            clock.advance(HOUR)
            await store.tick()
    clock.jump_wall(jump)
    async with opened(tmp_path / "s", clock) as store:
        clock.advance(HOUR)
        await store.tick()
        counts = await store.counts()
        assert (counts["reading"], counts["mood"]) == (10, 10)


async def test_time_off_counts_as_far_as_it_is_believable(tmp_path: Path) -> None:
    clock = ManualClock()
    async with opened(tmp_path / "s", clock) as store:
        store.record(sensed(clock))
        store.record(mood(clock, 1))
        await store.flush()
    clock.advance(10 * DAY)
    async with opened(tmp_path / "s", clock) as store:
        assert store.health()["age_days"] == 10
        clock.advance(HOUR)
        await store.tick()
        counts = await store.counts()
        assert (counts["reading"], counts["mood"]) == (0, 1)
    clock.advance(MAX_OFF_MS / 1000 + 1)
    async with opened(tmp_path / "s", clock) as store:
        assert store.health()["age_days"] == 10.04


async def test_rollups_are_means_weighted_by_time(tmp_path: Path) -> None:
    clock = BerlinClock(datetime(2027, 3, 28, 0, 30, tzinfo=UTC).timestamp())
    async with opened(tmp_path / "s", clock) as store:
        store.record(mood(clock, 1, valence=0.0))  # counts for 5 s
        clock.advance(10)
        store.record(mood(clock, 2, valence=0.5, label=Emotion.SADNESS))  # for 10 s
        clock.advance(20)
        store.record(mood(clock, 3, valence=0.25))  # for 20 s
        store.record(mood(clock, 4, valence=-1.0, room=BEDROOM, person=MIRA))
        clock.advance(HOUR)
        await store.tick()
        (minute,) = await store.rollups(Span.MINUTE, Where(room="living_room", room_only=True))
        assert (minute.moods, minute.lasted_ms) == (3, 35_000)
        assert minute.valence == pytest.approx((0 * 5 + 0.5 * 10 + 0.25 * 20) / 35, abs=0.001)
        assert minute.labels == {Emotion.HAPPINESS: 0.714, Emotion.SADNESS: 0.286}
        (hers,) = await store.rollups(Span.HOUR, Where(person=MIRA))
        assert (hers.valence, hers.room, hers.person) == (-1.0, BEDROOM, MIRA)
        clock.advance(6 * HOUR)
        store.record(mood(clock, 5, valence=1.0))
        clock.advance(HOUR)
        await store.tick()
        days = await store.rollups(Span.DAY, Where(room_only=True))
        assert [day.moods for day in days] == [4]
        # The day began at midnight in Berlin, an hour before UTC's, though the clocks change in it.
        assert days[0].at_ms == datetime(2027, 3, 27, 23, 0, tzinfo=UTC).timestamp() * 1000
        hours = await store.rollups(Span.HOUR, Where(room_only=True))
        assert [hour.moods for hour in hours] == [1, 3]


def test_days_begin_at_local_midnight_summer_and_winter() -> None:
    rollups = Rollups(ZoneInfo("Europe/Berlin"))
    for month, hour in ((1, 23), (7, 22)):
        noon = datetime(2027, month, 15, 12, tzinfo=UTC).timestamp() * 1000
        began = datetime(2027, month, 14, hour, tzinfo=UTC).timestamp() * 1000
        assert rollups.start(Span.DAY, int(noon)) == began


async def test_rollups_add_up_over_chunks_and_restarts(tmp_path: Path) -> None:
    clock = ManualClock()
    count = CHUNK + 500
    for part in range(2):
        async with opened(tmp_path / "s", clock) as store:
            first = store.next_ids().mood
            for number in range(first, first + count // 2):
                store.record(mood(clock, number, valence=0.5 if number % 2 else 0.1))
                clock.advance(6)
                await store.tick()
            clock.advance(HOUR)
            await store.tick()
            days = await store.rollups(Span.DAY)
            assert sum(day.moods for day in days) == (part + 1) * (count // 2)
    minutes = rows(tmp_path / "s", "SELECT sum(moods), sum(lasted_ms) FROM rollup WHERE kind = 0")
    assert minutes == [(count, 2 * 5000 + (count - 2) * 6000)]


async def test_unused_texts_are_deleted_once_there_are_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention.delete_unused_words, "__defaults__", (100,))
    clock = ManualClock()
    directory = tmp_path / "s"
    async with opened(directory, clock, keep_moods_days=1) as store:
        for number in range(1, 121):
            text = "".join(chr(97 + int(digit)) for digit in str(number))
            store.record(decision(clock, number, because=f"because of {text}"))
        await store.flush()
        clock.advance(HOUR)
        await store.tick()
        assert rows(directory, "SELECT count(*) FROM text") == [(123,)]
        clock.advance(HOUR)
        await store.tick()
        clock.advance(1.1 * DAY)
        store.record(decision(clock, 121, because="because of a"))
        await store.flush()
        await store.tick()
        assert (await store.counts())["decision"] == 1
        assert rows(directory, "SELECT count(*) FROM text") == [(4,)]
        store.record(decision(clock, 122, because="because of b"))
        found = await store.decisions(fresh=True)
        assert [one.because for one in found] == ["because of b", "because of a"]


async def test_a_file_that_is_mostly_empty_shrinks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "VACUUM_PAGES", 100)
    clock = ManualClock()
    directory = tmp_path / "s"
    async with opened(directory, clock, keep_readings_days=1) as store:
        for camera in range(6000):
            store.record(sensed(clock, source=f"camera:{camera % 100}"))
            if camera % 100 == 99:
                clock.advance(6)
                await store.tick()
        clock.advance(HOUR)
        await store.tick()
        await store._file.writer.run(
            lambda conn: conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        )
        before = (directory / File.HISTORY).stat().st_size
        for _ in range(2):
            clock.advance(1.1 * DAY)
            await store.tick()
        assert (await store.counts())["reading"] == 0
        await store._file.writer.run(
            lambda conn: conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        )
        assert (directory / File.HISTORY).stat().st_size < before / 3


async def test_broken_histories_go_when_their_readings_would_have(tmp_path: Path) -> None:
    directory = new_directory(tmp_path / "s")
    (directory / File.HISTORY).write_bytes(b"rubbish" * 1000)
    clock = ManualClock()
    async with opened(directory, clock) as store:
        for _ in range(6):
            clock.advance(DAY)
            await store.tick()
        assert len(list(directory.glob("*.broken-*"))) == 1
        clock.advance(2 * DAY)
        await store.tick()
        assert list(directory.glob("*.broken-*")) == []


async def test_deleted_rows_leave_no_bytes_behind(tmp_path: Path) -> None:
    clock = ManualClock()
    directory = tmp_path / "s"
    secret = "a sentence that nobody should find"
    async with opened(directory, clock, keep_moods_days=1) as store:
        store.record_correction("wrong", secret)
        await store.flush()
        clock.advance(HOUR)
        await store.tick()
        for _ in range(2):
            clock.advance(1.1 * DAY)
            await store.tick()
        assert (await store.counts())["correction"] == 0
    assert secret.encode() not in (directory / File.HISTORY).read_bytes()
