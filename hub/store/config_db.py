"""config.db: people, settings made at run time and the audit log; every write is synced."""

import json
import re
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from hub.clock import Clock
from hub.errors import DiskFull, StoreError
from hub.phrase import Phrase, kept, phrase_or, restored
from hub.store.db import transaction
from hub.store.reserve import Reserve
from hub.store.schema import File
from hub.store.writer import Writer
from hub.types import PersonId

T = TypeVar("T")

Json = str | int | float | bool | None | list["Json"] | dict[str, "Json"]

HUB = "hub"
"""Who acts when nobody does."""
PRIVACY = "privacy"
GUESTS = "guests"

_HEAD = re.compile("[ .]")

MAX_SETTING_BYTES = 65_536
MAX_AUDIT = 1000
"""Entries of the audit log that one call returns."""


@dataclass(frozen=True, slots=True)
class StoredPerson:
    """What the store knows of a person; it needs no configuration to export or erase."""

    id: PersonId
    name: str
    lives_in: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Who did what; action and detail are phrases, save in entries of old versions."""

    at_ms: int
    actor: str
    action: str
    detail: str


class ConfigDb:
    """Settings are read from memory and written through. Called on the loop."""

    def __init__(self, directory: Path, clock: Clock, reserve: Reserve) -> None:
        self.writer = Writer(directory / File.CONFIG, File.CONFIG)
        self._clock = clock
        self._reserve = reserve
        self._settings: dict[str, Json] = {}
        self._people: tuple[StoredPerson, ...] = ()
        self._last_word: dict[str, bool] = {}
        self._on_switch: Callable[[], None] | None = None

    async def open(self) -> None:
        """Open the file and read it into memory."""
        await self.writer.open()
        await self.reload()

    async def reload(self) -> None:
        """Read settings and people anew."""
        self._settings = await self.writer.run(_load_settings)
        self._people = await self.writer.run(load_people)

    def now_ms(self) -> int:
        """Return the wall time in milliseconds."""
        return round(self._clock.wall() * 1000)

    def people(self) -> tuple[StoredPerson, ...]:
        """Return everyone the store knows, by id."""
        return self._people

    async def remember_people(self, people: Mapping[PersonId, tuple[str, tuple[str, ...]]]) -> None:
        """Note each person's name and rooms; nobody is forgotten here, that is erasing."""
        known = {person.id: person for person in self._people}
        now = self.now_ms()
        news = [
            (person, name, json.dumps(list(rooms), ensure_ascii=False), now)
            for person, (name, rooms) in people.items()
            if known.get(person) != StoredPerson(person, name, rooms)
        ]
        if news:
            await self.write(
                lambda conn: conn.executemany(
                    "INSERT INTO person VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE "
                    "SET name = excluded.name, lives_in = excluded.lives_in",
                    news,
                )
            )
            self._people = await self.writer.run(load_people)

    def get(self, key: str, default: Json = None) -> Json:
        """Return a setting."""
        return self._settings.get(key, default)

    def settings(self) -> tuple[tuple[str, Json], ...]:
        """Return every setting."""
        return tuple(self._settings.items())

    async def remove(self, key: str, by: str) -> None:
        """Remove a setting, if it is there; it counts once it is on the disk."""
        if key not in self._settings:
            return
        now = self.now_ms()

        def job(conn: sqlite3.Connection) -> None:
            conn.execute("DELETE FROM setting WHERE key = ?", (key,))
            add_audit(conn, now, by, Phrase("audit.remove", what=_named(key)), _whose(key))

        await self.write(job)
        del self._settings[key]

    async def set(self, key: str, value: Json, by: str) -> None:
        """Store a setting; it counts once it is on the disk.

        What a person sets goes to the audit log; what the hub itself notes down does not.
        """
        text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
        if len(text.encode()) > MAX_SETTING_BYTES:
            raise StoreError(f"the setting {key!r} is longer than {MAX_SETTING_BYTES} bytes")
        now = self.now_ms()

        def job(conn: sqlite3.Connection) -> None:
            conn.execute("INSERT OR REPLACE INTO setting VALUES (?, ?, ?)", (key, text, now))
            if by != HUB:
                add_audit(conn, now, by, _setting(key, value), _whose(key))

        await self.write(job)
        self._settings[key] = value

    @property
    def privacy(self) -> bool:
        """True while every camera and microphone is to be off."""
        return self._settings.get(PRIVACY) is True

    @property
    def guests(self) -> bool:
        """True while guests are there, who have agreed to nothing."""
        return self._settings.get(GUESTS) is True

    async def set_privacy(self, on: bool, by: str) -> None:
        """Switch privacy mode; turning it on counts at once, even if the disk refuses.

        Of two who switch at once the later one counts.
        """
        await self._switch(PRIVACY, on, by)

    async def set_guests(self, on: bool, by: str) -> None:
        """Switch guest mode; turning it on counts at once, even if the disk refuses."""
        await self._switch(GUESTS, on, by)

    def on_switch(self, listener: Callable[[], None]) -> None:
        """Call `listener` whenever privacy or guest mode was switched: on at once."""
        self._on_switch = listener

    async def audit(self, actor: str, action: Phrase, detail: str = "") -> None:
        """Add to the audit log. `detail` is a name, a number or a phrase, never words as such."""
        now = self.now_ms()
        await self.write(lambda conn: add_audit(conn, now, actor, action, detail))

    async def audit_log(self, limit: int = 100) -> tuple[AuditEntry, ...]:
        """Return the newest entries, newest first."""
        limit = max(1, min(limit, MAX_AUDIT))
        return await self.writer.run(
            lambda conn: tuple(
                AuditEntry(at, actor, restored(action), restored(detail))
                for at, actor, action, detail in conn.execute(
                    "SELECT at, actor, action, detail FROM audit ORDER BY id DESC LIMIT ?", (limit,)
                )
            )
        )

    async def write(self, job: Callable[[sqlite3.Connection], T]) -> T:
        """Run a job in one synced transaction; on a full disk once more from the reserve.

        Raises DiskFull or StoreError.
        """

        def whole(conn: sqlite3.Connection) -> T:
            with transaction(conn):
                return job(conn)

        try:
            return await self.writer.run(whole)
        except DiskFull:
            await self.writer.run(lambda _: self._reserve.release())
            return await self.writer.run(whole)

    async def close(self) -> None:
        """Close the file for good."""
        try:
            await self.writer.close()
        finally:
            self.writer.dispose()

    async def _switch(self, key: str, on: bool, by: str) -> None:
        self._last_word[key] = on
        try:
            if on:
                self._settings[key] = True
                self._switched()
        finally:  # who listens may fail; the word is kept all the same
            await self.set(key, on, by)
        self._settings[key] = self._last_word[key] or on
        self._switched()

    def _switched(self) -> None:
        if self._on_switch is not None:
            self._on_switch()


