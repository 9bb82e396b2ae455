"""Numbers rows before they are written, so that a batch may safely be written twice."""

import sqlite3
from dataclasses import dataclass

from hub.store.rows import COLUMNS, Kind, Row
from hub.store.schema import AGED

_REFERS = {
    Kind.DECISION: (COLUMNS[Kind.DECISION].index("mood"), Kind.MOOD),
    Kind.OUTCOME: (COLUMNS[Kind.OUTCOME].index("decision"), Kind.DECISION),
}
"""Which value of a kind names a row of another that has its event's own id."""


@dataclass(frozen=True, slots=True)
class NextIds:
    """The first ids that no stored mood or decision has; engines count on from here."""

    mood: int = 1
    decision: int = 1


def stored_ids(conn: sqlite3.Connection) -> dict[str, int]:
    """Return the last id of every table that grows old, also if its rows are gone."""
    mark = conn.execute(
        f"SELECT {', '.join(AGED)} FROM age_mark ORDER BY age_ms DESC LIMIT 1"  # noqa: S608
    ).fetchone() or (0,) * len(AGED)
    newest = (
        conn.execute(f"SELECT max(id) FROM {table}").fetchone()[0]  # noqa: S608 - our own names
        for table in AGED
    )
    return {
        table: max(marked, found or 0)
        for table, marked, found in zip(AGED, mark, newest, strict=True)
    }


class Numbers:
    """The last id of every table. Ids only ever grow. Used on the loop only."""

    def __init__(self) -> None:
        self._last: dict[str, int] = dict.fromkeys(AGED, 0)
        self._offset: dict[Kind, int] = {}

    def load(self, stored: dict[str, int]) -> None:
        """Go on behind what is stored, and never back."""
        for table, newest in stored.items():
            self._last[table] = max(self._last[table], newest)

    def next_ids(self) -> NextIds:
        """Return where engines go on counting."""
        return NextIds(self._last[Kind.MOOD] + 1, self._last[Kind.DECISION] + 1)

    def last_ids(self) -> tuple[int, ...]:
        """Return the last id of each table, in the order of AGED."""
        return tuple(self._last[table] for table in AGED)

    def stored(self, kind: Kind, event_id: int) -> int:
        """Return the id under which an event of this run is stored."""
        return event_id + self._offset.get(kind, 0)

    def give(self, row: Row) -> Row:
        """Return the row with its id.

        Moods and decisions keep their event's. If the first of them does not go on from
        `next_ids`, its engine began anew, and all of its ids are moved behind what is stored.
        """
        base = self._last[row.kind]
        if row.id is None:
            row_id = base + 1
        else:
            row_id = row.id + self._offset.setdefault(row.kind, base if row.id <= base else 0)
        self._last[row.kind] = max(base, row_id)
        return Row(row.kind, row.at, self._references(row), row_id, row.essential)

    def _references(self, row: Row) -> tuple[int | str | bytes | None, ...]:
        if row.kind not in _REFERS:
            return row.values
        place, other = _REFERS[row.kind]
        named, offset = row.values[place], self._offset.get(other, 0)
        if offset == 0 or not isinstance(named, int):
            return row.values
        return (*row.values[:place], named + offset, *row.values[place + 1 :])
