"""Opening the files: pragmas, permissions, and SQLite's errors as the store's own.

Per file there is one read-write connection (SQLite 3.7.0-3.51.2 can corrupt a WAL file when two
connections write or checkpoint at once); everyone else opens it read-only.
"""

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from hub.errors import DiskFull, StoreCorrupt, StoreError
from hub.store.schema import File

PAGE_BYTES = {File.CONFIG: 4096, File.QUEUE: 4096, File.HISTORY: 1024}
"""Small pages for the history: a commit rewrites the last page of every table and index it
touches, so 1 KiB pages halve what a day writes (docs/storage.md has the figures)."""

BUSY_S = 5.0
CACHE_KIB = 1024
SPARE_BYTES = 256 << 10
"""An I/O error with less free space than this is a full disk."""

_PRIMARY = 0xFF


def connect(path: Path, file: File) -> sqlite3.Connection:
    """Open a file for reading and writing, making it (0600) if it is not there.

    The caller begins and ends transactions itself. Raises sqlite3.Error, OSError.
    """
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    if stat.S_IMODE(path.stat().st_mode) != 0o600:  # noqa: PLR2004 - restored or copied by hand
        path.chmod(0o600)
    conn = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
    try:
        _configure(conn, file)
    except BaseException:
        conn.close()
        raise
    return conn


def connect_read_only(path: Path) -> sqlite3.Connection:
    """Open a file that exists for reading only. Raises sqlite3.Error."""
    uri = f"file:{quote(str(path))}?mode=ro"
    conn = sqlite3.connect(uri, uri=True, timeout=BUSY_S, isolation_level=None)
    conn.execute("PRAGMA query_only = ON")
    return conn


@contextmanager
def transaction(conn: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """Commit what the block did, or nothing of it."""
    conn.execute("BEGIN IMMEDIATE")
    try:
        yield conn
        conn.execute("COMMIT")
    except BaseException:
        if conn.in_transaction:  # some errors (a full disk among them) have rolled back already
            conn.execute("ROLLBACK")
        raise


def is_sound(conn: sqlite3.Connection) -> bool:
    """True when the file's structure holds together. Raises sqlite3.Error if it cannot be read."""
    return [row[0] for row in conn.execute("PRAGMA quick_check(1)")] == ["ok"]


def store_error(err: sqlite3.Error | OSError, path: Path) -> StoreError:
    """Return the store's own error for one of SQLite or the file system."""
    code = getattr(err, "sqlite_errorcode", 0)
    text = f"{path.name}: {err}"
    if code & _PRIMARY in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return StoreCorrupt(text)
    if code == sqlite3.SQLITE_FULL or (
        code & _PRIMARY == sqlite3.SQLITE_IOERR and free_bytes(path.parent) < SPARE_BYTES
    ):
        return DiskFull(text)
    return StoreError(text)


def free_bytes(directory: Path) -> int:
    """Return how much an unprivileged process may still write there."""
    try:
        found = os.statvfs(directory)
    except OSError:
        return 0
    return found.f_bavail * found.f_frsize


def _configure(conn: sqlite3.Connection, file: File) -> None:
    new = conn.execute("PRAGMA page_count").fetchone()[0] == 0
    if new:  # both are fixed by the first write
        conn.execute(f"PRAGMA page_size = {PAGE_BYTES[file]}")
        conn.execute("PRAGMA auto_vacuum = INCREMENTAL")
    conn.execute("PRAGMA journal_mode = WAL")
    conn.execute(f"PRAGMA synchronous = {'NORMAL' if file is File.HISTORY else 'FULL'}")
    conn.execute("PRAGMA secure_delete = ON")
    conn.execute("PRAGMA trusted_schema = OFF")
    conn.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    conn.execute("PRAGMA wal_autocheckpoint = 1000")
    conn.execute(f"PRAGMA journal_size_limit = {1 << 20}")
