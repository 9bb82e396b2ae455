"""The file history.db and its writer: whatever breaks is put aside and made anew on the way."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import structlog

from hub.clock import Clock
from hub.errors import StoreCorrupt, StoreError
from hub.store.ageing import Age
from hub.store.migrate import apply_in_child
from hub.store.numbers import stored_ids
from hub.store.pool import Pool
from hub.store.recover import is_readable, put_aside
from hub.store.reserve import Reserve
from hub.store.row_writer import RowWriter
from hub.store.rows import Row
from hub.store.schema import File
from hub.store.writer import LIMIT_S, Writer

log = structlog.get_logger(__name__)

WORK_LIMIT_S = 300.0
"""Looking for unused texts reads a year's history, on an SD card."""

T = TypeVar("T")


class HistoryFile:
    """One block of work at a time has the file; `alone` is how it gets it."""

    def __init__(self, directory: Path, clock: Clock, reserve: Reserve, pool: Pool) -> None:
        self.writer = Writer(directory / File.HISTORY, File.HISTORY)
        self.age = Age(clock)
        self.rebuilt: list[str] = []
        """Names of the broken files put aside since the start."""
        self.is_there = asyncio.Event()
        """Not set while the file is being made anew; queries wait for it."""
        self.in_doubt = False
        """Something was wrong with the file, or it was never read to its end: `check` it."""
        self._clock = clock
        self._reserve = reserve
        self._pool = pool
        self._rows = RowWriter()
        self._busy = asyncio.Lock()

    @property
    def repeated(self) -> int:
        """Rows that were there already when they were written."""
        return self._rows.repeated

    async def open(self) -> dict[str, int]:
        """Open the file, of the newest schema; return the last id of each table."""
        await self.writer.open()
        self._rows.forget_words()
        await self.writer.run(self.age.load)
        stored = await self.writer.run(stored_ids)
        self.is_there.set()
        return stored

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Keep all other work on the file waiting."""
        async with self._busy:
            yield

    async def write(self, rows: Sequence[Row]) -> None:
        """Write rows in one transaction; the caller is alone. Raises DiskFull or StoreError."""
        await self._healing(lambda conn: self._write(conn, rows), LIMIT_S)

    async def work(self, job: Callable[[sqlite3.Connection], T]) -> T:
        """Return what a job returns, alone with the file. Raises DiskFull or StoreError."""
        async with self._busy:
            return await self._healing(job, WORK_LIMIT_S)

    async def release_reserve(self) -> None:
        """Free the reserve: a write has met a full disk."""
        await self.writer.run(lambda _: self._reserve.release())

    async def check(self) -> None:
        """Read the whole file through a connection of its own; make it anew if it is broken."""
        self.in_doubt = False
        rebuilt = len(self.rebuilt)
        if await self._pool.run(lambda: is_readable(self.writer.path)):
            return
        async with self._busy:
            if len(self.rebuilt) != rebuilt:
                return  # a write met it meanwhile: what is there now is new
            await self._put_aside("the check in the background failed")
            await self._make_anew()

    def forget_words(self) -> None:
        """Drop cached texts: some were removed from the file."""
        self._rows.forget_words()

    async def close(self) -> None:
        """Close for good."""
        try:
            await self.writer.close()
        finally:
            self.writer.dispose()

    def _write(self, conn: sqlite3.Connection, rows: Sequence[Row]) -> None:
        self._rows.write(conn, rows)
        if self._reserve.full:  # a WAL that grows would eat the room that the reserve has left
            conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    async def _healing(self, job: Callable[[sqlite3.Connection], T], limit_s: float) -> T:
        if not self.writer.is_open:  # whoever made it anew was cancelled
            await self._make_anew()
        try:
            return await self.writer.run(job, limit_s)
        except StoreCorrupt as err:
            await self._put_aside(str(err))
            await self._make_anew()
            return await self.writer.run(job, limit_s)

    async def _put_aside(self, why: str) -> None:
        self.is_there.clear()
        try:
            await self.writer.close()
        except StoreError:
            log.debug("store_close_failed", file=File.HISTORY)
        aside = put_aside(self.writer.path, self._clock.wall())
        self.rebuilt.append(aside.name)
        log.error("store_corrupt", file=File.HISTORY, kept_as=aside.name, reason=why)

    async def _make_anew(self) -> None:
        await apply_in_child(self.writer.path.parent, (File.HISTORY,))
        await self.open()
