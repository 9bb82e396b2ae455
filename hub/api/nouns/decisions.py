"""decisions: what the house did, why, and what came of it; and what it left undone."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from hub.api.access import Access
from hub.api.paging import Page
from hub.api.problem import Problem
from hub.api.route import Call, Route, Shape
from hub.api.sight import Sight
from hub.phrase import Phrase
from hub.store.queries import Where
from hub.store.records import DecisionRecord
from hub.views import reason_of

if TYPE_CHECKING:
    from hub.app import Hub


class PastOutcome(Shape):
    """A command and what came of it."""

    id: int
    at_ms: int
    decision: int | None
    device: str
    command: dict[str, Any]
    status: str
    reason: str
    took_ms: int


class PastCorrection(Shape):
    """What someone said about it."""

    id: int
    at_ms: int
    decision: int | None
    mood: int | None
    person: str | None
    kind: str
    note: str


class DecisionShape(Shape):
    """What was decided and why. `senses` says how much each counted in the mood behind it."""

    id: int
    at_ms: int
    room: str
    rule: str
    trigger: str
    goal: dict[str, Any]
    because: str
    confidence: float
    mood: int | None
    lasts_ms: int
    senses: dict[str, float]
    outcomes: list[PastOutcome]
    corrections: list[PastCorrection]


class DecisionList(Shape):
    """Decisions, newest first."""

    decisions: list[DecisionShape]
    next: int | None


class HeldShape(Shape):
    """A rule that matched and the guard that said no: the answer to "why not?"."""

    id: int
    at_ms: int
    room: str
    rule: str
    guard: str
    lasts_ms: int | None


class HeldList(Shape):
    """Rules that were held back, newest first."""

    held: list[HeldShape]
    next: int | None


async def list_decisions(call: Call) -> dict[str, Any]:
    """What the house did, with its because and its outcomes."""
    page = call.asked(Page)
    found = await call.context.hub.store.decisions(page.where(), fresh=True)
    more = len(found) == page.limit
    hub, sight = call.context.hub, Sight.of(call.context.hub, call.identity)
    shown = [_shown(hub, sight, one) for one in found]
    return {"decisions": shown, "next": found[-1].id if more else None}


async def get_decision(call: Call) -> dict[str, Any]:
    """One decision."""
    name = call.path["decision"]
    if not name.isascii() or not name.isdigit() or len(name) > 15:  # noqa: PLR2004 - an id's length
        raise Problem(404, "not_found", Phrase("refused.no_such_decision"))
    where = Where(before_id=int(name) + 1, limit=1)
    found = await call.context.hub.store.decisions(where, fresh=True)
    if not found or found[0].id != int(name):
        raise Problem(404, "not_found", Phrase("refused.no_such_decision"))
    hub = call.context.hub
    return _shown(hub, Sight.of(hub, call.identity), found[0])


async def list_held(call: Call) -> dict[str, Any]:
    """What the house left undone, and why."""
    page = call.asked(Page)
    found = await call.context.hub.store.held(page.where(), fresh=True)
    more = len(found) == page.limit
    return {"held": [asdict(one) for one in found], "next": found[-1].id if more else None}


def _shown(hub: "Hub", sight: Sight, decision: DecisionRecord) -> dict[str, Any]:
    shown = sight.reason(hub, asdict(decision))
    outcomes = [
        one | {"reason": reason_of(one["status"], one["reason"])} for one in shown["outcomes"]
    ]
    return shown | {"outcomes": outcomes}


ROUTES = (
    Route(
        *("GET", "/decisions", "What was done and why", Access.HISTORY, list_decisions),
        query=Page,
        answer=DecisionList,
    ),
    Route(
        *("GET", "/decisions/{decision}", "One decision", Access.HISTORY, get_decision),
        answer=DecisionShape,
    ),
    Route(
        *("GET", "/held", "What was left undone and why", Access.HISTORY, list_held),
        query=Page,
        answer=HeldList,
    ),
)
