"""Writes numbered rows into history.db, each text once."""

import sqlite3
from collections.abc import Sequence

from hub.store.db import transaction
from hub.store.rows import COLUMNS, Kind, Row, Value, Word

CACHED_WORDS = 4096

_INSERT = {
    kind: (
        f"INSERT INTO {kind} (id, at, {', '.join(columns)}) "  # noqa: S608 - our own names
        f"VALUES (?, ?{', ?' * len(columns)}) ON CONFLICT (id) DO NOTHING"
    )
    for kind, columns in COLUMNS.items()
}


class RowWriter:
    """Knows which texts are stored. Used in the writer's thread only."""

    def __init__(self) -> None:
        self._words: dict[str, int] = {}
        self.repeated = 0
        """Rows that were there already: a batch written twice, or an engine that miscounts."""

    def write(self, conn: sqlite3.Connection, rows: Sequence[Row]) -> None:
        """Write rows in one transaction: all of them or none."""
        new_words: dict[str, int] = {}
        groups: dict[Kind, list[tuple[Value, ...]]] = {}
        written = 0
        with transaction(conn):
            for row in rows:
                values = (
                    self._word(conn, value, new_words) if isinstance(value, Word) else value
                    for value in row.values
                )
                groups.setdefault(row.kind, []).append((row.id, row.at, *values))
            for kind, group in groups.items():
                written += conn.executemany(_INSERT[kind], group).rowcount
        self.repeated += len(rows) - written
        if len(self._words) + len(new_words) > CACHED_WORDS:
            self._words.clear()
        self._words.update(new_words)  # only now: a batch rolled back leaves no words

    def forget_words(self) -> None:
        """Drop the cache: the file is another, or words were removed from it."""
        self._words.clear()

    def _word(self, conn: sqlite3.Connection, word: str, new_words: dict[str, int]) -> int:
        known = self._words.get(word) or new_words.get(word)
        if known is not None:
            return known
        found = conn.execute("SELECT id FROM text WHERE value = ?", (word,)).fetchone()
        if found is None:
            conn.execute("INSERT INTO text (value) VALUES (?)", (word,))
            found = conn.execute("SELECT last_insert_rowid()").fetchone()
        new_words[str(word)] = int(found[0])
        return new_words[str(word)]
