"""Daily copies of config.db: made by SQLite's backup, checked, seven kept, the newest restored."""

import os
import re
import sqlite3
from pathlib import Path

from hub.store.db import connect_read_only, is_sound
from hub.store.migrate import applied_names
from hub.store.recover import remove

DIRECTORY = "copies"
KEPT = 7

_NAME = re.compile(r"config-(\d{6,})\.db")


def make(conn: sqlite3.Connection, directory: Path) -> Path:
    """Copy an open database into the next numbered file; forget all but the newest seven.

    Copies are numbered, not dated, so that no clock decides which is the newest. Raises
    sqlite3.Error or OSError; an unfinished copy is never taken for a whole one.
    """
    place = directory / DIRECTORY
    place.mkdir(mode=0o700, exist_ok=True)
    there = existing(directory)
    copy = place / f"config-{_number(there[-1]) + 1 if there else 1:06}.db"
    unfinished = place / "unfinished"
    unfinished.unlink(missing_ok=True)
    os.close(os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    try:
        target = sqlite3.connect(unfinished, isolation_level=None)
        try:
            conn.backup(target)
            target.execute("PRAGMA journal_mode = DELETE")  # one file that is whole by itself
        finally:
            target.close()
        _sync(unfinished)
        unfinished.rename(copy)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    _sync(place)
    remove(existing(directory)[:-KEPT])
    return copy


def existing(directory: Path) -> list[Path]:
    """Return the copies, oldest first."""
    found = (directory / DIRECTORY).glob("config-*.db")
    return sorted((path for path in found if _NAME.fullmatch(path.name)), key=_number)


def newest_good(directory: Path) -> Path | None:
    """Return the newest copy that is sound and has a schema, or None."""
    return next((path for path in reversed(existing(directory)) if _good(path)), None)


def restore(copy: Path, path: Path) -> None:
    """Put a copy in the place of a file that is gone."""
    temporary = path.with_name(path.name + ".restored")
    temporary.unlink(missing_ok=True)
    fd = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "wb") as file:
        file.write(copy.read_bytes())
    _sync(temporary)
    temporary.rename(path)
    _sync(path.parent)


def _good(path: Path) -> bool:
    try:
        conn = connect_read_only(path)
        try:
            return is_sound(conn) and bool(applied_names(conn))
        finally:
            conn.close()
    except sqlite3.Error:
        return False


def _number(path: Path) -> int:
    found = _NAME.fullmatch(path.name)
    return int(found[1]) if found else 0


def _sync(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
