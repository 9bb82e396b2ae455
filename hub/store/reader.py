"""Runs queries beside the writer: read-only connections, in threads, with limits."""

import asyncio
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from hub.errors import StoreError
from hub.store.db import connect_read_only, store_error
from hub.store.pool import Pool

T = TypeVar("T")

LIMIT_S = 5.0
"""Longest time of a query; one that takes longer is interrupted."""
AT_ONCE = 2
"""Queries that run at the same time; the others wait."""

_STEPS = 10_000


class Reader:
    """Answers questions about one file."""

    def __init__(self, path: Path, pool: Pool, limit_s: float = LIMIT_S) -> None:
        self._path = path
        self._pool = pool
        self._limit_s = limit_s
        self._turn = asyncio.Semaphore(AT_ONCE)

    async def ask(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """Return what the query returns. Raises StoreCorrupt or StoreError."""
        async with self._turn:
            return await self._pool.run(lambda: ask(self._path, query, self._limit_s))


def ask(path: Path, query: Callable[[sqlite3.Connection], T], limit_s: float = LIMIT_S) -> T:
    """Return what the query returns, in the calling thread. Raises StoreCorrupt or StoreError."""
    deadline = time.monotonic() + limit_s  # a limit for a thread at work, not an event's time
    try:
        conn = connect_read_only(path)
        try:
            conn.row_factory = sqlite3.Row
            conn.set_progress_handler(lambda: time.monotonic() > deadline, _STEPS)
            return query(conn)
        finally:
            conn.close()
    except sqlite3.Error as err:
        if getattr(err, "sqlite_errorcode", 0) == sqlite3.SQLITE_INTERRUPT:
            raise StoreError(f"{path.name}: the query took longer than {limit_s:g} s") from err
        raise store_error(err, path) from err
