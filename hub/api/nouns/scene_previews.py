"""scene-previews: a scene as it is being edited, shown in a room before it is saved; and back."""

from typing import Any

from pydantic import Field

from hub.api.access import Access
from hub.api.nouns.devices import Outcomes
from hub.api.route import Body, Call, Route
from hub.settings import Scene
from hub.types import RoomId
from hub.views import outcome_view


class Preview(Body):
    """A scene, saved or not, and where to show it."""

    room: str = Field(max_length=40)
    scene: Scene


class Room(Body):
    """In which room."""

    room: str = Field(max_length=40)


async def show_preview(call: Call) -> dict[str, Any]:
    """Show a scene in a room; several in a row leave one way back."""
    sent = call.sent(Preview)
    outcomes = await call.context.hub.actor.preview(RoomId(sent.room), sent.scene)
    return {"outcomes": [outcome_view(one) for one in outcomes]}


async def end_preview(call: Call) -> dict[str, Any]:
    """Put back what was before the first preview in a room; nothing where there was none."""
    outcomes = await call.context.hub.actor.end_preview(RoomId(call.sent(Room).room))
    return {"outcomes": [outcome_view(one) for one in outcomes]}


_PREVIEWS = "/scene-previews"
ROUTES = (
    Route(
        *("POST", _PREVIEWS, "Show a scene before it is saved", Access.ARRANGE, show_preview),
        body=Preview,
        answer=Outcomes,
        command=True,
    ),
    Route(
        *("POST", f"{_PREVIEWS}/end", "Put back what was before", Access.ARRANGE, end_preview),
        body=Room,
        answer=Outcomes,
        command=True,
    ),
)
