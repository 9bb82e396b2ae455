"""What was learned of each person, over restarts: where their mood rests, what their body does.

One entry a person in config.db, so that erasing a person erases it with the rest.
"""

import asyncio
from collections.abc import Iterable

import structlog
from pydantic import BaseModel, ValidationError

from hub.errors import StoreError
from hub.mood.baseline import Baselines
from hub.mood.body import BodySense
from hub.mood.engine import MoodEngine
from hub.sense.sources import wearable_id
from hub.settings import Settings
from hub.store.config_db import ConfigDb
from hub.supervisor import Service
from hub.types import PersonId, SourceId
from models.body_baseline import Ordinary

log = structlog.get_logger(__name__)

SAVE_EVERY_S = 1800.0
BY = "hub"


class _Learned(BaseModel):
    """One person's entry."""

    mood: tuple[float, float]
    body: dict[str, dict[str, tuple[float, float, float]]] = {}


class Learned:
    """Reads the entries at the start; `keep` names what to write back later."""

    def __init__(self, settings: Settings, config: ConfigDb) -> None:
        self._config = config
        self._wearers = {
            wearable_id(key): PersonId(wearable.person)
            for key, wearable in settings.senses.wearables.items()
        }
        self._people = [PersonId(name) for name in settings.people]
        self._entries = dict(_read(config, self._people))
        self._moods: MoodEngine | None = None
        self._body: BodySense | None = None

    def baselines(self) -> Baselines:
        """Return where each person's mood rests, as known."""
        known = {str(person): entry.mood for person, entry in self._entries.items()}
        return Baselines(self._people, known)

    def bodies(self) -> dict[SourceId, dict[str, Ordinary]]:
        """Return what is ordinary for each wearer, as known."""
        found: dict[SourceId, dict[str, Ordinary]] = {}
        for source, person in self._wearers.items():
            measures = self._entries[person].body.get(source) if person in self._entries else None
            if measures:
                found[source] = {name: Ordinary(*values) for name, values in measures.items()}
        return found

    def keep(self, moods: MoodEngine, body: BodySense) -> None:
        """Name what is to be saved from now on."""
        self._moods, self._body = moods, body

    async def run(self, service: Service) -> None:
        """Save now and then, until cancelled."""
        service.healthy()
        while True:
            await asyncio.sleep(SAVE_EVERY_S)
            await self.save()

    async def save(self) -> None:
        """Write what is known now; a full disk costs the last half hour of learning, no more."""
        for person in self._people:
            # Looked up in the turn in which it is handed over: a person may be erased while
            # another one's entry is on its way to the disk.
            entry = self._entry(person)
            if entry is None or entry == self._entries.get(person, _Learned(mood=(0.0, 0.0))):
                continue
            self._entries[person] = entry
            try:
                await self._config.set(_key(person), entry.model_dump(mode="json"), BY)
            except StoreError as err:
                self._entries.pop(person, None)
                log.warning("learned_not_saved", reason=str(err))
                return

    def _entry(self, person: PersonId) -> _Learned | None:
        """Return what is known of a person now; None before there is anything to know it."""
        if self._moods is None or self._body is None:
            return None
        point = self._moods.baselines.state.get(person)
        if point is None:
            return None
        body = {
            str(source): {n: (o.mean, o.deviation, o.seconds) for n, o in measures.items()}
            for source, measures in self._body.baselines.items()
            if self._wearers.get(source) == person and measures
        }
        return _Learned(mood=point, body=body)

    def forget(self, person: PersonId | None) -> None:
        """Forget a person, or everyone; the stored entry is the eraser's."""
        for known in self._people if person is None else [person]:
            self._entries.pop(known, None)
            if self._moods is not None:
                self._moods.forget(known)
            for source, wearer in self._wearers.items():
                if self._body is not None and wearer == known:
                    self._body.forget(source)


def _key(person: PersonId) -> str:
    return f"learned.{person}"


def _read(config: ConfigDb, people: Iterable[PersonId]) -> Iterable[tuple[PersonId, _Learned]]:
    for person in people:
        stored = config.get(_key(person))
        if stored is None:
            continue
        try:
            entry = _Learned.model_validate(stored)
            for measures in entry.body.values():
                for values in measures.values():
                    Ordinary(*values)
        except (ValidationError, ValueError):
            log.warning("learned_unreadable", person=person)
            continue
        yield person, entry
