"""What is kept about people and what they allow: consent, privacy, export, erase, corrections.

Used by the running hub and, on the same files, by the command line when none is running.
"""

from pathlib import Path
from typing import Any, Literal

from hub.errors import Refusal
from hub.phrase import Phrase
from hub.settings import Settings
from hub.store.store import Store
from hub.types import Decision, Mood, PersonId
from models.types import Emotion, Sense

BY = "command line"
Verdict = Literal["right", "wrong", "more", "not_now"]
"""Of a mood and what was done: right, wrong. Of one thing done: more like this, not now."""
CONSENTED = (Sense.FACE, Sense.VOICE, Sense.TEXT, Sense.BODY)


class Records:
    """Operations on an open store, noted in its logs as done by `by`."""

    def __init__(self, settings: Settings, store: Store, by: str = BY) -> None:
        self._settings = settings
        self._store = store
        self._by = by

    async def consent(
        self,
        action: Literal["give", "withdraw", "list"],
        person: str | None,
        sense: str | None,
    ) -> dict[str, Any]:
        """Give or withdraw one consent; return the state of all."""
        if action != "list":
            if person is None or sense is None:
                raise Refusal("bad_request", Phrase("refused.name_person_sense"))
            who, what = self._person(person), Sense(sense)
            if action == "give":
                await self._store.consent.give(who, what, self._by)
            else:
                await self._store.consent.withdraw(who, what, self._by)
        state = self._store.consent.state()
        return {
            "consents": [
                {
                    "person": name,
                    "sense": kind.value,
                    "allowed": (PersonId(name), kind) in state,
                }
                for name in self._settings.people
                for kind in CONSENTED
            ]
        }

    async def privacy(self, *, on: bool) -> dict[str, Any]:
        """Switch privacy mode; it is remembered over restarts."""
        await self._store.config.set_privacy(on, self._by)
        return {"privacy": on}

    async def guests(self, *, on: bool) -> dict[str, Any]:
        """Switch guest mode: while guests are there, cameras and microphones are off."""
        await self._store.config.set_guests(on, self._by)
        return {"guests": on}

    async def export(self, person: str, out: Path) -> dict[str, Any]:
        """Write everything about a person into a new or empty folder."""
        manifest = await self._store.export(PersonId(person), out, self._by)
        return {
            "person": manifest.person,
            "folder": str(out),
            "files": {file.name: file.rows for file in manifest.files},
        }

    async def erase(self, person: str | None) -> dict[str, Any]:
        """Erase a person, or everything, and look through the files for traces."""
        who = None if person is None else self._known(person)
        erased = await self._store.erase(who, self._by)
        return {
            "person": person,
            "erased": dict(erased.rows),
            "files_checked": erased.files_checked,
            "traces": len(erased.traces),
        }

    async def correct(
        self,
        verdict: Verdict,
        was: Emotion | None,
        mood: Mood | int | None,
        decision: Decision | int | None,
    ) -> None:
        """Note what a person said of a mood and a decision, of this run or stored under that id.

        It is on the disk on return.
        """
        note = "" if was is None else was.value
        if not self._store.record_correction(verdict, note, decision=decision, mood=mood):
            raise Refusal("not_stored", Phrase("refused.not_stored"), Phrase("mend.disk_full"))
        await self._store.flush()

    def _known(self, name: str) -> PersonId:
        """Return a person of the configuration or of the files: they may have moved out."""
        known = {*self._settings.people, *(person.id for person in self._store.config.people())}
        if name not in known:
            people = ", ".join(sorted(known)) or "nobody is known"
            raise Refusal(
                "unknown_person",
                Phrase("refused.no_person", name=name),
                Phrase("mend.people", people=people),
            )
        return PersonId(name)

    def _person(self, name: str) -> PersonId:
        if name not in self._settings.people:
            people = ", ".join(self._settings.people) or "nobody is configured"
            raise Refusal(
                "unknown_person",
                Phrase("refused.no_person", name=name),
                Phrase("mend.people", people=people),
            )
        return PersonId(name)
