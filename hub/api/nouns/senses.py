"""senses: the indicator. Nobody can hide it, everybody can see it."""

from typing import Any

from hub.api.access import Access
from hub.api.nouns.status import SenseShape
from hub.api.route import Call, Route, Shape


class Senses(Shape):
    """Every source, whether it is on, and whether it may be."""

    privacy: bool
    guests: bool
    senses: list[SenseShape]


async def list_senses(call: Call) -> dict[str, Any]:
    """Every source and whether it is on."""
    found = await call.context.operations(call.identity.by).ask("moods")
    guests = call.context.hub.store.config.guests
    return {"privacy": found["privacy"], "guests": guests, "senses": found["sensing"]}


ROUTES = (Route("GET", "/senses", "The indicator", Access.SEE, list_senses, answer=Senses),)
