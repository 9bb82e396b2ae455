"""The one thread that owns a file's read-write connection."""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from hub.errors import StoreError
from hub.store.db import connect, store_error
from hub.store.schema import File

T = TypeVar("T")

LIMIT_S = 30.0
"""A write that takes longer means a disk that does not answer."""


class Writer:
    """Runs jobs on a file's connection, one after the other, each in the file's own thread."""

    def __init__(self, path: Path, file: File) -> None:
        self.path = path
        self.file = file
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"store-{path.stem}")
        self._conn: sqlite3.Connection | None = None

    async def open(self) -> None:
        """Open the connection. Raises StoreError."""
        await self._call(self._open, LIMIT_S)

    @property
    def is_open(self) -> bool:
        """True between `open` and `close`."""
        return self._conn is not None

    async def run(self, job: Callable[[sqlite3.Connection], T], limit_s: float = LIMIT_S) -> T:
        """Return what the job returns; it begins and ends its own transactions.

        Raises DiskFull, StoreCorrupt or StoreError. A caller that is cancelled or out of time
        leaves the job running: its transaction ends as a whole all the same.
        """
        conn = self._conn
        if conn is None:
            raise StoreError(f"{self.path.name} is not open")
        return await self._call(lambda: job(conn), limit_s)

    async def close(self) -> None:
        """Move the WAL into the file and close it; the writer may be opened again."""
        await self._call(self._close, LIMIT_S)

    def dispose(self) -> None:
        """End the thread. Only a closed writer is disposed of."""
        self._thread.shutdown(wait=False)

    async def _call(self, job: Callable[[], T], limit_s: float) -> T:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(limit_s):
                return await loop.run_in_executor(self._thread, job)
        except TimeoutError as err:
            raise StoreError(
                f"{self.path.name}: the disk did not answer for {limit_s:g} s"
            ) from err
        except (sqlite3.Error, OSError) as err:
            raise store_error(err, self.path) from err

    def _open(self) -> None:
        self._close()
        self._conn = connect(self.path, self.file)

    def _close(self) -> None:
        conn, self._conn = self._conn, None
        if conn is not None:
            conn.close()
