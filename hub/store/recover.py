"""Finding out at start whether a file is sound, and putting a broken one aside."""

import sqlite3
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from enum import Enum, auto
from pathlib import Path

from hub.errors import StoreCorrupt
from hub.store.db import connect, connect_read_only, is_sound, store_error
from hub.store.migrate import pending
from hub.store.schema import File

CHECK_LIMIT_S = 1.0
"""Longest that a start waits for a file to be checked; a year's history takes several seconds on
an SD card, and is then checked on in the background."""
MAX_BROKEN = 2
"""Broken histories that are kept for whoever wants to look into them."""

_STEPS = 20_000
_ASIDE = ".broken-"


class Finding(Enum):
    """What a file turned out to be."""

    GOOD = auto()
    UNFINISHED = auto()
    """Good as far as the time allowed to look."""
    OLD = auto()
    """New, or made by an earlier version: migrations are pending."""
    MISSING = auto()
    BROKEN = auto()


def inspect(path: Path, file: File, limit_s: float = CHECK_LIMIT_S) -> Finding:
    """Look at a file that nobody has open.

    Raises StoreNewer if a newer version has written it; StoreError if it cannot be read at all,
    which is no proof that it is broken.
    """
    if not path.exists() or path.stat().st_size == 0:
        return Finding.MISSING
    try:
        conn = connect(path, file)
    except (sqlite3.Error, OSError) as err:
        return _broken_or_raise(err, path)
    try:
        finding = _check(conn, limit_s)
        return Finding.OLD if pending(conn, file) and finding is not Finding.BROKEN else finding
    except sqlite3.Error as err:
        return _broken_or_raise(err, path)
    finally:
        conn.close()


def is_readable(path: Path) -> bool:
    """True when a read-only connection finds the whole file sound. Takes as long as it takes."""
    try:
        conn = connect_read_only(path)
        try:
            return is_sound(conn)
        finally:
            conn.close()
    except sqlite3.Error as err:
        return not isinstance(store_error(err, path), StoreCorrupt)


def put_aside(path: Path, wall_s: float) -> Path:
    """Rename a broken file, with its WAL, and return its new name. Nobody has it open."""
    moment = datetime.fromtimestamp(wall_s, UTC).strftime("%Y%m%dT%H%M%S")
    aside = path.with_name(f"{path.name}{_ASIDE}{moment}")
    number = 1
    while aside.exists():
        number += 1
        aside = path.with_name(f"{path.name}{_ASIDE}{moment}-{number}")
    path.rename(aside)
    for suffix in ("-wal", "-shm"):
        companion = path.with_name(path.name + suffix)
        if companion.exists():
            companion.rename(aside.with_name(aside.name + suffix))
    remove(put_aside_files(path)[:-MAX_BROKEN])
    return aside


def put_aside_files(path: Path) -> list[Path]:
    """Return the broken files that were put aside for this one, oldest first."""
    found = path.parent.glob(f"{path.name}{_ASIDE}*")
    return sorted(
        (file for file in found if not file.name.endswith(("-wal", "-shm"))),
        key=lambda file: (file.stat().st_mtime_ns, file.name),
    )


def remove(paths: Iterable[Path]) -> None:
    """Delete databases with their WALs."""
    for path in paths:
        for suffix in ("", "-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)


def _check(conn: sqlite3.Connection, limit_s: float) -> Finding:
    deadline = time.monotonic() + limit_s  # a limit for a thread at work, not an event's time
    conn.set_progress_handler(lambda: time.monotonic() > deadline, _STEPS)
    try:
        return Finding.GOOD if is_sound(conn) else Finding.BROKEN
    except sqlite3.OperationalError as err:
        if err.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
            return Finding.UNFINISHED
        raise
    finally:
        conn.set_progress_handler(None, 0)


def _broken_or_raise(err: sqlite3.Error | OSError, path: Path) -> Finding:
    problem = store_error(err, path)
    if isinstance(problem, StoreCorrupt):
        return Finding.BROKEN
    raise problem from err
