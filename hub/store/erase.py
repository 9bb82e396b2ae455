"""Erases a person, or everyone, from every file and proves it by reading the files' bytes.

Of a person go: what `hub.store.whose` says is theirs, their consents, settings and audit entries,
what waits to be sent, every copy and every broken file that was put aside (nobody can look into
those row by row). Names that others' rows need, of a rule or a room, lose the person's name. The
files are vacuumed and their WALs emptied.
"""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import structlog

from hub.errors import StoreError
from hub.store import copies, staged
from hub.store.config_db import ConfigDb, load_people
from hub.store.db import connect_read_only
from hub.store.erase_rows import (
    ORDER,
    erase_in_config,
    erase_in_queue,
    erase_rollups,
    erase_some,
    erase_words,
)
from hub.store.history import History
from hub.store.history_file import HistoryFile
from hub.store.migrate import apply_in_child
from hub.store.outbox import Outbox
from hub.store.pool import Pool
from hub.store.recover import put_aside_files
from hub.store.schema import AGED, File
from hub.store.traces import Search, Trace, search
from hub.store.whose import markers_of, whose
from hub.store.wipe import wipe
from hub.store.writer import Writer
from hub.types import PersonId

log = structlog.get_logger(__name__)

LIMIT_S = 600.0
"""A VACUUM of a year's history on an SD card."""
VACUUM = "VACUUM"
CHECKPOINT_TRIES = 50
CHECKPOINT_PAUSE_S = 0.1
SAMPLE_WORDS = 50
"""When everything is erased: how many of the texts that were there are searched for."""


@dataclass(frozen=True, slots=True)
class Erased:
    """What was erased, and the proof: `traces` is empty when nothing is left.

    `rows` counts by table; `put_aside` and `copies` are files.
    """

    rows: Mapping[str, int]
    copies: int
    put_aside: int
    files_checked: int
    bytes_checked: int
    traces: tuple[Trace, ...]

    @property
    def proved(self) -> bool:
        """True when the search found nothing."""
        return not self.traces


