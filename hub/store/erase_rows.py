"""Deletes what a person left in each file; the caller vacuums afterwards."""

import json
import sqlite3
from collections.abc import Sequence

from hub.store.db import transaction
from hub.store.retention import delete_unused_words
from hub.store.schema import APPEND_ONLY
from hub.store.whose import Whose, names, without

CHUNK = 5000

ORDER = (
    "correction",
    "outcome",
    "decision",
    "held",
    "device_event",
    "sense_event",
    "reading",
    "mood",
)
"""Rows go before those by which they are found."""

_APPEND_ONLY_TABLES = ("consent", "audit")


def erase_some(conn: sqlite3.Connection, table: str, whose: Whose) -> int:
    """Delete a chunk of a person's rows; return how many, 0 when none are left."""
    condition, values = whose.condition(table)
    with transaction(conn):
        return conn.execute(
            f"DELETE FROM {table} WHERE id IN "  # noqa: S608 - our own names
            f"(SELECT t.id FROM {table} t WHERE {condition} LIMIT {CHUNK})",
            values,
        ).rowcount


def erase_rollups(conn: sqlite3.Connection, whose: Whose) -> int:
    """Delete a person's rollups; return how many."""
    condition, values = whose.condition("rollup")
    with transaction(conn):
        return conn.execute(f"DELETE FROM rollup AS t WHERE {condition}", values).rowcount  # noqa: S608


def erase_words(conn: sqlite3.Connection, markers: Sequence[str]) -> int:
    """Delete texts that nothing names any more; take the markers out of those that stay."""
    gone = delete_unused_words(conn, at_least=0)
    changed = 0
    with transaction(conn):
        for word, value in conn.execute("SELECT id, value FROM text").fetchall():
            clean = _clean(value, markers)
            if clean != value:
                taken = conn.execute("SELECT 1 FROM text WHERE value = ?", (clean,)).fetchone()
                clean = f"{clean}~{word}" if taken else clean
                conn.execute("UPDATE text SET value = ? WHERE id = ?", (clean, word))
                changed += 1
        changed += _clean_column(conn, "correction", "note", markers)
    return gone + changed


def erase_in_config(
    conn: sqlite3.Connection, person: str, markers: Sequence[str]
) -> dict[str, int]:
    """Delete a person from config.db; entries of others keep their place without the name.

    Runs in the caller's transaction: the logs are append-only again when it ends.
    """
    for table in _APPEND_ONLY_TABLES:
        for verb in ("update", "delete"):
            conn.execute(f"DROP TRIGGER {table}_no_{verb}")
    counts = {
        "person": conn.execute("DELETE FROM person WHERE id = ?", (person,)).rowcount,
        "consent": conn.execute("DELETE FROM consent WHERE person = ?", (person,)).rowcount,
        "audit": conn.execute("DELETE FROM audit WHERE actor = ?", (person,)).rowcount,
        "setting": 0,
    }
    _clean_column(conn, "consent", "by", markers)
    _clean_column(conn, "audit", "actor", markers)
    _clean_column(conn, "audit", "action", markers)
    _clean_column(conn, "audit", "detail", markers)
    for key, value in conn.execute("SELECT key, value FROM setting").fetchall():
        if any(names(marker, key) for marker in markers):
            counts["setting"] += conn.execute("DELETE FROM setting WHERE key = ?", (key,)).rowcount
        elif (clean := _clean(value, markers)) != value:
            json.loads(clean)  # a name is replaced within strings, so this holds
            conn.execute("UPDATE setting SET value = ? WHERE key = ?", (clean, key))
            counts["setting"] += 1
    counts |= _erase_accounts(conn, person, markers)
    for statement in APPEND_ONLY:
        conn.execute(statement)
    return counts


def _erase_accounts(
    conn: sqlite3.Connection, person: str, markers: Sequence[str]
) -> dict[str, int]:
    """Delete what lets a person in; take their name out of what others called their devices."""
    mine = "SELECT id FROM member WHERE person = ?"
    counts = {
        table: conn.execute(f"DELETE FROM {table} WHERE member IN ({mine})", (person,)).rowcount  # noqa: S608
        for table in ("client", "session", "passkey", "push")
    }
    counts["member"] = conn.execute("DELETE FROM member WHERE person = ?", (person,)).rowcount
    for table in ("member", "client", "session", "passkey"):
        _clean_column(conn, table, "name", markers)
    return counts


def erase_in_queue(conn: sqlite3.Connection, person: str) -> int:
    """Delete what of a person waits to be sent; return how many records."""
    with transaction(conn):
        return conn.execute("DELETE FROM outbox WHERE person = ?", (person,)).rowcount


def _clean_column(conn: sqlite3.Connection, table: str, column: str, markers: Sequence[str]) -> int:
    changed = 0
    for row, value in conn.execute(f"SELECT id, {column} FROM {table}").fetchall():  # noqa: S608
        clean = _clean(value, markers)
        if clean != value:
            conn.execute(f"UPDATE {table} SET {column} = ? WHERE id = ?", (clean, row))  # noqa: S608
            changed += 1
    return changed


def _clean(text: str, markers: Sequence[str]) -> str:
    for marker in markers:
        text = without(marker, text)
    return text
