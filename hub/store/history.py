"""history.db: takes events without blocking and commits them together about once a minute."""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import structlog

from hub.clock import Clock
from hub.errors import DiskFull, StoreCorrupt, StoreError
from hub.store.ageing import Age
from hub.store.backlog import Backlog
from hub.store.codes import MAX_TEXT
from hub.store.migrate import apply_in_child
from hub.store.numbers import NextIds, Numbers, stored_ids
from hub.store.recover import is_readable, put_aside
from hub.store.reserve import Reserve
from hub.store.row_writer import RowWriter
from hub.store.rows import (
    COLUMNS,
    Kind,
    Row,
    Word,
    decision_row,
    gone_row,
    manual_row,
    outcome_row,
    sense_row,
)
from hub.store.schema import File
from hub.store.thinning import Thinner
from hub.store.writer import Writer
from hub.types import (
    Acted,
    Decision,
    DeviceChanged,
    DeviceGone,
    Event,
    Held,
    ManualChange,
    Mood,
    SenseChanged,
    Sensed,
)

log = structlog.get_logger(__name__)

EARLY_ROWS = 600
"""So many waiting rows are committed at once, whatever the time."""

WORK_LIMIT_S = 300.0
"""Looking for unused texts reads a year's history, on an SD card."""

T = TypeVar("T")

_NAMED = COLUMNS[Kind.DECISION].index("mood")


