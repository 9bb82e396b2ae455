"""Who agreed to which sense: an append-only log; what counts is each pair's last entry."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

from hub.errors import StoreError
from hub.store.config_db import ConfigDb
from hub.store.consent_rules import Consents
from hub.types import PersonId
from models.types import Sense

MAX_LOG = 1000
RESTORED = "hub: restored from a copy"


@dataclass(frozen=True, slots=True)
class ConsentEntry:
    """One entry of the log: at that moment `person` agreed to `sense`, or no longer did."""

    at_ms: int
    person: PersonId
    sense: str
    """A Sense; or what another version wrote, which this one neither knows nor allows."""
    given: bool
    by: str


class ConsentStore:
    """Consent counts once it is on the disk; its withdrawal counts at once, whatever the disk."""

    def __init__(self, config: ConfigDb, on_given: Callable[[PersonId], None]) -> None:
        self._config = config
        self._on_given = on_given
        self._state: Consents = frozenset()
        self._being_given: set[tuple[PersonId, Sense]] = set()
        """On the way to the disk; a withdrawal meanwhile is the last word."""
        self._listener: Callable[[], None] | None = None

    async def load(self) -> None:
        """Read the state from the file."""
        self._state = await self._config.writer.run(load_state)

    def on_change(self, listener: Callable[[], None]) -> None:
        """Call `listener` whenever what counts has changed: for less at once, not when stored."""
        self._listener = listener

    def state(self) -> Consents:
        """Return who agrees to what now."""
        return self._state

    async def give(self, person: PersonId, sense: Sense, by: str) -> bool:
        """Note that a person agrees; False if they did already, or withdrew meanwhile.

        Raises StoreError if it cannot be stored: the sense stays off then.
        """
        if not person:
            raise StoreError("consent needs a person")
        one = person, sense
        if one in self._state:
            return False
        self._being_given.add(one)
        try:
            await self._append(person, sense, given=True, by=by)
            if one not in self._being_given:
                return False
        finally:
            self._being_given.discard(one)
        self._state |= {one}
        self._on_given(person)
        self._changed()
        return True

    async def withdraw(self, person: PersonId, sense: Sense, by: str) -> bool:
        """Note that a person no longer agrees; False if they did not.

        Raises StoreError if it cannot be stored; it counts until the hub's end all the same.
        """
        one = person, sense
        if one not in self._state and one not in self._being_given:
            return False
        self._being_given.discard(one)
        self._state -= {one}
        try:
            self._changed()
        finally:  # who listens may fail; the word is kept all the same
            await self._append(person, sense, given=False, by=by)
        return True

    async def withdraw_all(self, by: str) -> None:
        """Withdraw every consent: what is stored may be older than what people last said."""
        for person, sense in sorted(self._state):
            await self.withdraw(person, sense, by)

    def forget(self, person: PersonId | None) -> None:
        """Drop a person's consents, or all, from memory; the file is the eraser's business."""
        self._state = frozenset(
            (who, sense) for who, sense in self._state if person is not None and who != person
        )
        self._being_given -= {one for one in self._being_given if person in {None, one[0]}}
        self._changed()

    async def log(
        self, person: PersonId | None = None, limit: int = 100
    ) -> tuple[ConsentEntry, ...]:
        """Return the newest entries, newest first, of one person or of all."""
        limit = max(1, min(limit, MAX_LOG))
        return await self._config.writer.run(lambda conn: load_log(conn, person, limit))

    def _changed(self) -> None:
        if self._listener is not None:
            self._listener()

    async def _append(self, person: PersonId, sense: Sense, *, given: bool, by: str) -> None:
        row = (self._config.now_ms(), person, sense.value, int(given), by)
        await self._config.write(
            lambda conn: conn.execute(
                "INSERT INTO consent (at, person, sense, given, by) VALUES (?, ?, ?, ?, ?)", row
            )
        )


def load_state(conn: sqlite3.Connection) -> Consents:
    """Return who agrees to what, by the last entry of each pair."""
    rows = conn.execute(
        "SELECT person, sense FROM consent WHERE given = 1 AND id IN "
        "(SELECT max(id) FROM consent GROUP BY person, sense)"
    )
    known = set(Sense)
    return frozenset((PersonId(row[0]), Sense(row[1])) for row in rows if row[1] in known)


def load_log(
    conn: sqlite3.Connection, person: PersonId | None, limit: int
) -> tuple[ConsentEntry, ...]:
    """Return entries of the log, newest first."""
    rows = conn.execute(
        "SELECT at, person, sense, given, by FROM consent WHERE ?1 IS NULL OR person = ?1 "
        "ORDER BY id DESC LIMIT ?2",
        (person, limit),
    )
    return tuple(ConsentEntry(row[0], row[1], row[2], bool(row[3]), row[4]) for row in rows)
