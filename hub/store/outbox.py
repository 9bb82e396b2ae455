"""queue.db: sealed records that wait to be sent, oldest first; gone only once acknowledged."""

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from hub.clock import Clock
from hub.store.db import transaction
from hub.store.schema import File
from hub.store.writer import Writer

MAX_PEEK = 1000


@dataclass(frozen=True, slots=True)
class Waiting:
    """A record that waits. `body` is sealed; `person` is whose it is, if it is one person's."""

    id: int
    at_ms: int
    kind: str
    person: str | None
    body: bytes


class Outbox:
    """Put, peek, acknowledge; every put is synced before it returns."""

    def __init__(self, directory: Path, clock: Clock) -> None:
        self.writer = Writer(directory / File.QUEUE, File.QUEUE)
        self._clock = clock

    async def open(self) -> None:
        """Open the file."""
        await self.writer.open()

    async def put(self, kind: str, body: bytes, person: str | None = None) -> int:
        """Add a record; return its id. Raises DiskFull or StoreError."""
        row = (round(self._clock.wall() * 1000), kind, person, body)

        def job(conn: sqlite3.Connection) -> int:
            with transaction(conn):
                added = conn.execute(
                    "INSERT INTO outbox (at, kind, person, body) VALUES (?, ?, ?, ?)", row
                )
                return added.lastrowid or 0

        return await self.writer.run(job)

    async def peek(self, limit: int = 100) -> tuple[Waiting, ...]:
        """Return the oldest records; they stay until acknowledged."""
        limit = max(1, min(limit, MAX_PEEK))
        return await self.writer.run(
            lambda conn: tuple(
                Waiting(*row)
                for row in conn.execute(
                    "SELECT id, at, kind, person, body FROM outbox ORDER BY id LIMIT ?", (limit,)
                )
            )
        )

    async def ack(self, ids: tuple[int, ...]) -> int:
        """Remove records that have arrived; return how many were there."""

        def job(conn: sqlite3.Connection) -> int:
            with transaction(conn):
                return conn.executemany(
                    "DELETE FROM outbox WHERE id = ?", [(one,) for one in ids]
                ).rowcount

        return await self.writer.run(job)

    async def size(self) -> tuple[int, int]:
        """Return how many records wait, and their bytes."""
        count, total = await self.writer.run(
            lambda conn: conn.execute(
                "SELECT count(*), coalesce(sum(length(body)), 0) FROM outbox"
            ).fetchone()
        )
        return count, total

    async def close(self) -> None:
        """Close the file for good."""
        try:
            await self.writer.close()
        finally:
            self.writer.dispose()