class Eraser:
    """Erases while the store is open; commits and queries wait or go on beside it."""

    def __init__(
        self,
        directory: Path,
        config: ConfigDb,
        outbox: Outbox,
        history: History,
        file: HistoryFile,
        pool: Pool,
    ) -> None:
        self._directory = directory
        self._config = config
        self._outbox = outbox
        self._history = history
        self._file = file
        self._pool = pool

    async def person(self, person: PersonId, *, keep_shared: bool) -> Erased:
        """Erase one person. Raises StoreError if the disk refuses; then run it again."""
        known = next((one for one in self._config.people() if one.id == person), None)
        markers = markers_of(person, known.name if known else "")
        self._history.forget(person)
        async with self._history.alone():
            rows = await self._from_history(
                person, known.lives_in if known else (), markers, shared=not keep_shared
            )
            counts = await self._config.write(lambda conn: erase_in_config(conn, person, markers))
            rows.update({table: count for table, count in counts.items() if count})
            waiting = await self._outbox.writer.run(lambda conn: erase_in_queue(conn, person))
            rows.update({"outbox": waiting} if waiting else {})
            for writer in self._writers():
                await _compact(writer)
            gone, aside = await self._pool.run(self._wipe_other_files)
            await self._config.writer.run(lambda conn: copies.make(conn, self._directory))
            await self._config.reload()
            found = await self._pool.run(lambda: self._search(markers))
        return _erased(rows, gone, aside, found)

    async def everything(self) -> Erased:
        """Erase all files and begin anew. Raises StoreError."""
        self._history.forget(None)
        async with self._history.alone():
            rows, markers = await self._pool.run(self._everything_there)
            self._file.is_there.clear()
            for writer in self._writers():
                await writer.close()
            gone, aside = await self._pool.run(self._wipe_other_files)
            live = [self._directory / f"{file}{s}" for file in File for s in ("-wal", "-shm", "")]
            await self._pool.run(lambda: wipe(live))
            await apply_in_child(self._directory)
            await self._config.open()
            await self._outbox.open()
            await self._history.open()
            found = await self._pool.run(lambda: self._search(markers))
        return _erased(rows, gone, aside, found)

    def _writers(self) -> tuple[Writer, ...]:
        return self._file.writer, self._config.writer, self._outbox.writer

    async def _from_history(
        self, person: PersonId, rooms: Sequence[str], markers: Sequence[str], *, shared: bool
    ) -> Counter[str]:
        writer = self._file.writer
        mine = await writer.run(
            lambda conn: whose(conn, person, rooms, markers, shared=shared), LIMIT_S
        )
        rows: Counter[str] = Counter()
        for table in ORDER:
            job = partial(erase_some, table=table, whose=mine)
            while count := await writer.run(job, LIMIT_S):
                rows[table] += count
        if count := await writer.run(lambda conn: erase_rollups(conn, mine), LIMIT_S):
            rows["rollup"] = count
        if count := await writer.run(lambda conn: erase_words(conn, markers), LIMIT_S):
            rows["text"] = count
        self._file.forget_words()
        return rows

    def _wipe_other_files(self) -> tuple[int, int]:
        old = copies.existing(self._directory)
        aside = [path for file in File for path in put_aside_files(self._directory / file)]
        wipe(path.with_name(path.name + s) for path in (*old, *aside) for s in ("-wal", "-shm"))
        return wipe(old) + staged.wipe_all(self._directory), wipe(aside)

    def _search(self, markers: Sequence[str]) -> Search:
        databases = [self._directory / file for file in File]
        return search(self._directory, databases, markers)

    def _everything_there(self) -> tuple[Counter[str], tuple[str, ...]]:
        rows: Counter[str] = Counter()
        for file, tables in _COUNTED.items():
            conn = connect_read_only(self._directory / file)
            try:
                for table in tables:
                    rows[table] = conn.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608
                if file is File.CONFIG:
                    people = load_people(conn)
                if file is File.HISTORY:
                    words = conn.execute(
                        "SELECT value FROM text WHERE length(value) >= 8 ORDER BY id LIMIT ?",
                        (SAMPLE_WORDS,),
                    ).fetchall()
            finally:
                conn.close()
        markers = {marker for one in people for marker in markers_of(one.id, one.name)}
        return Counter({t: n for t, n in rows.items() if n}), (*markers, *(w[0] for w in words))


_COUNTED: Mapping[File, tuple[str, ...]] = {
    File.CONFIG: (
        *("person", "consent", "setting", "audit"),
        *("member", "client", "session", "passkey", "push"),
    ),
    File.QUEUE: ("outbox",),
    File.HISTORY: (*AGED, "rollup", "text"),
}


async def _compact(writer: Writer) -> None:
    """Rewrite a file without its free pages, and empty its WAL."""
    try:
        await writer.run(lambda conn: conn.execute(VACUUM), LIMIT_S)
    except StoreError as err:  # for want of space: deleted rows are zeroed all the same
        log.warning("store_vacuum_failed", file=writer.file, reason=str(err))
    for _ in range(CHECKPOINT_TRIES):
        if not await writer.run(_checkpoint, LIMIT_S):
            return
        await asyncio.sleep(CHECKPOINT_PAUSE_S)  # a query reads from the WAL; it ends within 5 s
    log.warning("store_wal_in_use", file=writer.file)


def _checkpoint(conn: sqlite3.Connection) -> bool:
    """Empty the WAL; True if a reader held it."""
    return bool(conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0])


def _erased(rows: Mapping[str, int], gone: int, aside: int, found: Search) -> Erased:
    result = Erased(dict(rows), gone, aside, found.files, found.bytes, found.traces)
    log.info(
        "store_erased",
        rows=sum(rows.values()),
        files_checked=found.files,
        traces=len(found.traces),
    )
    return result
