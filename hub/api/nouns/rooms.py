"""rooms: what each is called, what stands there, who lives there. Edits go to the overlay."""

from typing import Any

from hub.api.access import Access
from hub.api.edit import put_entry, remove_entry, version_of
from hub.api.route import Call, Reply, Route, Shape
from hub.settings import Room


class RoomShape(Shape):
    """A room."""

    id: str
    name: str
    devices: list[str]
    """Ids of the devices in it now."""
    people: list[str]
    """Those whose consent its camera and microphone need."""
    etag: str


class Rooms(Shape):
    """Every room."""

    rooms: list[RoomShape]


async def list_rooms(call: Call) -> dict[str, Any]:
    """Every room with the devices in it now."""
    return {"rooms": [_room(call, name) for name in call.context.hub.settings.rooms]}


async def get_room(call: Call) -> Reply:
    """One room."""
    shown = _room(call, call.path["room"])
    return Reply(shown, etag=shown["etag"])


async def put_room(call: Call) -> Reply:
    """Add or change a room; needs If-Match when it exists."""
    await put_entry(call, "rooms", call.path["room"], call.sent(Room))
    shown = _room(call, call.path["room"])
    return Reply(shown, etag=shown["etag"])


async def delete_room(call: Call) -> None:
    """Remove a room that no rule, person or sense needs."""
    await remove_entry(call, "rooms", call.path["room"])


def _room(call: Call, name: str) -> dict[str, Any]:
    hub = call.context.hub
    room = hub.settings.rooms.get(name)
    tag = version_of(call, "rooms", name)
    assert room is not None
    return {
        "id": name,
        "name": room.name or name,
        "devices": [d.id for d in hub.devices.all() if d.room == name],
        "people": [
            key
            for key, person in hub.settings.people.items()
            if not person.lives_in or name in person.lives_in
        ],
        "etag": tag,
    }


_ROOM = "/rooms/{room}"
ROUTES = (
    Route("GET", "/rooms", "Every room", Access.SEE, list_rooms, answer=Rooms),
    Route("GET", _ROOM, "One room", Access.SEE, get_room, answer=RoomShape, etag=True),
    Route(
        *("PUT", _ROOM, "Add or change a room", Access.ARRANGE, put_room),
        body=Room,
        answer=RoomShape,
        etag=True,
    ),
    Route("DELETE", _ROOM, "Remove a room", Access.ARRANGE, delete_room, etag=True, status=204),
)
