"""What happened: takes events without blocking and commits them together about once a minute."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from hub.clock import Clock
from hub.errors import DiskFull
from hub.store.backlog import Backlog
from hub.store.codes import MAX_TEXT
from hub.store.history_file import HistoryFile
from hub.store.numbers import NextIds, Numbers
from hub.store.reserve import Reserve
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
from hub.store.thinning import Thinner
from hub.types import (
    Acted,
    ButtonPressed,
    Decision,
    DeviceChanged,
    DeviceGone,
    Event,
    Held,
    LeftAlone,
    ManualChange,
    Mood,
    SenseChanged,
    Sensed,
)

log = structlog.get_logger(__name__)

EARLY_ROWS = 600
"""So many waiting rows are committed at once, whatever the time."""

_NAMED = COLUMNS[Kind.DECISION].index("mood")


class History:
    """What happened. Its methods are called on the loop; the disk is the writer's business."""

    def __init__(self, file: HistoryFile, clock: Clock, reserve: Reserve) -> None:
        self.many_wait = asyncio.Event()
        self._file = file
        self._clock = clock
        self._reserve = reserve
        self._numbers = Numbers()
        self._backlog = Backlog()
        self._thinner = Thinner()
        self._erased: set[str] = set()
        self._malformed = 0
        self._refused = False
        self._opened = False

    async def open(self) -> None:
        """Open the file, which is sound and of the newest schema."""
        self._numbers.load(await self._file.open())
        self._opened = True

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
            if not self._refused:  # once, until something has been written again
                log.error("store_row_refused", table=row.kind, waiting=len(self._backlog))
            self._refused = True
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
        counts["repeated"] = self._file.repeated
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

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Write what waits, then keep commits and upkeep waiting: the block has the file."""
        async with self._file.alone():
            await self._write_waiting()
            yield

    async def mark_age(self) -> None:
        """Note the age beside the ids given so far."""
        last_ids = self._numbers.last_ids()
        await self._file.work(lambda conn: self._file.age.mark(conn, last_ids))

    async def close(self) -> None:
        """Commit everything and close for good. Raises StoreError if the disk refuses."""
        try:
            if self._opened:
                await self.flush()
                await self.mark_age()
        finally:
            await self._file.close()

    def _rows_of(self, event: Event, at: int) -> list[Row]:  # noqa: C901, PLR0911 - one for each kind
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
            case ButtonPressed() | LeftAlone():
                return []  # what it led to is kept; when who pressed what is nobody's business

    async def _write(self, due: list[Row]) -> None:
        for row in due:
            self.put(row)
        async with self._file.alone():
            await self._write_waiting()

    async def _write_waiting(self) -> None:
        rows = self._backlog.take()
        try:
            if rows:
                await self._write_as_space_allows(rows)
        except BaseException:  # also when cancelled: writing a row again changes nothing
            self._backlog.give_back(rows)
            raise
        self._refused = False

    async def _write_as_space_allows(self, rows: list[Row]) -> None:
        if self._reserve.full:
            self._sacrifice(rows)
        try:
            await self._file.write(rows)
        except DiskFull:
            await self._file.release_reserve()
            self._sacrifice(rows)
            await self._file.write(rows)

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
