"""The tables of the three files, as lists of migrations that are only ever appended.

A released migration never changes: files made by it exist in people's homes. Each has a name and
its statements; `hub.store.migrate` applies them in order, each in one transaction.

Columns named `at` and `*_ms` are milliseconds (since 1970 UTC for `at`). In history.db numbers in
[-1, 1] are thousandths, enums are their place in `hub.store.codes`, and `source`, `room`,
`person`, `rule`... are ids in the table `text`; a sentence is a template there plus its figures.
"""

from dataclasses import dataclass
from enum import StrEnum


class File(StrEnum):
    """The three databases of a hub."""

    CONFIG = "config.db"
    QUEUE = "queue.db"
    HISTORY = "history.db"


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of a schema."""

    name: str
    statements: tuple[str, ...]


APPEND_ONLY = tuple(
    f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
    f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    for table in ("consent", "audit")
    for verb in ("UPDATE", "DELETE")
)

_CONFIG_1 = Migration(
    "0001_people_consent_settings_audit",
    (
        """CREATE TABLE person (
            id TEXT PRIMARY KEY, name TEXT NOT NULL, lives_in TEXT NOT NULL, since INTEGER NOT NULL
        ) STRICT""",
        """CREATE TABLE consent (
            id INTEGER PRIMARY KEY, at INTEGER NOT NULL, person TEXT NOT NULL, sense TEXT NOT NULL,
            given INTEGER NOT NULL, by TEXT NOT NULL
        ) STRICT""",
        """CREATE TABLE setting (
            key TEXT PRIMARY KEY, value TEXT NOT NULL, at INTEGER NOT NULL
        ) STRICT""",
        """CREATE TABLE audit (
            id INTEGER PRIMARY KEY, at INTEGER NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL,
            detail TEXT NOT NULL
        ) STRICT""",
        *APPEND_ONLY,
    ),
)

_CONFIG_2 = Migration(
    "0002_members_sessions",
    (
        """CREATE TABLE member (
            id TEXT PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL, person TEXT,
            since INTEGER NOT NULL, totp BLOB, totp_step INTEGER NOT NULL
        ) STRICT""",
        """CREATE TABLE client (
            id TEXT PRIMARY KEY, member TEXT NOT NULL, name TEXT NOT NULL, key BLOB NOT NULL UNIQUE,
            since INTEGER NOT NULL
        ) STRICT""",
        """CREATE TABLE session (
            id TEXT PRIMARY KEY, hash BLOB NOT NULL UNIQUE, member TEXT NOT NULL, client TEXT,
            kind TEXT NOT NULL, name TEXT NOT NULL, scopes TEXT NOT NULL, since INTEGER NOT NULL,
            seen INTEGER NOT NULL, until INTEGER NOT NULL, proved INTEGER NOT NULL
        ) STRICT""",
        """CREATE TABLE passkey (
            id BLOB PRIMARY KEY, member TEXT NOT NULL, name TEXT NOT NULL, key BLOB NOT NULL,
            uses INTEGER NOT NULL, since INTEGER NOT NULL
        ) STRICT""",
        """CREATE TABLE push (
            endpoint TEXT PRIMARY KEY, member TEXT NOT NULL, client TEXT, p256dh BLOB NOT NULL,
            auth BLOB NOT NULL, topics TEXT NOT NULL, since INTEGER NOT NULL
        ) STRICT""",
        "CREATE INDEX session_member ON session (member)",
    ),
)

_QUEUE_1 = Migration(
    "0001_outbox",
    (
        """CREATE TABLE outbox (
            id INTEGER PRIMARY KEY, at INTEGER NOT NULL, kind TEXT NOT NULL, person TEXT,
            body BLOB NOT NULL
        ) STRICT""",
    ),
)

_HISTORY_1 = Migration(
    "0001_history",
    (
        "CREATE TABLE text (id INTEGER PRIMARY KEY, value TEXT NOT NULL UNIQUE) STRICT",
        """CREATE TABLE reading (
            id INTEGER PRIMARY KEY, at INTEGER NOT NULL, source INTEGER NOT NULL,
            room INTEGER NOT NULL, person INTEGER, sense INTEGER NOT NULL, model INTEGER NOT NULL,
            samples INTEGER NOT NULL, valence INTEGER NOT NULL, arousal INTEGER NOT NULL,
            valence_sd INTEGER NOT NULL, arousal_sd INTEGER NOT NULL, quality INTEGER NOT NULL,
            shares BLOB
        ) STRICT""",
        "CREATE INDEX reading_at ON reading (at)",
        """CREATE TABLE mood (
            id INTEGER PRIMARY KEY, at INTEGER NOT NULL, room INTEGER NOT NULL, person INTEGER,
            label INTEGER NOT NULL, valence INTEGER NOT NULL, arousal INTEGER NOT NULL,
            confidence INTEGER NOT NULL, disagreement INTEGER NOT NULL, weights BLOB NOT NULL
        ) STRICT""",
        "CREATE INDEX mood_at ON mood (at)",
        """CREATE TABLE decision (
            id INTEGER PRIMARY KEY, at INTEGER NOT NULL, room INTEGER NOT NULL,
            rule INTEGER NOT NULL, cause INTEGER NOT NULL, goal INTEGER NOT NULL, goal_figures TEXT,
            because INTEGER NOT NULL, because_figures TEXT, confidence INTEGER NOT NULL,
            mood INTEGER, lasts_ms INTEGER NOT NULL
        ) STRICT""",
        """CREATE TABLE held (
            id INTEGER PRIMARY KEY, at INTEGER NOT NULL, room INTEGER NOT NULL,
            rule INTEGER NOT NULL, guard INTEGER NOT NULL, lasts_ms INTEGER
        ) STRICT""",
        """CREATE TABLE outcome (
            id INTEGER PRIMARY KEY, at INTEGER NOT NULL, decision INTEGER, device INTEGER NOT NULL,
            command INTEGER NOT NULL, command_figures TEXT, status INTEGER NOT NULL,
            reason INTEGER, reason_figures TEXT, took_ms INTEGER NOT NULL
        ) STRICT""",
        "CREATE INDEX outcome_decision ON outcome (decision) WHERE decision IS NOT NULL",
        """CREATE TABLE device_event (
            id INTEGER PRIMARY KEY, at INTEGER NOT NULL, device INTEGER NOT NULL, room INTEGER,
            what INTEGER NOT NULL, state INTEGER, state_figures TEXT
        ) STRICT""",
        """CREATE TABLE sense_event (
            id INTEGER PRIMARY KEY, at INTEGER NOT NULL, source INTEGER NOT NULL,
            room INTEGER NOT NULL, sense INTEGER NOT NULL, state INTEGER NOT NULL, reason INTEGER,
            reason_figures TEXT
        ) STRICT""",
        """CREATE TABLE correction (
            id INTEGER PRIMARY KEY, at INTEGER NOT NULL, decision INTEGER, mood INTEGER,
            person INTEGER, kind INTEGER NOT NULL, note TEXT NOT NULL
        ) STRICT""",
        """CREATE TABLE rollup (
            kind INTEGER NOT NULL, room INTEGER NOT NULL, person INTEGER NOT NULL,
            at INTEGER NOT NULL, moods INTEGER NOT NULL, lasted_ms INTEGER NOT NULL,
            valence INTEGER NOT NULL, arousal INTEGER NOT NULL, confidence INTEGER NOT NULL,
            labels TEXT NOT NULL, PRIMARY KEY (kind, room, person, at)
        ) STRICT, WITHOUT ROWID""",
        """CREATE TABLE age_mark (
            age_ms INTEGER PRIMARY KEY, at INTEGER NOT NULL, reading INTEGER NOT NULL,
            mood INTEGER NOT NULL, decision INTEGER NOT NULL, held INTEGER NOT NULL,
            outcome INTEGER NOT NULL, device_event INTEGER NOT NULL, sense_event INTEGER NOT NULL,
            correction INTEGER NOT NULL
        ) STRICT""",
        "CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID",
    ),
)

MIGRATIONS: dict[File, tuple[Migration, ...]] = {
    File.CONFIG: (_CONFIG_1, _CONFIG_2),
    File.QUEUE: (_QUEUE_1,),
    File.HISTORY: (_HISTORY_1,),
}

AGED = (
    "reading",
    "mood",
    "decision",
    "held",
    "outcome",
    "device_event",
    "sense_event",
    "correction",
)
"""Tables of history.db whose rows grow old; their ids only ever grow."""
