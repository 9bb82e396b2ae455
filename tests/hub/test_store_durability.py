"""Nothing acknowledged is lost: killed processes, cancelled writes, the end of a WAL."""

import asyncio
import random
import shutil
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hub.clock import ManualClock, SystemClock
from hub.errors import StoreError
from hub.store.schema import File
from hub.store.store import Store
from hub.supervisor import Stage, Supervisor
from tests.hub.store_support import (
    acted,
    decision,
    new_directory,
    opened,
    rows,
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
