"""What is done once an hour: note the age, sum up moods, forget what is too old, shrink."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import structlog

from hub.clock import Clock
from hub.settings import StoreSettings
from hub.store import copies, retention
from hub.store.ageing import DAY_MS
from hub.store.config_db import ConfigDb
from hub.store.history import History
from hub.store.history_file import HistoryFile
from hub.store.recover import put_aside_files, remove
from hub.store.rollups import Rollups

log = structlog.get_logger(__name__)

COPY_EVERY_S = 86_400.0


class Upkeep:
    """Runs the hourly work in small steps; commits and consents get their turn in between."""

    def __init__(
        self,
        directory: Path,
        settings: StoreSettings,
        history: History,
        file: HistoryFile,
        config: ConfigDb,
        clock: Clock,
    ) -> None:
        self._directory = directory
        self.keep(settings)
        self._history = history
        self._file = file
        self._config = config
        self._clock = clock
        self._rollups = Rollups(clock.local().tzinfo)

    def keep(self, settings: StoreSettings) -> None:
        """Keep records for as long as these settings say, from the next run on."""
        self._keep_readings_ms = round(settings.keep_readings_days * DAY_MS)
        self._keep_records_ms = round(settings.keep_moods_days * DAY_MS)

    async def run(self, beat: Callable[[], None]) -> None:
        """Do all of it; `beat` is called after every step. Raises DiskFull or StoreError."""
        file = self._file
        await self._history.mark_age()
        while await file.work(self._rollups.advance):
            beat()
        deleted = 0
        for table in retention.READINGS:
            deleted += await self._expire(table, self._keep_readings_ms, beat)
        for table in retention.RECORDS:
            deleted += await self._expire(table, self._keep_records_ms, beat)
        longest = max(self._keep_readings_ms, self._keep_records_ms)
        await file.work(lambda conn: file.age.forget_marks(conn, longest))
        if await file.work(retention.delete_unused_words):
            self.forget_words()
        while await file.work(retention.give_back_space):
            beat()
        if file.age.now_ms() > self._keep_readings_ms:  # it holds readings as old as the history
            remove(put_aside_files(file.writer.path))
        log.debug("store_upkeep", deleted=deleted)

    async def copy(self) -> None:
        """Copy config.db. Raises StoreError."""
        await self._config.writer.run(lambda conn: copies.make(conn, self._directory))

    async def copy_if_old(self) -> None:
        """Copy config.db unless that was done within a day, as far as the wall clock knows."""
        there = copies.existing(self._directory)
        age_s = self._clock.wall() - there[-1].stat().st_mtime if there else COPY_EVERY_S
        if not 0 <= age_s < COPY_EVERY_S:
            await self.copy()

    def forget_words(self) -> None:
        """Drop cached texts: some were removed from the file."""
        self._file.forget_words()
        self._rollups.forget()

    async def _expire(self, table: str, keep_ms: int, beat: Callable[[], None]) -> int:
        age = self._file.age
        last = await self._file.work(lambda conn: age.last_id_older_than(conn, table, keep_ms))

        def some(conn: sqlite3.Connection) -> int:
            return retention.delete_some(conn, table, last)

        deleted = 0
        while gone := await self._file.work(some):
            deleted += gone
            beat()
        return deleted
