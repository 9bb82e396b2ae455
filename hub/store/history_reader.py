"""What the history answers: readings, moods, decisions and what came of them, newest first.

The history may be in the middle of being made anew; a question waits for it, within a limit.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

from hub.errors import StoreCorrupt, StoreError
from hub.store import queries, retention
from hub.store.history import History
from hub.store.history_file import HistoryFile
from hub.store.pool import Pool
from hub.store.queries import Where
from hub.store.reader import Reader
from hub.store.records import (
    CorrectionRecord,
    DecisionRecord,
    DeviceRecord,
    HeldRecord,
    MoodRecord,
    OutcomeRecord,
    ReadingRecord,
    RollupRecord,
    SenseRecord,
)
from hub.store.rollups import Span

T = TypeVar("T")

REBUILD_LIMIT_S = 10.0
"""How long a query waits for a history that is being made anew."""
ALL = Where()


class HistoryReader:
    """Asks the file beside its writer. Every method raises StoreError.

    What a query finds broken is left to the writer to mend.
    """

    def __init__(self, path: Path, history: History, file: HistoryFile, pool: Pool) -> None:
        self._history = history
        self._file = file
        self._reader = Reader(path, pool)

    async def readings(
        self, where: Where = ALL, *, fresh: bool = False
    ) -> tuple[ReadingRecord, ...]:
        """Return readings, newest first; `fresh` commits what waits before."""
        return await self._ask(partial(queries.readings, where=where), fresh=fresh)

    async def moods(self, where: Where = ALL, *, fresh: bool = False) -> tuple[MoodRecord, ...]:
        """Return moods, newest first."""
        return await self._ask(partial(queries.moods, where=where), fresh=fresh)

    async def decisions(
        self, where: Where = ALL, *, fresh: bool = False
    ) -> tuple[DecisionRecord, ...]:
        """Return decisions, newest first, with their senses, outcomes and corrections."""
        return await self._ask(partial(queries.decisions, where=where), fresh=fresh)

    async def held(self, where: Where = ALL, *, fresh: bool = False) -> tuple[HeldRecord, ...]:
        """Return rules that were held back, newest first."""
        return await self._ask(partial(queries.held, where=where), fresh=fresh)

    async def outcomes(
        self, where: Where = ALL, *, fresh: bool = False
    ) -> tuple[OutcomeRecord, ...]:
        """Return commands and what came of them, newest first."""
        return await self._ask(partial(queries.outcomes, where=where), fresh=fresh)

    async def device_events(
        self, where: Where = ALL, *, fresh: bool = False
    ) -> tuple[DeviceRecord, ...]:
        """Return changes of devices, newest first."""
        return await self._ask(partial(queries.device_events, where=where), fresh=fresh)

    async def sense_events(
        self, where: Where = ALL, *, fresh: bool = False
    ) -> tuple[SenseRecord, ...]:
        """Return when which source was on, newest first."""
        return await self._ask(partial(queries.sense_events, where=where), fresh=fresh)

    async def corrections(
        self, where: Where = ALL, *, fresh: bool = False
    ) -> tuple[CorrectionRecord, ...]:
        """Return corrections, newest first."""
        return await self._ask(partial(queries.corrections, where=where), fresh=fresh)

    async def rollups(self, span: Span, where: Where = ALL) -> tuple[RollupRecord, ...]:
        """Return rollups of one span, newest first; they are made once an hour."""
        return await self._ask(partial(queries.rollups, where=where, span=span), fresh=False)

    async def counts(self) -> dict[str, int]:
        """Return how many rows each table of the history holds."""
        return await self._ask(queries.counts, fresh=False)

    async def older_than(self, readings_days: float, records_days: float) -> dict[str, int]:
        """Return how many rows of each table are older: what keeping them so long would delete."""
        older = partial(
            retention.older_than,
            age=self._file.age,
            readings_days=readings_days,
            records_days=records_days,
        )
        return await self._ask(older, fresh=True)

    async def _ask(self, query: Callable[[sqlite3.Connection], T], *, fresh: bool) -> T:
        if fresh:
            await self._history.commit()
        try:
            async with asyncio.timeout(REBUILD_LIMIT_S):
                await self._file.is_there.wait()
        except TimeoutError as err:
            raise StoreError("the history is still being made anew") from err
        try:
            return await self._reader.ask(query)
        except StoreCorrupt:
            self._file.in_doubt = True
            raise
