"""Rows that wait to be committed: at most 1000, and what goes first when there are more."""

from collections import Counter, deque
from collections.abc import Iterable

from hub.store.rows import Kind, Row

LIMIT = 1000

SACRIFICE = (Kind.READING, Kind.DEVICE, Kind.MOOD, Kind.HELD, Kind.SENSE)
"""When full, the oldest row of the first of these kinds makes room. Decisions, outcomes and
corrections never do: if nothing else is left, the new row is refused, and counted."""


class Backlog:
    """A bounded queue that drops what matters least. Used from the loop's thread only."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._rows: dict[Kind, deque[Row]] = {kind: deque() for kind in Kind}
        self._waiting = 0
        self.dropped: Counter[str] = Counter()
        """Rows lost, by table."""

    def __len__(self) -> int:
        return self._waiting

    def put(self, row: Row) -> bool:
        """Add a row; False if it was refused. Never blocks."""
        if self._waiting >= self._limit and not self._make_room_for(row):
            self.dropped[row.kind] += 1
            return False
        self._rows[row.kind].append(row)
        self._waiting += 1
        return True

    def take(self) -> list[Row]:
        """Return everything that waits, each kind in the order of arrival."""
        rows = [row for waiting in self._rows.values() for row in waiting]
        self.clear()
        return rows

    def give_back(self, rows: Iterable[Row]) -> None:
        """Put back what could not be written, before what has come since."""
        since = self.take()
        for row in (*rows, *since):
            self.put(row)

    def lose(self, rows: Iterable[Row]) -> None:
        """Count rows that are given up."""
        self.dropped.update(Counter(row.kind.value for row in rows))

    def clear(self) -> None:
        """Forget what waits, without counting."""
        for waiting in self._rows.values():
            waiting.clear()
        self._waiting = 0

    def _make_room_for(self, row: Row) -> bool:
        for kind in SACRIFICE:
            if self._rows[kind]:
                self._rows[kind].popleft()
                self._waiting -= 1
                self.dropped[kind] += 1
                return True
            if kind is row.kind:  # nothing that matters less waits
                return False
        return False
