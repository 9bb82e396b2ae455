"""A broken history is put aside, with what it held where that can be read, and made anew."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from hub.clock import ManualClock, SystemClock
from hub.errors import DiskFull, StoreCorrupt, StoreError
from hub.store import history_reader, recover
from hub.store.db import connect, store_error
from hub.store.recover import Finding, inspect, put_aside, put_aside_files, remove
from hub.store.schema import File
from hub.store.store import Store
from hub.supervisor import Stage, Supervisor
from models.types import Sense
from tests.hub.store_support import (
    MIRA,
    corrupt,
    decision,
    mood,
    new_directory,
    opened,
    settings,
)

pytestmark = pytest.mark.slow


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
        await live_and_break(store, clock)
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


async def live_and_break(store: Store, clock: ManualClock) -> None:
    """Have 300 decisions in the file, which then breaks."""
    for number in range(1, 301):
        store.record(decision(clock, number))
    await store.flush()
    await break_under(store)


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
        await live_and_break(store, clock)
        for number in range(301, 401):
            store.record(decision(clock, number))
        flushing = asyncio.ensure_future(store.flush())
        async with asyncio.timeout(10):
            while not store._file.rebuilt:
                await asyncio.sleep(0.01)
        flushing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await flushing
        monkeypatch.setattr(history_reader, "REBUILD_LIMIT_S", 0.05)
        with pytest.raises(StoreError, match="still being made anew"):
            await store.decisions()
        await store.flush()
        assert len(await store.decisions()) == 100
        assert len(store._file.rebuilt) == 1


async def test_a_check_leaves_alone_what_was_made_anew_while_it_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = ManualClock()
    loop = asyncio.get_running_loop()
    async with opened(tmp_path / "s", clock) as store:
        await live_and_break(store, clock)

        def broken_before_the_write(_path: Path) -> bool:
            store.record(decision(clock, 301))
            asyncio.run_coroutine_threadsafe(store.flush(), loop).result(30)
            return False  # as read before that write

        monkeypatch.setattr("hub.store.history_file.is_readable", broken_before_the_write)
        await store._file.check()
        assert len(store._file.rebuilt) == 1
        assert [one.id for one in await store.decisions()] == [301]


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
        while store._file.in_doubt:
            await asyncio.sleep(0.01)
    await supervisor.stop()
    assert store.health()["ok"]
    assert (await store.counts())["decision"] == 900
    await store.close()


async def test_a_history_whose_closing_fails_is_made_anew_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = ManualClock()
    async with opened(tmp_path / "s", clock) as store:
        writer = store._file.writer

        async def no_close() -> None:
            monkeypatch.undo()
            raise StoreError("it will not close")

        await live_and_break(store, clock)
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
