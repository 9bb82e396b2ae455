"""Sums of moods by minute, hour and day, kept for good.

Each stored mood is added once to its minute, its hour (UTC) and its day (the home's). It counts for
the time since the mood before it of the same room and person, at most a minute. Sums only grow, so
no gap in time and no jump of the clock has to be walked through.
"""

import sqlite3
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from enum import IntEnum

from hub.store.db import transaction

CHUNK = 2000
"""Moods added in one transaction."""
MOST_MS = 60_000
FIRST_MS = 5_000
"""What the first mood after a start counts for."""

_DONE = "rolled_mood"


class Span(IntEnum):
    """How long a rollup's time is; also its code in the file."""

    MINUTE = 0
    HOUR = 1
    DAY = 2


@dataclass(slots=True)
class _Sum:
    moods: int = 0
    lasted_ms: int = 0
    valence: int = 0
    arousal: int = 0
    confidence: int = 0
    labels: Counter[int] = field(default_factory=Counter)


_Key = tuple[int, int, int, int]
"""Span, room, person (0: the room's own), start."""


class Rollups:
    """Adds new moods to the sums. Used in the writer's thread only."""

    def __init__(self, zone: tzinfo | None) -> None:
        self._zone = zone or UTC
        self._before: dict[tuple[int, int], int] = {}

    def advance(self, conn: sqlite3.Connection) -> bool:
        """Add the next moods; False when none are left."""
        done = _done(conn)
        moods = conn.execute(
            "SELECT id, at, room, coalesce(person, 0), label, valence, arousal, confidence "
            "FROM mood WHERE id > ? ORDER BY id LIMIT ?",
            (done, CHUNK),
        ).fetchall()
        if not moods:
            return False
        sums: dict[_Key, _Sum] = {}
        for _, at, room, person, label, valence, arousal, confidence in moods:
            before = self._before.get((room, person), at - FIRST_MS)
            lasted = min(max(at - before, 1), MOST_MS)
            self._before[room, person] = at
            for span in Span:
                total = sums.setdefault((span, room, person, self.start(span, at)), _Sum())
                total.moods += 1
                total.lasted_ms += lasted
                total.valence += valence * lasted
                total.arousal += arousal * lasted
                total.confidence += confidence * lasted
                total.labels[label] += lasted
        with transaction(conn):
            for key, total in sums.items():
                _add(conn, key, total)
            conn.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (_DONE, moods[-1][0]))
        return True

    def start(self, span: Span, at: int) -> int:
        """Return when the minute, hour or day began that holds this moment."""
        match span:
            case Span.MINUTE:
                return at - at % 60_000
            case Span.HOUR:
                return at - at % 3_600_000
            case Span.DAY:
                local = datetime.fromtimestamp(at / 1000, self._zone)
                day = local.replace(hour=0, minute=0, second=0, microsecond=0)
                return round(day.timestamp() * 1000)

    def forget(self) -> None:
        """Forget the moods before: words, and with them the rooms' ids, may have changed."""
        self._before.clear()


def _done(conn: sqlite3.Connection) -> int:
    found = conn.execute("SELECT value FROM meta WHERE key = ?", (_DONE,)).fetchone()
    return found[0] if found else 0


def _add(conn: sqlite3.Connection, key: _Key, total: _Sum) -> None:
    old = conn.execute(
        "SELECT moods, lasted_ms, valence, arousal, confidence, labels FROM rollup "
        "WHERE kind = ? AND room = ? AND person = ? AND at = ?",
        key,
    ).fetchone()
    if old is not None:
        total.moods += old[0]
        total.lasted_ms += old[1]
        total.valence += old[2]
        total.arousal += old[3]
        total.confidence += old[4]
        total.labels += labels_of(old[5])
    conn.execute(
        "INSERT OR REPLACE INTO rollup VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *key,
            total.moods,
            total.lasted_ms,
            total.valence,
            total.arousal,
            total.confidence,
            " ".join(f"{label}:{ms}" for label, ms in total.labels.most_common()),
        ),
    )


def labels_of(text: str) -> Counter[int]:
    """Return how many milliseconds each label lasted, from the column `labels`."""
    pairs = (pair.split(":") for pair in text.split())
    return Counter({int(label): int(ms) for label, ms in pairs})
