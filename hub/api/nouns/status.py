"""status: the house at a glance."""

from typing import Any

from pydantic import Field

from hub.api.access import Access
from hub.api.route import Body, Call, Route, Shape


class ServiceShape(Shape):
    """One service of the hub."""

    name: str
    state: str
    restarts: int
    reason: str


class SenseShape(Shape):
    """A source and whether it is on: the indicator."""

    source: str
    room: str
    sense: str
    state: str
    reason: str
    allowed: bool
    simulated: bool


class Status(Shape):
    """How the hub is."""

    home: str
    version: str
    uptime_s: float
    privacy: bool
    guests: bool
    services: list[ServiceShape]
    senses: list[SenseShape]
    counts: dict[str, Any]
    drops: dict[str, int]
    rss_mb: dict[str, float | None]
    store: dict[str, Any]
    camera_to_command_ms: dict[str, float | None]
    notices: list[str]
    """Sentences about what needs somebody while everything still runs."""


class HomeName(Body):
    """What the home is called."""

    name: str = Field(min_length=1, max_length=60, pattern=r"^\S.*$")


async def put_home(call: Call) -> dict[str, Any]:
    """Name the home. The newest name counts; it can be undone like every edit."""
    hub = call.context.hub
    async with hub.edits.lock:
        await hub.edits.put_home_name(hub.settings, call.sent(HomeName).name, call.identity.by)
    return {"name": hub.settings.home.name}


async def get_status(call: Call) -> dict[str, Any]:
    """How the hub and its parts are."""
    hub = call.context.hub
    found = await call.context.operations(call.identity.by).ask("status")
    wanted = Status.model_fields
    return {
        "home": hub.settings.home.name,
        "version": call.context.version,
        "guests": hub.store.config.guests,
        "notices": [call.context.tls.problem] if call.context.tls.problem else [],
    } | {key: value for key, value in found.items() if key in wanted}


ROUTES = (
    Route("GET", "/status", "The house at a glance", Access.SEE, get_status, answer=Status),
    Route(
        *("PUT", "/home", "Name the home", Access.ARRANGE, put_home),
        body=HomeName,
        answer=HomeName,
    ),
)
