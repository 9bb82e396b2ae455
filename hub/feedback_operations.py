"""What people say of a mood or of what was done, and what they wish of rules.

Plain data in and out, like hub.operations, of which it is a part.
"""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from hub.control import Handler
from hub.decide.wishes import eased
from hub.errors import Refusal
from hub.named import room_named
from hub.phrase import Phrase
from hub.records import Records, Verdict
from hub.store.queries import Where
from hub.types import Decision, Mood, RoomId
from models.types import Emotion

if TYPE_CHECKING:
    from hub.app import Hub

SEEN_BACK_MS = 3_600_000
"""What is told of a past time is about nothing older than this before it."""


class _Correct(BaseModel):
    model_config = ConfigDict(extra="forbid")

    verdict: Verdict
    was: Emotion | None = None
    room: str | None = None
    at_ms: int | None = None
    decision: int | None = None


class FeedbackOperations:
    """Notes corrections and carries out wishes, as done by `by`."""

    def __init__(self, hub: "Hub", records: Records, by: str) -> None:
        self._hub = hub
        self._records = records
        self._by = by

    def handlers(self) -> dict[str, Handler]:
        """Return the operations by name."""
        return {"correct": self._correct}

    async def wish(self, rule: str, *, more: bool) -> None:
        """Let a rule act sooner, or as it is written again. Raises StoreError."""
        written = self._hub.settings.rules.get(rule)
        if more and (written is None or eased(written) == written):
            return  # gone meanwhile, or it cannot act any sooner
        await self._hub.wishes.want(rule, self._by, more=more)
        self._hub.decider.wish(rule)

    async def _correct(self, data: dict[str, Any]) -> dict[str, Any]:
        request = _Correct.model_validate(data)
        room = room_named(self._hub.settings, request.room)
        mood: Mood | int | None
        decision: Decision | int | None
        rule: str | None = None
        if request.decision is not None:
            mood, (decision, rule) = None, await self._decided(room, request.decision)
        elif request.at_ms is None:
            mood, decision = self._hub.moods.current(room), self._hub.recent.last_decision(room)
        else:
            mood, decision = await self._of_then(room, request.at_ms)
        if mood is None and decision is None:
            raise Refusal("nothing_to_correct", Phrase("refused.nothing_to_correct"))
        await self._records.correct(request.verdict, request.was, mood, decision)
        if request.verdict == "more" and rule is not None:
            await self.wish(rule, more=True)
        if request.verdict == "not_now" and isinstance(decision, Decision):
            self._hub.decider.not_now(room)  # of a past run, "now" is over
        return {"room": room, "verdict": request.verdict}

    async def _of_then(self, room: RoomId, at_ms: int) -> tuple[int | None, int | None]:
        """Return the ids of the mood and the decision that a person saw at that time."""
        where = Where(room=room, since_ms=at_ms - SEEN_BACK_MS, until_ms=at_ms, limit=1)
        moods = await self._hub.store.moods(replace(where, room_only=True), fresh=True)
        decisions = await self._hub.store.decisions(where, fresh=True)
        return (moods[0].id if moods else None), (decisions[0].id if decisions else None)

    async def _decided(self, room: RoomId, number: int) -> tuple[Decision | int | None, str | None]:
        """Return a room's decision of this run, or its id if it is a stored one; and its rule."""
        for entry in self._hub.recent.decisions(room):
            if isinstance(entry.event, Decision) and entry.event.id == number:
                return entry.event, entry.event.rule
        where = Where(room=room, before_id=number + 1, limit=1)
        found = await self._hub.store.decisions(where, fresh=True)
        if found and found[0].id == number:
            return number, found[0].rule
        return None, None
