"""What may be asked of history.db. Every answer is bounded; the newest come first.

Functions take a connection whose rows are sqlite3.Row, so that they serve the running hub, the
export and the tests alike.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from hub.store import decode
from hub.store.records import (
    CorrectionRecord,
    DecisionRecord,
    DeviceRecord,
    HeldRecord,
    MoodRecord,
    OutcomeRecord,
    ReadingRecord,
    RollupRecord,
    SenseRecord,
)
from hub.store.retention import WORD_COLUMNS
from hub.store.rollups import Span
from hub.store.schema import AGED
from hub.store.whose import Whose

MAX_LIMIT = 10_000

R = TypeVar("R")

_PLAIN = {
    "reading": (
        *("id", "at", "sense", "samples", "valence", "arousal", "valence_sd", "arousal_sd"),
        *("quality", "shares"),
    ),
    "mood": (
        *("id", "at", "label", "valence", "arousal", "confidence", "disagreement", "weights"),
    ),
    "decision": (
        *("id", "at", "cause", "goal_figures", "because_figures", "confidence", "mood"),
        "lasts_ms",
    ),
    "held": ("id", "at", "lasts_ms"),
    "outcome": (
        *("id", "at", "decision", "command_figures", "status", "reason_figures", "took_ms"),
    ),
    "device_event": ("id", "at", "what", "state_figures"),
    "sense_event": ("id", "at", "sense", "state", "reason_figures"),
    "correction": ("id", "at", "decision", "mood", "note"),
    "rollup": (
        *("kind", "at", "moods", "lasted_ms", "valence", "arousal", "confidence", "labels"),
    ),
}
"""The columns of each table that stand for themselves."""


@dataclass(frozen=True, slots=True)
class Where:
    """Which rows: all that are given must hold. Times are milliseconds, both ends included.

    `room_only` leaves out what belongs to a person.
    """

    room: str | None = None
    person: str | None = None
    room_only: bool = False
    since_ms: int | None = None
    until_ms: int | None = None
    before_id: int | None = None
    """For the next page: the id of the last row of the page before."""
    offset: int = 0
    """For the next page of rollups, which have no ids."""
    whose: Whose | None = None
    """Everything that is a person's, also what they share with their rooms."""
    limit: int = 100


def readings(conn: sqlite3.Connection, where: Where) -> tuple[ReadingRecord, ...]:
    """Return readings."""
    return _select(conn, "reading", where, decode.reading)


def moods(conn: sqlite3.Connection, where: Where) -> tuple[MoodRecord, ...]:
    """Return moods."""
    return _select(conn, "mood", where, decode.mood)


def held(conn: sqlite3.Connection, where: Where) -> tuple[HeldRecord, ...]:
    """Return rules that were held back."""
    return _select(conn, "held", where, decode.held)


def outcomes(conn: sqlite3.Connection, where: Where) -> tuple[OutcomeRecord, ...]:
    """Return outcomes of commands."""
    return _select(conn, "outcome", where, decode.outcome)


def device_events(conn: sqlite3.Connection, where: Where) -> tuple[DeviceRecord, ...]:
    """Return changes of devices."""
    return _select(conn, "device_event", where, decode.device)


def sense_events(conn: sqlite3.Connection, where: Where) -> tuple[SenseRecord, ...]:
    """Return when which source was on."""
    return _select(conn, "sense_event", where, decode.sense)


def corrections(conn: sqlite3.Connection, where: Where) -> tuple[CorrectionRecord, ...]:
    """Return what people said about decisions and moods."""
    return _select(conn, "correction", where, decode.correction)


def decisions(conn: sqlite3.Connection, where: Where) -> tuple[DecisionRecord, ...]:
    """Return decisions, each with its senses, outcomes and corrections."""
    found = _rows(conn, "decision", where, ", (SELECT weights FROM mood WHERE id = t.mood) weights")
    ids = [row["id"] for row in found]
    acted = _by_decision(conn, "outcome", ids, decode.outcome)
    said = _by_decision(conn, "correction", ids, decode.correction)
    return tuple(
        decode.decision(row, tuple(acted[row["id"]]), tuple(said[row["id"]])) for row in found
    )


def rollups(conn: sqlite3.Connection, where: Where, span: Span) -> tuple[RollupRecord, ...]:
    """Return the rollups of one span, newest first."""
    return _select(conn, "rollup", where, decode.rollup, f"t.kind = {span.value}")


def counts(conn: sqlite3.Connection) -> dict[str, int]:
    """Return how many rows each table holds."""
    return {
        table: conn.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608
        for table in (*AGED, "rollup")
    }


def _select(
    conn: sqlite3.Connection,
    table: str,
    where: Where,
    build: Callable[[sqlite3.Row], R],
    extra: str = "",
) -> tuple[R, ...]:
    return tuple(build(row) for row in _rows(conn, table, where, condition=extra))


def _rows(
    conn: sqlite3.Connection, table: str, where: Where, more: str = "", condition: str = ""
) -> list[sqlite3.Row]:
    words = WORD_COLUMNS[table]
    conditions, values = [condition] if condition else [], list[object]()
    for column, word in (("room", where.room), ("person", where.person)):
        if word is not None and column in words:
            conditions.append(f"t.{column} = (SELECT id FROM text WHERE value = ?)")  # noqa: S608
            values.append(word)
    if where.whose is not None:
        condition, mine = where.whose.condition(table)
        conditions.append(condition)
        values += mine
    if where.room_only and "person" in words:
        conditions.append("coalesce(t.person, 0) = 0")
    for expression, bound in (
        ("t.at >= ?", where.since_ms),
        ("t.at <= ?", where.until_ms),
        ("t.id < ?", where.before_id),
    ):
        if bound is not None:
            conditions.append(expression)
            values.append(bound)
    timed = table == "rollup" or where.since_ms is not None or where.until_ms is not None
    sql = (
        f"SELECT {_columns(table)}{more} FROM {table} t "  # noqa: S608 - our own names
        f"{'WHERE ' + ' AND '.join(conditions) if conditions else ''} "
        f"ORDER BY t.{'at' if timed else 'id'} DESC LIMIT ? OFFSET ?"
    )
    values += (max(1, min(where.limit, MAX_LIMIT)), where.offset)
    return conn.execute(sql, values).fetchall()


def _columns(table: str) -> str:
    plain = [f"t.{column}" for column in _PLAIN[table]]
    words = [
        f"(SELECT value FROM text WHERE id = t.{column}) {column}"  # noqa: S608 - our own names
        for column in WORD_COLUMNS[table]
    ]
    return ", ".join((*plain, *words))


def _by_decision(
    conn: sqlite3.Connection, table: str, ids: Sequence[int], build: Callable[[sqlite3.Row], R]
) -> defaultdict[int, list[R]]:
    found: defaultdict[int, list[R]] = defaultdict(list)
    for some in _chunks(ids):
        sql = (
            f"SELECT {_columns(table)} FROM {table} t "  # noqa: S608 - our own names
            f"WHERE t.decision IN ({', '.join('?' * len(some))}) ORDER BY t.id LIMIT {MAX_LIMIT}"
        )
        for row in conn.execute(sql, some):
            found[row["decision"]].append(build(row))
    return found


def _chunks(ids: Sequence[int]) -> Iterable[Sequence[int]]:
    return (ids[start : start + 500] for start in range(0, len(ids), 500))
