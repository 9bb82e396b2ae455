"""feedback: the journal, and telling whether the house was right."""

from dataclasses import asdict
from typing import Any

from pydantic import Field

from hub.api.access import Access
from hub.api.paging import Millis, Page
from hub.api.problem import Problem
from hub.api.route import Body, Call, Route, Shape
from hub.named import room_named
from hub.phrase import Phrase
from hub.records import Verdict
from models.types import Emotion


class Entry(Body):
    """A line for the journal. It is read, and the words themselves are not kept."""

    text: str = Field(min_length=1, max_length=4000)
    room: str | None = Field(default=None, max_length=40)


class Read(Shape):
    """What the text model made of it."""

    label: str
    confidence: float
    valence: float
    arousal: float
    quality: float
    emotions: list[tuple[str, float]]
    room: str
    person: str | None
    model: str


class Correction(Body):
    """Whether a mood and action of a room were right, and what it was instead.

    The last ones, or those of the time `at_ms`: a phone may tell later what it was told before.
    `more` and `not_now` are about one thing that was done: the `decision`. With `more` its rule
    acts sooner, until `DELETE /policies/{policy}/sooner`; with `not_now` no rule acts in the room
    for a while. Who wants it put back asks for that besides.
    """

    verdict: Verdict
    was: Emotion | None = None
    room: str | None = Field(default=None, max_length=40)
    at_ms: Millis | None = None
    decision: int | None = Field(default=None, ge=1, le=1 << 53)


class Noted(Shape):
    """What was noted."""

    room: str
    verdict: str


class CorrectionShape(Shape):
    """A correction of the past."""

    id: int
    at_ms: int
    decision: int | None
    mood: int | None
    person: str | None
    kind: str
    note: str


class Corrections(Shape):
    """Corrections, newest first."""

    corrections: list[CorrectionShape]
    next: int | None


async def add_entry(call: Call) -> dict[str, Any]:
    """Read a line of the journal, as the person the session belongs to."""
    entry, who = call.sent(Entry), call.identity
    if who.member.person is None:
        raise Problem(
            409, "no_person", Phrase("refused.member_no_person"), Phrase("mend.link_person")
        )
    return await call.context.operations(who.by).ask(
        "say", text=entry.text, room=entry.room, person=who.member.person
    )


async def correct(call: Call) -> dict[str, Any]:
    """Tell whether the house was right."""
    sent = call.sent(Correction)
    return await call.context.operations(call.identity.by).ask("correct", **sent.model_dump())


async def now_again(call: Call) -> None:
    """Let rules act in a room again, after "not now" or a hand."""
    hub = call.context.hub
    hub.decider.now_again(room_named(hub.settings, call.path["room"]))


async def list_corrections(call: Call) -> dict[str, Any]:
    """What people told of moods and decisions."""
    page = call.asked(Page)
    found = await call.context.hub.store.corrections(page.where(), fresh=True)
    more = len(found) == page.limit
    return {
        "corrections": [asdict(one) for one in found],
        "next": found[-1].id if more else None,
    }


ROUTES = (
    Route(
        *("DELETE", "/rooms/{room}/not-now", "Let rules act again", Access.SAY, now_again),
        status=204,
    ),
    Route(
        *("POST", "/feedback/journal", "Say something", Access.SAY, add_entry),
        body=Entry,
        answer=Read,
        command=True,
    ),
    Route(
        *("POST", "/feedback/corrections", "Right, wrong, it was", Access.SAY, correct),
        body=Correction,
        answer=Noted,
        command=True,
    ),
    Route(
        *("GET", "/feedback/corrections", "What people told", Access.HISTORY, list_corrections),
        query=Page,
        answer=Corrections,
    ),
)
