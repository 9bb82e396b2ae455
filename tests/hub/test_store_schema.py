"""Files of every released schema open with all they hold; later versions' files are left alone."""

import hashlib
import importlib
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from hub.clock import ManualClock
from hub.errors import StoreError, StoreLocked, StoreNewer
from hub.store import migrate
from hub.store.db import connect
from hub.store.lock import DirectoryLock
from hub.store.schema import MIGRATIONS, File, Migration
from hub.store.store import Store
from models.types import Sense
from tests.hub.store_support import MIRA, ROOM, mood, new_directory, opened, rows, settings

RELEASED = Path(__file__).parent.parent / "fixtures"
VERSIONS = sorted(path.name for path in RELEASED.glob("store_v*"))

FROZEN = {
    "0001_people_consent_settings_audit": "509368913d47bf3a",
    "0001_outbox": "1b7f62fd8c223743",
    "0001_history": "303cb3ff2917ff73",
}
"""The beginning of each released migration's sha256: released migrations never change."""


@pytest.fixture(autouse=True)
def quick_import(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep sqlite_utils from importing pandas, which takes seconds and is not needed here."""
    if "sqlite_utils" not in sys.modules:
        monkeypatch.setitem(sys.modules, "pandas", None)
        importlib.import_module("sqlite_utils")


def build(version: str, directory: Path) -> Path:
    """Make the files that a hub of this version has left."""
    directory.mkdir()
    for file in File:
        conn = sqlite3.connect(directory / file)
        conn.executescript((RELEASED / version / f"{file}.sql").read_text(encoding="utf-8"))
        conn.close()
    return directory


@pytest.mark.parametrize("version", VERSIONS)
async def test_files_of_a_released_version_keep_all_they_hold(tmp_path: Path, version: str) -> None:
    clock = ManualClock()
    async with opened(build(version, tmp_path / "s"), clock) as store:
        assert store.health()["problems"] == []
        assert store.consent.state() == {(MIRA, Sense.FACE)}
        assert [(one.id, one.name) for one in store.config.people()] == [("mira", "Mira")]
        assert store.config.privacy
        assert (await store.outbox.peek())[0].body == b"sealed"
        found = await store.decisions()
        assert [one.because for one in found] == [
            "The living room has felt sad for 12 minutes (72.5 % sure)."
        ] * 3
        assert [len(one.outcomes) for one in found] == [1, 1, 1]
        assert found[1].corrections[0].note == "not at all"
        assert len(await store.readings()) == 6
        assert (await store.sense_events())[0].sense is Sense.FACE
        assert store.next_ids().mood == 4
        store.record(mood(clock, 4))
        assert (await store.moods(fresh=True))[0].room == ROOM


def test_there_is_a_fixture_for_every_released_version() -> None:
    assert VERSIONS[:1] == ["store_v1"]


@pytest.mark.parametrize("file", list(File))
def test_released_migrations_are_never_changed(file: File) -> None:
    for migration in MIGRATIONS[file]:
        if migration.name in FROZEN:
            text = "\n".join(" ".join(one.split()) for one in migration.statements)
            digest = hashlib.sha256(text.encode()).hexdigest()
            assert digest.startswith(FROZEN[migration.name]), migration.name
    released = [m.name for m in MIGRATIONS[file] if m.name in FROZEN]
    assert [m.name for m in MIGRATIONS[file]][: len(released)] == released


def test_a_migration_that_is_appended_is_applied_once_and_data_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = build("store_v1", tmp_path / "s")
    added = Migration("9999_test", ("ALTER TABLE mood ADD COLUMN test INTEGER NOT NULL DEFAULT 7",))
    monkeypatch.setitem(MIGRATIONS, File.HISTORY, (*MIGRATIONS[File.HISTORY], added))
    path = directory / File.HISTORY
    conn = connect(path, File.HISTORY)
    assert migrate.pending(conn, File.HISTORY) == ("9999_test",)
    conn.close()
    for _ in range(2):
        migrate.apply(path, File.HISTORY)
    assert rows(directory, "SELECT id, test FROM mood") == [(1, 7), (2, 7), (3, 7)]


def test_a_migration_that_fails_leaves_the_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = build("store_v1", tmp_path / "s")
    bad = Migration("9999_bad", ("CREATE TABLE half (x)", "INSERT INTO nowhere VALUES (1)"))
    monkeypatch.setitem(MIGRATIONS, File.HISTORY, (*MIGRATIONS[File.HISTORY], bad))
    with pytest.raises(sqlite3.OperationalError, match="nowhere"):
        migrate.apply(directory / File.HISTORY, File.HISTORY)
    assert rows(directory, "SELECT name FROM sqlite_master WHERE name = 'half'") == []
    assert rows(directory, "SELECT count(*) FROM mood") == [(3,)]


async def test_old_configurations_are_copied_before_they_are_migrated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = build("store_v1", tmp_path / "s")
    added = Migration("9999_test", ("CREATE TABLE test (x INTEGER)",))
    monkeypatch.setitem(MIGRATIONS, File.CONFIG, (*MIGRATIONS[File.CONFIG], added))
    store = Store(settings(directory), ManualClock())
    await store.open()  # the child knows nothing of the migration that was patched in
    await store.close()
    copies = sorted((directory / "copies").iterdir())
    assert rows(directory / "copies", "SELECT name FROM person", copies[0].name) == [("Mira",)]  # type: ignore[arg-type]


@pytest.mark.parametrize("file", list(File))
async def test_files_of_a_later_version_are_refused_and_untouched(
    tmp_path: Path, file: File
) -> None:
    directory = build("store_v1", tmp_path / "s")
    conn = sqlite3.connect(directory / file)
    conn.execute(
        "INSERT INTO _sqlite_migrations VALUES (99, 'moodsync', '0077_from_the_future', 'later')"
    )
    conn.commit()
    conn.close()
    before = rows(directory, "SELECT name, sql FROM sqlite_master", file)
    store = Store(settings(directory), ManualClock())
    with pytest.raises(StoreNewer, match=f"{file} was written by a newer version.*0077"):
        await store.open()
    assert rows(directory, "SELECT name, sql FROM sqlite_master", file) == before
    assert not list(directory.glob("*.broken-*"))
    lock = DirectoryLock(directory)  # the failed opening has given it back
    lock.take()
    lock.drop()


async def test_a_second_hub_on_the_same_directory_is_told_who_has_it(tmp_path: Path) -> None:
    async with opened(tmp_path / "s"):
        second = Store(settings(tmp_path / "s"), ManualClock())
        with pytest.raises(StoreLocked, match=f"in use by another hub .process {os.getpid()}"):
            await second.open()
    async with opened(tmp_path / "s") as store:
        assert store.health()["ok"]


async def test_the_directory_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    directory = tmp_path / "deep" / "state"
    store = Store(settings(directory), ManualClock())
    await store.open()
    await store.close()
    assert directory.stat().st_mode & 0o777 == 0o700
    modes = {path.name: path.stat().st_mode & 0o777 for path in directory.iterdir()}
    assert set(modes) == {*File, "lock", "reserve", "copies"}
    assert {mode for name, mode in modes.items() if name != "copies"} == {0o600}
    assert modes["copies"] == 0o700


async def test_permissions_that_were_loosened_are_tightened(tmp_path: Path) -> None:
    directory = new_directory(tmp_path / "s")
    directory.chmod(0o755)
    (directory / File.CONFIG).chmod(0o644)
    async with opened(directory):
        assert directory.stat().st_mode & 0o777 == 0o700
        assert (directory / File.CONFIG).stat().st_mode & 0o777 == 0o600
        wal = directory / f"{File.CONFIG}-wal"
        assert wal.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("place", ["/proc/moodsync", "/dev/null/state"])
async def test_a_directory_that_cannot_be_made_is_a_clear_error(place: str) -> None:
    store = Store(settings(Path(place)), ManualClock())
    with pytest.raises(StoreError, match="cannot be used"):
        await store.open()


async def test_a_directory_that_cannot_be_written_is_a_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(StoreError, match="cannot be written"):
        await Store(settings(new_directory(tmp_path / "s")), ManualClock()).open()
    with pytest.raises(StoreError, match="cannot be written: No such file"):
        DirectoryLock(tmp_path / "gone").take()
    DirectoryLock(tmp_path / "gone").drop()  # nothing was taken


def test_a_file_without_a_schema_needs_all_of_it(tmp_path: Path) -> None:
    conn = connect(tmp_path / File.QUEUE, File.QUEUE)
    assert migrate.pending(conn, File.QUEUE) == ("0001_outbox",)
    conn.close()


async def test_a_file_that_is_a_directory_is_a_clear_error(tmp_path: Path) -> None:
    directory = new_directory(tmp_path / "s")
    (directory / File.HISTORY).unlink()
    (directory / File.HISTORY).mkdir()
    (directory / File.HISTORY / "x").touch()
    with pytest.raises(StoreError, match=r"history\.db"):
        await Store(settings(directory), ManualClock()).open()
    assert (directory / File.HISTORY).is_dir()


async def test_a_child_that_fails_or_hangs_is_a_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho no module named sqlite_utils >&2\nexit 3\n")
    broken.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(broken))
    with pytest.raises(StoreError, match="migration failed: no module named sqlite_utils"):
        await migrate.apply_in_child(tmp_path)
    broken.write_text("#!/bin/sh\nexec sleep 60\n")
    monkeypatch.setattr(migrate, "LIMIT_S", 0.2)
    with pytest.raises(StoreError, match="longer than"):
        await migrate.apply_in_child(tmp_path)


def test_the_migrating_process_makes_all_files(tmp_path: Path) -> None:
    code = "import sys; from hub.store.migrate import main; main(sys.argv[1:]); "
    code += "print(sys.modules.get('pandas'), sys.modules.get('numpy'))"
    paths = [str(tmp_path / file) for file in File]
    done = subprocess.run(
        [sys.executable, "-c", code, *paths], check=True, capture_output=True, text=True
    )
    assert done.stdout == "None None\n"
    for file in File:
        assert rows(tmp_path, "SELECT count(*) FROM _sqlite_migrations", file) == [
            (len(MIGRATIONS[file]),)
        ]


def test_opening_a_store_imports_neither_sqlite_utils_nor_numpy(tmp_path: Path) -> None:
    new_directory(tmp_path / "s")
    code = """
import asyncio, sys
from pathlib import Path
from hub.clock import ManualClock
from hub.settings import StoreSettings
from hub.store.store import Store
async def main():
    store = Store(StoreSettings(directory=Path(sys.argv[1])), ManualClock())
    await store.open()
    await store.close()
asyncio.run(main())
print([name for name in ("sqlite_utils", "click", "numpy", "pandas", "cv2") if name in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "s")],
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout == "[]\n"


def test_main_applies_what_is_pending(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("numpy", "pandas"):  # put back afterwards, whatever was there
        monkeypatch.setitem(sys.modules, name, sys.modules.get(name))
    shutil.copy(new_directory(tmp_path / "s") / File.QUEUE, tmp_path / File.QUEUE)
    assert migrate.main([str(tmp_path / File.QUEUE)]) == 0


def test_the_documentation_names_every_table(tmp_path: Path) -> None:
    text = (RELEASED.parent.parent / "docs" / "storage.md").read_text(encoding="utf-8")
    directory = new_directory(tmp_path / "s")
    tables = rows(
        directory,
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT GLOB '[_s]*_[ms]*'",
    )
    assert len(tables) >= 11
    for (name,) in tables:
        assert f"\n| `{name}` | " in text, name