def add_audit(conn: sqlite3.Connection, at: int, actor: str, action: Phrase, detail: str) -> None:
    """Add to the audit log, within the caller's transaction; it is read in any language."""
    conn.execute(
        "INSERT INTO audit (at, actor, action, detail) VALUES (?, ?, ?, ?)",
        (at, actor, action.stored(), kept(detail)),
    )


def load_people(conn: sqlite3.Connection) -> tuple[StoredPerson, ...]:
    """Return everyone in the file."""
    rows = conn.execute("SELECT id, name, lives_in FROM person ORDER BY id")
    return tuple(StoredPerson(row[0], row[1], tuple(json.loads(row[2]))) for row in rows)


def _setting(key: str, value: Json) -> Phrase:
    if key in (PRIVACY, GUESTS):
        return Phrase(f"audit.{key}_on") if value else Phrase(f"audit.{key}_off")
    return Phrase("audit.set", what=_named(key))


def _named(key: str) -> str:
    """Return what people call a setting: its key is a word, then what it is set for."""
    return phrase_or("setting", _HEAD.split(key, maxsplit=1)[0])


def _whose(key: str) -> str:
    parts = _HEAD.split(key, maxsplit=1)
    return parts[1] if len(parts) > 1 and " " in key else ""


def _load_settings(conn: sqlite3.Connection) -> dict[str, Json]:
    return {key: json.loads(value) for key, value in conn.execute("SELECT key, value FROM setting")}