class History:
    """What happened. Its methods are called on the loop; the disk is the writer's business."""

    def __init__(self, directory: Path, clock: Clock, reserve: Reserve) -> None:
        self.writer = Writer(directory / File.HISTORY, File.HISTORY)
        self.age = Age(clock)
        self.rebuilt: list[str] = []
        """Names of the broken files put aside since the start."""
        self.many_wait = asyncio.Event()
        self._clock = clock
        self._reserve = reserve
        self._numbers = Numbers()
        self._rows = RowWriter()
        self._backlog = Backlog()
        self._thinner = Thinner()
        self._erased: set[str] = set()
        self._malformed = 0
        self._busy = asyncio.Lock()

    async def open(self) -> None:
        """Open the file, which is sound and of the newest schema."""
        await self.writer.open()
        self._rows.forget_words()
        self._numbers.load(await self.writer.run(stored_ids))
        await self.writer.run(self.age.load)

    def next_ids(self) -> NextIds:
        """Return where engines go on counting moods and decisions."""
        return self._numbers.next_ids()

    def record(self, event: Event) -> bool:
        """Take an event; False if it was lost, which is counted. Never blocks or raises."""
        at = round((self._clock.wall() - (self._clock.monotonic() - event.at)) * 1000)
        try:
            rows = self._rows_of(event, at)
        except (ValueError, OverflowError, LookupError):  # not a number, or an unknown enum member
            self._malformed += 1
            return False
        kept = [self.put(row) for row in rows]
        return all(kept)

    def put(self, row: Row) -> bool:
        """Take a row that is ready; False if it was lost, which is counted. Never blocks."""
        if self._reserve.full and not row.essential and row.kind is not Kind.MOOD:
            self._backlog.lose([row])
            return False
        if not self._backlog.put(self._numbers.give(row)):
            log.error("store_row_refused", table=row.kind, waiting=len(self._backlog))
            return False
        if len(self._backlog) >= EARLY_ROWS:
            self.many_wait.set()
        return True

    def correct(
        self,
        kind: str,
        note: str,
        decision: Decision | int | None,
        mood: Mood | int | None,
        person: str | None,
    ) -> bool:
        """Take what someone said about a decision or mood; events are those of this run."""
        if isinstance(mood, Mood):
            for row in self._thinner.named(mood.id):
                self.put(row)
            mood = self._numbers.stored(Kind.MOOD, mood.id)
        if isinstance(decision, Decision):
            decision = self._numbers.stored(Kind.DECISION, decision.id)
        at = round(self._clock.wall() * 1000)
        who = None if person is None else Word(person)
        values = (decision, mood, who, Word(kind), note[:MAX_TEXT])
        return self.put(Row(Kind.CORRECTION, at, values))

    async def commit(self) -> None:
        """Commit what waits and is due.

        Raises StoreError if the disk refuses; what was not written waits on.
        """
        await self._write(self._thinner.due(self._clock.monotonic()))

    async def flush(self) -> None:
        """Commit everything that was recorded, unfinished windows too.

        When it returns, a killed hub loses none of it (a power cut may: the last WAL pages are
        in the kernel's hands for up to half a minute). Raises StoreError otherwise.
        """
        await self._write(self._thinner.all())

    def waiting(self) -> int:
        """Return how many rows wait."""
        return len(self._backlog)

    def dropped(self) -> dict[str, int]:
        """Return what was lost so far, by table; `malformed` and `repeated` tell of defects."""
        counts = Counter(self._backlog.dropped)
        counts["malformed"] = self._malformed
        counts["repeated"] = self._rows.repeated
        return {name: count for name, count in counts.items() if count}

    def forget(self, person: str | None) -> None:
        """Take nothing more of an erased person; drop what is gathered (None: of everyone)."""
        self._thinner.forget(person)
        if person is None:
            self._backlog.clear()
        else:
            self._erased.add(person)

    def welcome(self, person: str) -> None:
        """Take events of a person again who was erased and has consented anew."""
        self._erased.discard(person)

    async def work(self, job: Callable[[sqlite3.Connection], T]) -> T:
        """Return what a job in the writer's thread returns; rebuild the file if it is broken."""
        async with self._busy:
            try:
                return await self.writer.run(job, WORK_LIMIT_S)
            except StoreCorrupt as err:
                await self._rebuild(str(err))
                return await self.writer.run(job)

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Write what waits, then keep commits and upkeep waiting: the block has the writer."""
        async with self._busy:
            await self._write_waiting()
            yield

    async def mark_age(self) -> None:
        """Note the age beside the ids given so far."""
        last_ids = self._numbers.last_ids()
        await self.work(lambda conn: self.age.mark(conn, last_ids))

    async def check(self) -> None:
        """Read the whole file through a connection of its own; rebuild it if it is broken."""
        if await asyncio.to_thread(is_readable, self.writer.path):
            return
        async with self._busy:
            await self._rebuild("the check in the background failed")

    def forget_words(self) -> None:
        """Drop cached texts: some were removed from the file."""
        self._rows.forget_words()

    async def close(self) -> None:
        """Commit everything and close for good. Raises StoreError if the disk refuses."""
        try:
            if not self.writer.is_open:
                return
            await self.flush()
            await self.mark_age()
        finally:
            await self.writer.close()
            self.writer.dispose()

    def _rows_of(self, event: Event, at: int) -> list[Row]:  # noqa: PLR0911 - one for each kind
        match event:
            case Sensed():
                return [] if event.person in self._erased else self._thinner.reading(event, at)
            case Mood():
                return [] if event.person in self._erased else self._thinner.mood(event, at)
            case Decision():
                return [*self._thinner.named(event.mood_id), decision_row(event, at)]
            case Held():
                return self._thinner.held(event, at)
            case Acted():
                return [outcome_row(event, at)]
            case DeviceChanged():
                return self._thinner.device(event, at)
            case DeviceGone():
                return [gone_row(event, at)]
            case ManualChange():
                return [manual_row(event, at)]
            case SenseChanged():
                return [sense_row(event, at)]

    async def _write(self, due: list[Row]) -> None:
        for row in due:
            self.put(row)
        async with self._busy:
            await self._write_waiting()

    async def _write_waiting(self) -> None:
        rows = self._backlog.take()
        try:
            if rows:
                await self._write_or_mend(rows)
        except BaseException:  # also when cancelled: writing a row again changes nothing
            self._backlog.give_back(rows)
            raise

    async def _write_or_mend(self, rows: list[Row]) -> None:
        if self._reserve.full:
            self._sacrifice(rows)
        try:
            await self.writer.run(lambda conn: self._rows.write(conn, rows))
        except StoreCorrupt as err:
            await self._rebuild(str(err))
            await self.writer.run(lambda conn: self._rows.write(conn, rows))
        except DiskFull:
            await asyncio.to_thread(self._reserve.release)
            self._sacrifice(rows)
            await self.writer.run(lambda conn: self._rows.write(conn, rows))

    def _sacrifice(self, rows: list[Row]) -> None:
        """Give up what a full disk has no room for: all but what was decided, done and switched.

        Moods that a decision names are kept with it.
        """
        named = {row.values[_NAMED] for row in rows if row.kind is Kind.DECISION}
        kept: list[Row] = []
        lost: list[Row] = []
        for row in rows:
            is_named = row.kind is Kind.MOOD and row.id in named
            (kept if row.essential or is_named else lost).append(row)
        self._backlog.lose(lost)
        rows[:] = kept

    async def _rebuild(self, why: str) -> None:
        try:
            await self.writer.close()
        except StoreError:
            log.debug("store_close_failed", file=File.HISTORY)
        aside = put_aside(self.writer.path, self._clock.wall())
        self.rebuilt.append(aside.name)
        log.error("store_corrupt", file=File.HISTORY, kept_as=aside.name, reason=why)
        await apply_in_child(self.writer.path.parent, (File.HISTORY,))
        await self.open()
