"""How old the history is, counted by the hub itself so that no wall clock can make it forget.

The age grows with the monotonic clock while the hub runs. Once an hour a mark notes the age, the
wall time and the last id of every table. Retention deletes the rows up to the mark that is as old
as they may get: by id, never by date. So a wall clock that jumps ten years, forth or back, while
the hub runs deletes nothing.

The wall clock is asked only at start, how long the hub was off. An answer below 0 or above 30 days
is not believed and counts as nothing: what is kept then lives longer by the time off.
"""

import sqlite3

import structlog

from hub.clock import Clock
from hub.store.db import transaction
from hub.store.schema import AGED

log = structlog.get_logger(__name__)

DAY_MS = 86_400_000
HOUR_MS = 3_600_000
MAX_OFF_MS = 30 * DAY_MS

_MARK = (
    f"INSERT OR REPLACE INTO age_mark (age_ms, at, {', '.join(AGED)}) "  # noqa: S608 - our names
    f"VALUES (?, ?{', ?' * len(AGED)})"
)


class Age:
    """The history's age. Loaded and marked in the writer's thread, read anywhere."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._base_ms = 0
        self._started = clock.monotonic()

    def load(self, conn: sqlite3.Connection) -> None:
        """Go on from the last mark."""
        self._started = self._clock.monotonic()
        self._base_ms = 0
        last = conn.execute(
            "SELECT age_ms, at FROM age_mark ORDER BY age_ms DESC LIMIT 1"
        ).fetchone()
        if last is None:
            return
        age_ms, marked_at = last
        off_ms = round(self._clock.wall() * 1000) - marked_at
        if not 0 <= off_ms <= MAX_OFF_MS:
            log.warning("clock_not_believed", off_days=round(off_ms / DAY_MS, 1))
            off_ms = 0
        self._base_ms = age_ms + off_ms

    def now_ms(self) -> int:
        """Return the age in milliseconds; it never goes back."""
        return self._base_ms + round((self._clock.monotonic() - self._started) * 1000)

    def mark(self, conn: sqlite3.Connection, last_ids: tuple[int, ...]) -> None:
        """Note the age beside the last id of every table."""
        with transaction(conn):
            conn.execute(_MARK, (self.now_ms(), round(self._clock.wall() * 1000), *last_ids))

    def last_id_older_than(self, conn: sqlite3.Connection, table: str, keep_ms: int) -> int:
        """Return the id up to which a table's rows are older than this; 0 if none are."""
        found = conn.execute(
            f"SELECT {table} FROM age_mark WHERE age_ms <= ? "  # noqa: S608 - our own names
            "ORDER BY age_ms DESC LIMIT 1",
            (self.now_ms() - keep_ms,),
        ).fetchone()
        return found[0] if found else 0

    def forget_marks(self, conn: sqlite3.Connection, keep_ms: int) -> None:
        """Delete the marks that nothing needs any more: all before the newest that is too old."""
        with transaction(conn):
            conn.execute(
                "DELETE FROM age_mark WHERE age_ms < "
                "(SELECT max(age_ms) FROM age_mark WHERE age_ms <= ?)",
                (self.now_ms() - keep_ms,),
            )
