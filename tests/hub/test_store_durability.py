"""Nothing acknowledged is lost: killed processes, broken files, full and read-only disks."""

import asyncio
import json
import random
import shutil
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hub.clock import ManualClock, SystemClock
from hub.errors import DiskFull, StoreCorrupt, StoreError
from hub.store import copies, recover
from hub.store import reserve as reserve_module
from hub.store import store as store_module
from hub.store.consent import RESTORED
from hub.store.db import connect, store_error
from hub.store.recover import Finding, inspect, put_aside, put_aside_files, remove
from hub.store.reserve import Reserve
from hub.store.schema import File
from hub.store.store import Store
from hub.supervisor import Stage, Supervisor
from models.types import Sense
from tests.hub.store_support import (
    JON,
    MIRA,
    acted,
    corrupt,
    decision,
    mood,
    new_directory,
    opened,
    rows,
    sensed,
    settings,
)

KILLS = 12
ACKNOWLEDGED = ("flushed", "consented", "queued")


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_a_killed_hub_loses_nothing_that_it_acknowledged(tmp_path: Path) -> None:
    directory = new_directory(tmp_path / "s")
    chance = random.Random(7)
    flushed = queued = 0
    consented: set[str] = set()
    for run in range(KILLS):
        child = subprocess.Popen(
            [sys.executable, "-m", "tests.hub.store_child", str(directory)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert child.stdout is not None
        assert child.stdout.readline().startswith("opened")
        told: list[str] = []
        if run % 2:  # at any moment
            time.sleep(chance.uniform(0.01, 0.4))
        else:  # in the moment after an acknowledgement
            at = chance.randint(3, 20)
            while len(told) < at or not told[-1].startswith(ACKNOWLEDGED[run // 2 % 3]):
                told.append(child.stdout.readline())
        child.kill()
        for line in (*told, *child.stdout.read().splitlines()):
            what, number = line.split()
            match what:
                case "flushed":
                    flushed = int(number)
                case "consented":
                    consented.add(f"p{number}")
                case "queued":
                    queued = int(number)
        child.wait()
        child.stdout.close()
        assert check(directory) == ["ok"] * 3
        ids = [row[0] for row in rows(directory, "SELECT id FROM decision ORDER BY id")]
        assert ids == list(range(1, len(ids) + 1))
        assert len(ids) >= flushed
        outcomes = rows(directory, f"SELECT count(*) FROM outcome WHERE decision <= {flushed}")
        assert outcomes == [(flushed,)]
        people = rows(directory, "SELECT person FROM consent", File.CONFIG)
        assert consented <= {str(row[0]) for row in people}
        waiting = rows(directory, "SELECT coalesce(max(id), 0) FROM outbox", File.QUEUE)
        assert waiting[0][0] >= queued  # type: ignore[operator]
    assert flushed > KILLS * 7
    assert len(consented) >= KILLS


def check(directory: Path) -> list[str]:
    answers = []
    for file in File:
        conn = sqlite3.connect(directory / file)
        answers.append(conn.execute("PRAGMA integrity_check").fetchone()[0])
        conn.close()
    return answers


async def test_a_cut_wal_costs_its_end_only(tmp_path: Path) -> None:
    clock = ManualClock()
    async with opened(tmp_path / "s", clock) as store:
        for number in range(1, 11):
            store.record(decision(clock, number))
            await store.flush()
        shutil.copytree(tmp_path / "s", tmp_path / "copy")
    wal = tmp_path / "copy" / f"{File.HISTORY}-wal"
    with wal.open("r+b") as file:
        file.truncate(wal.stat().st_size * 6 // 10)
    async with opened(tmp_path / "copy", clock) as store:
        assert store.health()["ok"]
        found = sorted(one.id for one in await store.decisions())
    assert found == list(range(1, len(found) + 1))
    assert 3 <= len(found) < 10


@pytest.mark.parametrize("rubbish", [b"", b"\x00" * 5000, b"not a database at all" * 300])
async def test_a_broken_history_is_put_aside_and_made_anew(tmp_path: Path, rubbish: bytes) -> None:
    clock = ManualClock()
    async with opened(tmp_path / "s", clock) as store:
        await store.consent.give(MIRA, Sense.FACE, "mira")
        store.record(decision(clock, 1))
    path = tmp_path / "s" / File.HISTORY
    if rubbish:
        path.write_bytes(rubbish)
    else:
        corrupt(path)
    async with opened(tmp_path / "s", clock) as store:
        problems = store.health()["problems"]
        assert isinstance(problems, list)
        assert problems[0].startswith("history.db was broken and is kept as history.db.broken-2027")
        assert store.consent.state() == {(MIRA, Sense.FACE)}
        store.record(decision(clock, 1))
        assert len(await store.decisions(fresh=True)) == 1
    assert len(list((tmp_path / "s").glob("history.db.broken-*"))) == 1


async def test_an_empty_file_is_a_new_one(tmp_path: Path) -> None:
    directory = new_directory(tmp_path / "s")
    (directory / File.HISTORY).write_bytes(b"")
    async with opened(directory) as store:
        assert store.health()["ok"]


async def test_no_more_than_two_broken_histories_are_kept(tmp_path: Path) -> None:
    directory = new_directory(tmp_path / "s")
    clock = ManualClock()
    for _ in range(3):
        (directory / File.HISTORY).write_bytes(b"rubbish" * 1000)
        async with opened(directory, clock):
            pass
    kept = sorted(path.name for path in directory.glob("*.broken-*"))
    assert [name.removeprefix("history.db.broken-") for name in kept] == [
        "20270115T080000-2",
        "20270115T080000-3",
    ]


def test_a_broken_file_is_put_aside_with_its_wal(tmp_path: Path) -> None:
    names = (File.HISTORY, f"{File.HISTORY}-wal", f"{File.HISTORY}-shm")
    for name in names:
        (tmp_path / name).write_text(name)
    aside = put_aside(tmp_path / File.HISTORY, 0)
    assert aside.name == "history.db.broken-19700101T000000"
    assert aside.with_name(f"{aside.name}-wal").read_text() == names[1]
    assert put_aside_files(tmp_path / File.HISTORY) == [aside]
    remove([aside])
    assert list(tmp_path.iterdir()) == []


async def test_a_history_that_breaks_while_the_hub_runs_is_rebuilt_and_nothing_waiting_is_lost(
    tmp_path: Path,
) -> None:
    clock = ManualClock()
    async with opened(tmp_path / "s", clock) as store:
        for number in range(1, 301):
            store.record(decision(clock, number))
        await store.flush()
        await break_under(store)
        for number in range(301, 401):
            store.record(decision(clock, number))
        await store.flush()
        health = store.health()
        assert health["problems"] == [
            f"history.db was broken and is kept as {next(tmp_path.glob('s/*.broken-*')).name}"
        ]
        assert [one.id for one in await store.decisions()][-1] == 301
        assert len(await store.decisions()) == 100
        assert store.next_ids().decision == 401


async def break_under(store: Store) -> None:
    """Spoil history.db behind its connection's back, which then has to read it again."""
    path = store._file.writer.path

    def spoil(conn: sqlite3.Connection) -> None:
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        corrupt(path, 1024, path.stat().st_size - 1024)
        conn.execute("PRAGMA shrink_memory")

    await store._file.writer.run(spoil)


async def test_upkeep_on_a_broken_history_rebuilds_it(tmp_path: Path) -> None:
    clock = ManualClock()
    async with opened(tmp_path / "s", clock) as store:
        for number in range(1, 301):
            store.record(mood(clock, number, valence=number % 5 / 10))
            clock.advance(5)
        await store.flush()
        await break_under(store)
        clock.advance(3600)
        await store.tick()
        assert not store.health()["ok"]
        assert (await store.counts())["mood"] == 0


async def test_a_query_that_meets_a_broken_page_has_the_whole_file_checked(tmp_path: Path) -> None:
    directory = new_directory(tmp_path / "s")
    store = Store(settings(directory), SystemClock())
    await store.open()
    clock = ManualClock()
    for number in range(1, 601):
        store.record(decision(clock, number))
    await store.flush()
    await break_under(store)
    with pytest.raises(StoreCorrupt):
        await store.decisions()
    supervisor = Supervisor(SystemClock())
    supervisor.add("store", store.run, Stage.STORE)
    async with asyncio.timeout(20):
        while store.health()["ok"]:
            await asyncio.sleep(0.02)
    assert (await store.counts())["decision"] == 0
    assert await supervisor.stop() == ()
    await store.close()


async def test_a_rebuilding_that_was_cancelled_is_finished_by_the_next_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = ManualClock()
    async with opened(tmp_path / "s", clock) as store:
        for number in range(1, 301):
            store.record(decision(clock, number))
        await store.flush()
        await break_under(store)
        for number in range(301, 401):
            store.record(decision(clock, number))
        flushing = asyncio.ensure_future(store.flush())
        async with asyncio.timeout(10):
            while not store._file.rebuilt:
                await asyncio.sleep(0.01)
        flushing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await flushing
        monkeypatch.setattr(store_module, "REBUILD_LIMIT_S", 0.05)
        with pytest.raises(StoreError, match="still being made anew"):
            await store.decisions()
        await store.flush()
        assert len(await store.decisions()) == 100
        assert len(store._file.rebuilt) == 1


async def test_a_long_check_goes_on_in_the_background(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = ManualClock()
    async with opened(tmp_path / "s", clock) as store:
        for number in range(1, 901):
            store.record(decision(clock, number))
            await store.tick()
    path = tmp_path / "s" / File.HISTORY
    assert inspect(path, File.HISTORY) is Finding.GOOD
    monkeypatch.setattr(recover, "_STEPS", 10)
    assert inspect(path, File.HISTORY, limit_s=-1) is Finding.UNFINISHED
    monkeypatch.setattr(recover.inspect, "__defaults__", (-1.0,))
    store = Store(settings(tmp_path / "s"), SystemClock())
    await store.open()
    supervisor = Supervisor(SystemClock())
    supervisor.add("store", store.run, Stage.STORE)
    async with asyncio.timeout(10):
        while store._unchecked:
            await asyncio.sleep(0.01)
    await supervisor.stop()
    assert store.health()["ok"]
    assert (await store.counts())["decision"] == 900
    await store.close()


async def test_a_broken_configuration_comes_back_from_the_newest_sound_copy(tmp_path: Path) -> None:
    directory = tmp_path / "s"
    async with opened(directory) as store:
        await store.config.set("theme", "dark", "mira")
        await store.consent.give(MIRA, Sense.FACE, "mira")
        await store._upkeep.copy()
        await store.consent.withdraw(MIRA, Sense.FACE, "mira")  # after the copy
        await store.consent.give(JON, Sense.VOICE, "jon")
        await store._upkeep.copy()
        newest = max((directory / "copies").iterdir())
    corrupt(newest, 100, 8000)
    (directory / File.CONFIG).write_bytes(b"\xff" * 9000)
    async with opened(directory) as store:
        assert store.config.get("theme") == "dark"
        problems = store.health()["problems"]
        assert isinstance(problems, list)
        assert "config.db was broken" in problems[0]
        assert "consent is needed anew" in problems[1]
        # The copy says that Mira has agreed; she has withdrawn since. So nobody has.
        assert store.consent.state() == frozenset()
        last = (await store.consent.log())[0]
        assert (last.person, last.given, last.by) == (MIRA, False, RESTORED)
    assert rows(directory, "SELECT count(*) FROM consent", File.CONFIG) == [(2,)]


async def test_a_configuration_that_is_gone_comes_back_too(tmp_path: Path) -> None:
    directory = tmp_path / "s"
    async with opened(directory) as store:
        await store.config.set("theme", "dark", "mira")
        await store._upkeep.copy()
    (directory / File.CONFIG).unlink()
    async with opened(directory) as store:
        assert store.config.get("theme") == "dark"
        assert not store.health()["ok"]


async def test_a_broken_configuration_without_a_copy_is_never_silently_empty(
    tmp_path: Path,
) -> None:
    directory = new_directory(tmp_path / "s")
    (directory / File.CONFIG).write_bytes(b"rubbish" * 1000)
    async with opened(directory) as store:
        problems = store.health()["problems"]
        assert isinstance(problems, list)
        assert "no sound copy" in problems[1]
        assert store.consent.state() == frozenset()
    assert len(list(directory.glob("config.db.broken-*"))) == 1


async def test_a_broken_queue_is_put_aside(tmp_path: Path) -> None:
    directory = new_directory(tmp_path / "s")
    corrupt(directory / File.QUEUE, 0, 4096)
    async with opened(directory) as store:
        assert await store.outbox.size() == (0, 0)
        problems = store.health()["problems"]
        assert isinstance(problems, list)
        assert "queue.db was broken" in problems[0]


async def test_copies_are_made_daily_and_seven_are_kept(tmp_path: Path) -> None:
    clock = ManualClock()
    directory = tmp_path / "s"
    async with opened(directory, clock) as store:
        for _ in range(10):
            clock.advance(86_400)
            await store.tick()
    names = sorted(path.name for path in (directory / "copies").iterdir())
    assert names == [f"config-{number:06}.db" for number in range(5, 12)]
    assert {path.stat().st_mode & 0o777 for path in (directory / "copies").iterdir()} == {0o600}


async def test_a_copy_that_fails_leaves_nothing_half_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(path: Path) -> None:
        raise OSError(5, "Input/output error")

    async with opened(tmp_path / "s") as store:
        before = sorted((tmp_path / "s" / "copies").iterdir())
        monkeypatch.setattr(copies, "_sync", broken)
        with pytest.raises(StoreError, match="Input/output error"):
            await store._upkeep.copy()
        assert sorted((tmp_path / "s" / "copies").iterdir()) == before


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_a_full_disk_costs_readings_and_nothing_else(tmp_path: Path) -> None:
    said = on_a_small_disk("full", tmp_path)
    assert said["reserve_at_start"] == 1 << 20
    assert said["full"] is True
    assert said["reserve_when_full"] is False
    dropped = said["dropped"]
    assert isinstance(dropped, dict)
    assert set(dropped) <= {"reading", "mood"}
    assert dropped["reading"] > 500
    assert said["decisions_when_full"] == 1000
    assert said["named_moods"] == 100
    assert said["waiting"] == 0
    assert said["full_afterwards"] is False
    assert said["reserve_afterwards"] == 1 << 20
    assert said["readings_afterwards"] == 60
    assert said["lost_afterwards"] is False
    assert said["decisions_after_restart"] == 1020
    assert said["consents_after_restart"] == 20
    assert said["problems_after_restart"] == []


def test_a_read_only_directory_is_a_clear_error(tmp_path: Path) -> None:
    said = on_a_small_disk("read-only", tmp_path)
    assert said["kind"] == "StoreError"
    assert "cannot be written" in str(said["error"])


def on_a_small_disk(what: str, tmp_path: Path) -> dict[str, object]:
    if shutil.which("unshare") is None:
        pytest.fail("this test needs unshare: apt-get install util-linux")
    disk = tmp_path / "disk"
    disk.mkdir()
    done = subprocess.run(
        ["unshare", "-rm", sys.executable, "-m", "tests.hub.store_small_disk", what, str(disk)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"unshare -rm must be allowed to mount a tmpfs: {done.stderr}"
    said = json.loads(done.stdout.splitlines()[-1])
    assert isinstance(said, dict)
    return said


async def test_a_disk_that_stays_full_keeps_decisions_waiting(tmp_path: Path) -> None:
    clock = ManualClock()
    async with opened(tmp_path / "s", clock) as store:
        await limit_pages(store, 0)
        for number in range(1, 101):
            store.record(sensed(clock))
            store.record(mood(clock, number, valence=number % 9 / 10))
            store.record(decision(clock, number, mood_id=number))
            store.record(acted(clock, number))
            clock.advance(5)
        with pytest.raises(DiskFull):
            await store.flush()
        health = store.health()
        assert health["disk_full"] is True
        assert health["waiting"] == 300
        assert store.drops() == {"reading": 100}
        assert not (tmp_path / "s" / "reserve").exists()
        assert not health["ok"]
        clock.advance(60)
        await store.tick()  # nothing is raised, everything waits on
        assert store.health()["waiting"] == 300
        await limit_pages(store, 1 << 30)
        clock.advance(60)
        await store.tick()
        assert len(await store.decisions()) == 100
        assert store.health()["disk_full"] is False
        assert (tmp_path / "s" / "reserve").exists()


async def test_while_the_disk_is_full_only_what_matters_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = ManualClock()
    async with opened(tmp_path / "s", clock) as store:
        monkeypatch.setattr(reserve_module, "free_bytes", lambda _: 0)
        await store._file.release_reserve()
        store.record(sensed(clock))
        clock.advance(6)
        assert not store.record(sensed(clock))
        for number in (1, 2):
            store.record(mood(clock, number, valence=number / 10))
            clock.advance(6)
        store.record(decision(clock, 1, mood_id=2))
        await store.flush()
        assert [one.id for one in await store.moods()] == [2]
        assert store.drops() == {"reading": 2, "mood": 1}
        wal = tmp_path / "s" / f"{File.HISTORY}-wal"
        assert wal.stat().st_size == 0  # emptied at once, so as not to eat the reserve's room


async def limit_pages(store: Store, pages: int) -> None:
    """Let history.db have no more pages than this (at least those it has)."""
    await store._file.writer.run(
        lambda conn: conn.execute(f"PRAGMA max_page_count = {max(pages, 1)}").fetchall()
    )


async def test_consent_that_cannot_be_stored_is_not_given_but_its_withdrawal_counts(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path / "s") as store:
        await store.consent.give(MIRA, Sense.FACE, "mira")
        await store.config.writer.run(lambda c: c.execute("PRAGMA query_only = ON"))
        with pytest.raises(StoreError):
            await store.consent.give(MIRA, Sense.VOICE, "mira")
        with pytest.raises(StoreError):
            await store.consent.withdraw(MIRA, Sense.FACE, "mira")
        with pytest.raises(StoreError):
            await store.config.set_privacy(True, "mira")
        assert store.consent.state() == frozenset()
        assert store.config.privacy
        await store.config.writer.run(lambda c: c.execute("PRAGMA query_only = OFF"))


async def test_consent_is_stored_from_the_reserve(tmp_path: Path) -> None:
    async with opened(tmp_path / "s") as store:
        await store.config.writer.run(lambda c: c.execute("PRAGMA max_page_count = 1"))
        reserve = tmp_path / "s" / "reserve"
        with pytest.raises(DiskFull):
            await store.config.audit("mira", "look", "x" * 50_000)
        assert not reserve.exists()


async def test_copying_on_a_full_disk_is_left_for_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = ManualClock()
    async with opened(tmp_path / "s", clock) as store:

        async def no_room() -> None:
            raise DiskFull("no room")

        monkeypatch.setattr(store._upkeep, "copy", no_room)
        clock.advance(86_500)
        await store.tick()
        assert not (tmp_path / "s" / "reserve").exists()
        assert store.health()["disk_full"] is True


def test_the_reserve_is_made_only_where_it_fits(tmp_path: Path) -> None:
    reserve = Reserve(tmp_path, 1 << 50)
    reserve.keep()
    assert reserve.full
    assert not (tmp_path / "reserve").exists()
    nothing = Reserve(tmp_path, 0)
    seen = []
    for step in (nothing.keep, nothing.release, nothing.keep):
        step()
        seen.append(nothing.full)
    assert seen == [False, True, False]
    assert not (tmp_path / "reserve").exists()


def test_a_reserve_that_cannot_be_made_counts_as_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "reserve").mkdir()
    reserve = Reserve(tmp_path, 4096)
    monkeypatch.setattr(reserve, "release", lambda: setattr(reserve, "full", True))
    reserve.keep()
    assert reserve.full


async def test_a_disk_that_does_not_answer_is_a_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = ManualClock()
    async with opened(tmp_path / "s", clock) as store:
        file = store._file
        store.record(decision(clock, 1))
        slow = asyncio.ensure_future(file.writer.run(lambda _: time.sleep(0.6)))
        await asyncio.sleep(0.05)
        with pytest.raises(StoreError, match="did not answer"):
            await file.writer.run(lambda conn: None, limit_s=0.1)
        await slow
        assert store.health()["waiting"] == 1
    with pytest.raises(StoreError, match="is not open"):
        await store._file.writer.run(lambda _: None)


async def test_a_flush_that_is_cancelled_loses_and_doubles_nothing(tmp_path: Path) -> None:
    clock = ManualClock()
    async with opened(tmp_path / "s", clock) as store:
        for number in range(1, 201):
            store.record(decision(clock, number))
            store.record(acted(clock, number))
        flushing = asyncio.ensure_future(store.flush())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        flushing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await flushing
        assert store.health()["waiting"] == 400
        await store.flush()
        counts = await store.counts()
    assert (counts["decision"], counts["outcome"]) == (200, 200)


async def test_a_history_whose_closing_fails_is_made_anew_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = ManualClock()
    async with opened(tmp_path / "s", clock) as store:
        writer = store._file.writer

        async def no_close() -> None:
            monkeypatch.undo()
            raise StoreError("it will not close")

        for number in range(1, 301):
            store.record(decision(clock, number))
        await store.flush()
        await break_under(store)
        monkeypatch.setattr(writer, "close", no_close)
        for number in range(301, 401):
            store.record(decision(clock, number))
        await store.flush()
        assert len(await store.decisions()) == 100


def test_a_file_that_cannot_be_checked_is_not_taken_for_broken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = new_directory(tmp_path / "s") / File.HISTORY

    def busy(conn: sqlite3.Connection) -> bool:
        error = sqlite3.OperationalError("database is locked")
        error.sqlite_errorcode = sqlite3.SQLITE_BUSY
        raise error

    monkeypatch.setattr(recover, "is_sound", busy)
    with pytest.raises(StoreError, match="locked"):
        inspect(path, File.HISTORY)
    assert recover.is_readable(path)
    assert path.exists()


def test_errors_of_sqlite_become_the_stores_own(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    path.write_bytes(b"rubbish" * 1000)
    with pytest.raises(sqlite3.DatabaseError) as caught:
        connect(path, File.HISTORY)
    assert isinstance(store_error(caught.value, path), StoreCorrupt)
    broken_disk = sqlite3.OperationalError("disk I/O error")
    broken_disk.sqlite_errorcode = sqlite3.SQLITE_IOERR_WRITE
    assert type(store_error(broken_disk, path)) is StoreError
    assert isinstance(store_error(broken_disk, tmp_path / "gone" / "x.db"), DiskFull)
    assert type(store_error(OSError("no"), path)) is StoreError


async def test_closing_says_when_the_last_rows_could_not_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = ManualClock()
    store = Store(settings(new_directory(tmp_path / "s")), clock)
    await store.open()
    await store._file.writer.run(lambda conn: conn.execute("PRAGMA query_only = ON"))
    store.record(decision(clock, 1))
    with pytest.raises(StoreError, match="readonly"):
        await store.close()
    async with opened(tmp_path / "s", clock) as again:
        assert again.health()["ok"]
    with pytest.raises(StoreError, match="the store is closed"):
        await store.decisions()


async def test_the_store_commits_by_itself_when_it_is_supervised(tmp_path: Path) -> None:
    clock = SystemClock()
    directory = new_directory(tmp_path / "s")
    store = Store(settings(directory, commit_every_s=0.1), clock)
    await store.open()
    supervisor = Supervisor(clock)
    supervisor.add("store", store.run, Stage.STORE, max_silence_s=5)
    store.record(decision(clock, 1))
    async with asyncio.timeout(5):
        while (await store.counts())["decision"] == 0:
            await asyncio.sleep(0.02)
    assert await supervisor.stop() == ()
    await store.close()
