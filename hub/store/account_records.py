"""Who may use the app, from what and how they show it: rows of config.db as the rest gets them.

Secrets of sessions are stored as SHA-256 only.
"""

import json
import sqlite3
from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class Member:
    """Someone who may use the app. `person` links them to what is sensed of them."""

    id: str
    name: str
    role: str
    person: str | None
    since_ms: int
    totp: bytes | None = field(default=None, repr=False)
    totp_step: int = 0
    """The last time step whose code was used: a code is good once."""


@dataclass(frozen=True, slots=True)
class Client:
    """A paired device: its Ed25519 public key (32 bytes) lets it open sessions."""

    id: str
    member: str
    name: str
    key: bytes
    since_ms: int


@dataclass(frozen=True, slots=True)
class Session:
    """A browser's session or a script's token. `hash` is SHA-256 of its secret.

    `scopes` restricts a token further than its member's role; empty means no restriction.
    `proved_ms` says when a second factor was last shown.
    """

    id: str
    hash: bytes = field(repr=False)
    member: str
    client: str | None
    kind: str
    name: str
    scopes: tuple[str, ...]
    since_ms: int
    seen_ms: int
    until_ms: int
    proved_ms: int = 0


@dataclass(frozen=True, slots=True)
class Passkey:
    """A WebAuthn credential of a member."""

    id: bytes
    member: str
    name: str
    key: bytes
    uses: int
    since_ms: int


@dataclass(frozen=True, slots=True)
class PushTarget:
    """Where a browser wants to be told, and with which keys."""

    endpoint: str
    member: str
    client: str | None
    p256dh: bytes
    auth: bytes = field(repr=False)
    topics: tuple[str, ...]
    since_ms: int


@dataclass(frozen=True, slots=True)
class Everyone:
    """All of it, oldest first."""

    members: list[Member]
    clients: list[Client]
    sessions: list[Session]
    passkeys: list[Passkey]
    push: list[PushTarget]


def read_all(conn: sqlite3.Connection) -> Everyone:
    """Return every row of these tables."""
    return Everyone(
        [Member(*row) for row in conn.execute("SELECT * FROM member ORDER BY since")],
        [Client(*row) for row in conn.execute("SELECT * FROM client ORDER BY since")],
        [
            replace(Session(*row), scopes=tuple(json.loads(row[6])))
            for row in conn.execute("SELECT * FROM session ORDER BY since")
        ],
        [Passkey(*row) for row in conn.execute("SELECT * FROM passkey ORDER BY since")],
        [
            replace(PushTarget(*row), topics=tuple(json.loads(row[5])))
            for row in conn.execute("SELECT * FROM push ORDER BY since")
        ],
    )
