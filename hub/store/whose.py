"""Which rows are a person's: said once, for export and for erasing.

* Readings, moods, rollups and corrections that carry the person.
* Decisions made for a mood of the person, or whose sentence names them, with their outcomes.
* With `shared`: the rows of the rooms the person lives in that carry nobody. A camera or
  microphone does not know whom it saw or heard, so they are the data of everyone who lives there.
"""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from hub.store.codes import split_numbers

Condition = tuple[str, list[object]]

NOBODY: Condition = ("0", [])

MAX_WORDS = 5000
"""SQLite takes 32,766 parameters; a home has a few hundred texts."""

_WORD = "(SELECT id FROM text WHERE value = ?)"


@dataclass(frozen=True, slots=True)
class Whose:
    """A person in history.db. `rooms` None means every room."""

    person: str
    rooms: tuple[str, ...] | None
    shared: bool
    words: tuple[int, ...]
    """Texts that name the person."""

    def condition(self, table: str, t: str = "t") -> Condition:
        """Return what a table's rows, under an alias, must satisfy as SQL."""
        match table:
            case "reading" | "mood" | "rollup":
                return _any(self._own(t), self._room(t, f"coalesce({t}.person, 0) = 0"))
            case "decision":
                return _any(self._room(t), self._of_mood(t), self._named(t, "goal", "because"))
            case "held" | "sense_event" | "device_event":
                return self._room(t)
            case "outcome":
                return _any(self._of_decision(t), self._by_hand(t))
            case "correction":
                return _any(self._own(t), self._of_decision(t), self._of_mood(t))
            case _:
                raise ValueError(table)

    def _own(self, t: str) -> Condition:
        return f"{t}.person = {_WORD}", [self.person]

    def _room(self, t: str, nobody: str = "1") -> Condition:
        if not self.shared:
            return NOBODY
        if self.rooms is None:
            return nobody, []
        rooms = f"SELECT id FROM text WHERE value IN ({_marks(self.rooms)})"  # noqa: S608
        return f"({nobody} AND {t}.room IN ({rooms}))", [*self.rooms]

    def _named(self, t: str, *columns: str) -> Condition:
        parts = [f"{t}.{column} IN ({_marks(self.words)})" for column in columns]
        return f"({' OR '.join(parts)})", [*self.words] * len(columns)

    def _of_mood(self, t: str) -> Condition:
        inner, values = self.condition("mood", "m")
        return f"{t}.mood IN (SELECT m.id FROM mood m WHERE {inner})", values  # noqa: S608

    def _of_decision(self, t: str) -> Condition:
        inner, values = self.condition("decision", "d")
        return f"{t}.decision IN (SELECT d.id FROM decision d WHERE {inner})", values  # noqa: S608

    def _by_hand(self, t: str) -> Condition:
        inner, values = self._room("e")
        devices = f"SELECT e.device FROM device_event e WHERE {inner}"  # noqa: S608 - our own names
        return f"({t}.decision IS NULL AND {t}.device IN ({devices}))", values


def whose(
    conn: sqlite3.Connection,
    person: str,
    rooms: Sequence[str],
    markers: Sequence[str],
    *,
    shared: bool,
) -> Whose:
    """Find out which texts name a person. `rooms` as configured: none means all of them."""
    words = [
        word
        for word, value in conn.execute("SELECT id, value FROM text")
        if any(names(marker, value) for marker in markers)
    ]
    return Whose(person, tuple(rooms) or None, shared, tuple(words[:MAX_WORDS]))


def markers_of(person: str, name: str) -> tuple[str, ...]:
    """Return what tells of a person in a text: the id and the name, as texts store them."""
    found: set[str] = set()
    for marker in (person, name.strip()):
        found |= {marker, json.dumps(marker)[1:-1], json.dumps(marker, ensure_ascii=False)[1:-1]}
    found |= {split_numbers(marker)[0] for marker in found if any(map(str.isalpha, marker))}
    return tuple(sorted(found - {""}, key=lambda marker: (-len(marker), marker)))


def names(marker: str, text: str) -> bool:
    """True when a text holds the marker as a word: `mira` is in `mira_calm`, not in `admiral`."""
    start = text.find(marker) if marker else -1
    while start >= 0:
        end = start + len(marker)
        if not (text[start - 1 : start].isalnum() or text[end : end + 1].isalnum()):
            return True
        start = text.find(marker, start + 1)
    return False


def without(marker: str, text: str, instead: str = "erased") -> str:
    """Return the text with the marker, where it is a word of its own, replaced."""
    parts: list[str] = []
    start = 0
    while True:
        found = text.find(marker, start) if marker else -1
        if found < 0:
            return "".join((*parts, text[start:]))
        end = found + len(marker)
        inside = text[found - 1 : found].isalnum() or text[end : end + 1].isalnum()
        parts.append(text[start:end] if inside else text[start:found] + instead)
        start = end


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))


def _any(*conditions: Condition) -> Condition:
    return (
        f"({' OR '.join(sql for sql, _ in conditions)})",
        [value for _, values in conditions for value in values],
    )
