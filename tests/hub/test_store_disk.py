"""A full, read-only or dead disk costs readings first and never a decision or a consent."""

import asyncio
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hub.clock import ManualClock
from hub.errors import DiskFull, StoreError
from hub.phrase import Phrase
from hub.store import reserve as reserve_module
from hub.store.reserve import Reserve
from hub.store.schema import File
from hub.store.store import Store
from models.types import Sense
from tests.hub.store_support import (
    MIRA,
    acted,
    decision,
    mood,
    opened,
    sensed,
)


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
            await store.config.audit("mira", Phrase("audit.said"), "x" * 50_000)
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
