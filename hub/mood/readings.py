"""The newest reading of every sense, source, person and face in one room."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping

from hub.settings import MoodSettings
from hub.types import PersonId, Sensed, SourceId
from models.evidence import STALE_HALF_LIVES, check
from models.fusion import Evidence
from models.types import Sense

FUTURE_S = 1.0
"""A reading may be stamped this much ahead (clocks are read in two processes); more is refused."""

MOST_KEPT = 64
"""Readings of one room; a crowd beyond that replaces its oldest."""

_SHORTEST_HALF_LIFE_S = 0.1

Key = tuple[Sense, SourceId, PersonId | None, int | None]


def half_lives(settings: MoodSettings) -> dict[Sense, float]:
    """Return every sense's half-life in seconds; a sense that is not configured has its default."""
    usual, given = MoodSettings().half_life_s, settings.half_life_s
    return {
        sense: max(given.get(sense.value, usual[sense.value]), _SHORTEST_HALF_LIFE_S)
        for sense in Sense
    }


class Readings:
    """What a room's senses said last. `refused` counts by reason what was not taken."""

    def __init__(self, half_life_s: Mapping[Sense, float], refused: Counter[str]) -> None:
        self._half_life_s = half_life_s
        self._kept: dict[Key, Sensed] = {}
        self.refused = refused

    def __len__(self) -> int:
        return len(self._kept)

    def __iter__(self) -> Iterator[Sensed]:
        return iter(self._kept.values())

    def take(self, sensed: Sensed, now: float) -> bool:
        """Keep a reading unless it cannot be, is stale, or an even newer one is there."""
        reason = self._why_not(sensed, now)
        if reason:
            self.refused[reason] += 1
            return False
        key = (sensed.reading.sense, sensed.source, sensed.person, sensed.track)
        # Taken out and put back, so that the first one in the dict is the longest unchanged.
        self._kept.pop(key, None)
        self._kept[key] = sensed
        if len(self._kept) > MOST_KEPT:
            del self._kept[next(iter(self._kept))]
            self.refused["crowded"] += 1
        return True

    def drop_stale(self, now: float) -> None:
        """Forget what no longer counts."""
        stale = [key for key, s in self._kept.items() if self._is_stale(s, now)]
        for key in stale:
            del self._kept[key]

    def drop_source(self, source: SourceId) -> bool:
        """Forget everything a source said; True when there was something."""
        gone = [key for key, sensed in self._kept.items() if sensed.source == source]
        for key in gone:
            del self._kept[key]
        return bool(gone)

    def drop_person(self, person: PersonId) -> None:
        """Forget everything that is this person's."""
        self._kept = {key: s for key, s in self._kept.items() if s.person != person}

    def people(self) -> set[PersonId]:
        """Return everyone of whom there is a reading of their own."""
        return {sensed.person for sensed in self._kept.values() if sensed.person is not None}

    def about(self, person: PersonId | None) -> list[Sensed]:
        """Return what counts for the room (None: everything) or a person (theirs and nobody's)."""
        if person is None:
            return list(self._kept.values())
        return [sensed for sensed in self._kept.values() if sensed.person in (None, person)]

    def evidence(self, sensed: Sensed, now: float) -> Evidence:
        """Return a reading with its age at `now`."""
        half_life_s = self._half_life_s[sensed.reading.sense]
        return Evidence(sensed.reading, max(0.0, now - sensed.at), half_life_s)

    def _is_stale(self, sensed: Sensed, now: float) -> bool:
        return now - sensed.at >= STALE_HALF_LIVES * self._half_life_s[sensed.reading.sense]

    def _why_not(self, sensed: Sensed, now: float) -> str:
        if not math.isfinite(sensed.at):
            return "malformed"
        if sensed.at > now + FUTURE_S:
            return "future"
        if self._is_stale(sensed, now):
            return "stale"
        try:
            check(sensed.reading)
        except ValueError:
            return "malformed"
        key = (sensed.reading.sense, sensed.source, sensed.person, sensed.track)
        newest = self._kept.get(key)
        if newest is not None and newest.at > sensed.at:
            return "older"
        return ""
