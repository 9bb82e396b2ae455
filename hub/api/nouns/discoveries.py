"""discoveries: what is in the network that could be added. Nothing is added by looking."""

import asyncio
from importlib import import_module
from typing import Any

from pydantic import Field

from hub.api.access import Access
from hub.api.problem import Problem
from hub.api.route import Body, Call, Route, Shape
from hub.phrase import Phrase


class Look(Body):
    """For how long to look around."""

    seconds: float = Field(ge=0.5, le=15.0)


class SuggestionShape(Shape):
    """Something that was found, with the lines to write or the command to run."""

    kind: str
    name: str
    address: str
    found_by: str
    driver: str | None
    configured: bool
    add: str
    run: str
    note: str


class Suggestions(Shape):
    """What was found; `problems` says what could not be asked."""

    suggestions: list[SuggestionShape]
    problems: list[str]


async def look_around(call: Call) -> dict[str, Any]:
    """Look around in the home's network, one at a time."""
    context = call.context
    if context.heavy.locked():
        raise Problem(409, "busy", Phrase("refused.busy"), Phrase("mend.wait"))
    async with context.heavy:
        module = await asyncio.to_thread(import_module, "hub.discover.discover")
        found: dict[str, Any] = await module.discover(context.hub.settings, call.sent(Look).seconds)
        return found


ROUTES = (
    Route(
        *("POST", "/discoveries", "Look for what could be added", Access.ARRANGE, look_around),
        body=Look,
        answer=Suggestions,
    ),
)
