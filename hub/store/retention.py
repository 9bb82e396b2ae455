"""Deletes what is too old, in small transactions, so that a commit never waits long."""

import sqlite3

from hub.store.ageing import DAY_MS, Age
from hub.store.db import transaction
from hub.store.schema import AGED

CHUNK = 2000
"""Rows deleted in one transaction: some 20 ms of writing on an SD card."""
GC_WORDS = 4000
"""Unused texts are looked for only once there are this many; the search reads every table."""
VACUUM_PAGES = 2000
"""Pages given back to the disk in one step."""

READINGS = ("reading",)
RECORDS = tuple(table for table in AGED if table not in READINGS)

WORD_COLUMNS = {
    "reading": ("source", "room", "person", "model"),
    "mood": ("room", "person"),
    "decision": ("room", "rule", "goal", "because"),
    "held": ("room", "rule", "guard"),
    "outcome": ("device", "command", "reason"),
    "device_event": ("device", "room", "state"),
    "sense_event": ("source", "room", "reason"),
    "correction": ("person", "kind"),
    "rollup": ("room", "person"),
}
"""Every column that holds an id of the table `text`."""


def delete_some(conn: sqlite3.Connection, table: str, last_id: int) -> int:
    """Delete a chunk of the rows up to this id; return how many, 0 when none are left."""
    first = conn.execute(f"SELECT min(id) FROM {table}").fetchone()[0]  # noqa: S608 - our names
    if first is None or first > last_id:
        return 0
    upto = min(last_id, first + CHUNK - 1)
    with transaction(conn):
        return conn.execute(f"DELETE FROM {table} WHERE id <= ?", (upto,)).rowcount  # noqa: S608


def older_than(
    conn: sqlite3.Connection, age: Age, readings_days: float, records_days: float
) -> dict[str, int]:
    """Return how many rows of each table are older than these ages of the history."""

    def count(table: str) -> int:
        days = readings_days if table in READINGS else records_days
        return _count_upto(conn, table, age.last_id_older_than(conn, table, round(days * DAY_MS)))

    return {table: count(table) for table in AGED}


def delete_unused_words(conn: sqlite3.Connection, at_least: int = GC_WORDS) -> int:
    """Delete the texts that no row names, if there are many; return how many went."""
    if conn.execute("SELECT count(*) FROM text").fetchone()[0] < at_least:
        return 0
    used = " UNION ".join(
        f"SELECT {column} FROM {table} WHERE {column} IS NOT NULL"  # noqa: S608 - our own names
        for table, columns in WORD_COLUMNS.items()
        for column in columns
    )
    with transaction(conn):
        return conn.execute(f"DELETE FROM text WHERE id NOT IN ({used})").rowcount  # noqa: S608


def give_back_space(conn: sqlite3.Connection) -> bool:
    """Shrink a file that is more than a quarter empty, a step at a time; False when done.

    Less than that is not worth the writing: the free pages are used again within hours.
    """
    pages = conn.execute("PRAGMA page_count").fetchone()[0]
    free = conn.execute("PRAGMA freelist_count").fetchone()[0]
    if free < VACUUM_PAGES or free * 4 < pages:
        return False
    conn.execute(f"PRAGMA incremental_vacuum({VACUUM_PAGES})").fetchall()
    return True


def _count_upto(conn: sqlite3.Connection, table: str, last_id: int) -> int:
    """Return how many rows up to this id there are."""
    query = f"SELECT count(*) FROM {table} WHERE id <= ?"  # noqa: S608 - our own names
    return int(conn.execute(query, (last_id,)).fetchone()[0])
