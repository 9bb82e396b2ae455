"""moods: now, in the past, and rolled up by minute, hour and day."""

from dataclasses import asdict, replace
from typing import Any, Literal

from pydantic import Field

from hub.api.access import Access, Role
from hub.api.nouns.status import SenseShape
from hub.api.paging import Millis, Page
from hub.api.problem import Problem
from hub.api.route import Body, Call, Route, Shape
from hub.api.sight import Sight
from hub.phrase import Phrase
from hub.store.queries import Where
from hub.store.rollups import Span


class MoodShape(Shape):
    """A mood: valence and arousal in [-1, 1]; confidence, disagreement and weights in [0, 1]."""

    valence: float
    arousal: float
    label: str
    confidence: float
    disagreement: float
    weights: dict[str, float]


class SaysShape(Shape):
    """What one source says now and how much it counts."""

    sense: str
    source: str
    person: str | None
    track: int | None
    box: tuple[float, float, float, float] | None
    """Where a face is in its picture: x, y, width, height in [0, 1]."""
    label: str | None
    valence: float
    arousal: float
    quality: float
    age_s: float
    weight: float


class DidShape(Shape):
    """What was done or held back in a room lately."""

    id: int | None
    at_ms: int
    time: str
    rule: str
    what: str
    because: str
    sooner: bool | None
    """Whether the rule acts sooner because more of it was wished; None where it could not."""
    held: bool
    outcomes: list[str]


class PersonMood(Shape):
    """The mood of a person with readings of their own."""

    person: str
    mood: MoodShape


class RoomMood(Shape):
    """A room: its mood (None when nothing says anything), its people, its latest actions."""

    room: str
    name: str
    mood: MoodShape | None
    people: list[PersonMood]
    senses: list[SaysShape]
    decisions: list[DidShape]
    left_alone_until_ms: int | None
    """Until when no rule acts here: somebody said "not now", or set something by hand."""


class MoodsNow(Shape):
    """All rooms now."""

    privacy: bool
    guests: bool
    sensing: list[SenseShape]
    rooms: list[RoomMood]


class PastMood(MoodShape):
    """A stored mood."""

    id: int
    at_ms: int
    room: str
    person: str | None


class MoodHistory(Shape):
    """Moods, newest first; `next` is the cursor of the page after, None at the end."""

    moods: list[PastMood]
    next: int | None


class RollupShape(Shape):
    """The moods of a minute, hour or day; `lasted_ms` is for how long there were any."""

    at_ms: int
    room: str
    person: str | None
    moods: int
    lasted_ms: int
    valence: float
    arousal: float
    confidence: float
    labels: dict[str, float]


class RollupList(Shape):
    """Rollups, newest first."""

    rollups: list[RollupShape]
    next: int | None


class RoomQuery(Body):
    """Which room; all if not given."""

    room: str | None = Field(default=None, max_length=40)


class RollupQuery(Body):
    """Which rollups. `offset` is the cursor."""

    span: Literal["minute", "hour", "day"] = "hour"
    room: str | None = Field(default=None, max_length=40)
    person: str | None = Field(default=None, max_length=40)
    since_ms: Millis | None = None
    until_ms: Millis | None = None
    offset: int = Field(default=0, ge=0, le=1_000_000)
    limit: int = Field(default=200, ge=1, le=5000)


async def get_moods(call: Call) -> dict[str, Any]:
    """All rooms now: moods, what each source says, what was done lately.

    A person's own mood is shown as hub/api/sight.py says.
    """
    room, hub = call.asked(RoomQuery).room, call.context.hub
    found = await call.context.operations(call.identity.by).ask("moods", room=room)
    sight = Sight.of(hub, call.identity)
    rooms = [sight.room(hub, one) for one in found["rooms"]]
    return found | {"guests": hub.store.config.guests, "rooms": rooms}


async def list_mood_history(call: Call) -> dict[str, Any]:
    """Stored moods of rooms, or of one person: for themselves and for the owner."""
    page = call.asked(Page)
    may_look_at(call, page.person)
    where = replace(page.where(), room_only=page.person is None)
    found = await call.context.hub.store.moods(where, fresh=True)
    return {
        "moods": [asdict(one) for one in found],
        "next": found[-1].id if len(found) == page.limit else None,
    }


async def list_rollups(call: Call) -> dict[str, Any]:
    """Means by minute, hour or day, kept for good; of a person for whom their moods are."""
    asked = call.asked(RollupQuery)
    may_look_at(call, asked.person)
    where = Where(
        room=asked.room,
        person=asked.person,
        room_only=asked.person is None,
        since_ms=asked.since_ms,
        until_ms=asked.until_ms,
        offset=asked.offset,
        limit=asked.limit,
    )
    found = await call.context.hub.store.rollups(Span[asked.span.upper()], where)
    rows = [{k: v for k, v in asdict(one).items() if k != "span"} for one in found]
    more = len(found) == asked.limit
    return {"rollups": rows, "next": asked.offset + asked.limit if more else None}


def may_look_at(call: Call, person: str | None) -> None:
    """Raise unless the moods of this person are for whoever asks."""
    who = call.identity
    if person is not None and person != who.member.person and who.role is not Role.OWNER:
        raise Problem(403, "not_yours", Phrase("refused.moods_not_yours"))


ROUTES = (
    Route(*("GET", "/moods", "Moods now", Access.SEE, get_moods), query=RoomQuery, answer=MoodsNow),
    Route(
        *("GET", "/moods/history", "Moods of the past", Access.HISTORY, list_mood_history),
        query=Page,
        answer=MoodHistory,
    ),
    Route(
        *("GET", "/moods/rollups", "Moods by minute, hour, day", Access.HISTORY, list_rollups),
        query=RollupQuery,
        answer=RollupList,
    ),
)
