"""What each topic of the live updates says: all of it at first, then what news are about."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from hub.api.live_client import Topic
from hub.api.sight import Sight
from hub.device_views import full_view
from hub.log_ring import Line, LogRing
from hub.types import (
    Acted,
    Decision,
    DeviceChanged,
    DeviceGone,
    Event,
    Held,
    LeftAlone,
    Mood,
    RoomId,
)
from hub.views import Views

if TYPE_CHECKING:
    from hub.app import Hub

MOST_LINES = 200
"""Lines of the log in one message."""


class Topics:
    """Asked in the hub's own loop."""

    def __init__(self, hub: "Hub", log_ring: LogRing) -> None:
        self._hub = hub
        self._views = Views(hub)
        self._log_ring = log_ring

    def snapshot(self, topic: Topic, sight: Sight) -> Any:
        """Return all that a topic has to say now, to one who may see so much."""
        hub = self._hub
        match topic:
            case Topic.MOODS:
                rooms = (self.room(RoomId(name)) for name in hub.settings.rooms)
                return {"rooms": [sight.room(hub, room) for room in rooms]}
            case Topic.SENSES:
                return self.sensing()
            case Topic.DEVICES:
                return {"devices": [full_view(hub, device) for device in hub.devices.all()]}
            case Topic.STATUS:
                return self.status()
            case Topic.LOG:
                return {"lines": [asdict(line) for line in self.lines(0)]}

    def about(
        self, batch: Iterable[Event]
    ) -> tuple[list[RoomId], list[DeviceChanged | DeviceGone]]:
        """Return the rooms and devices that news are about, each once."""
        rooms: dict[RoomId, None] = {}
        devices: dict[str, DeviceChanged | DeviceGone] = {}
        for event in batch:
            match event:
                case Mood() | Decision() | Held() | LeftAlone():
                    rooms[event.room] = None
                case Acted():
                    device = self._hub.devices.get(event.outcome.command.device)
                    if device is not None and device.room is not None:
                        rooms[RoomId(device.room)] = None
                case DeviceChanged():
                    devices[event.device.id] = event
                case DeviceGone():
                    devices[event.device] = event
        known = self._hub.settings.rooms
        return [room for room in rooms if room in known], list(devices.values())

    def room(self, room: RoomId) -> dict[str, Any]:
        """Return a room as GET /moods tells of it, to one who may see everything."""
        return self._views.room(room)

    def lines(self, after: int) -> Sequence[Line]:
        """Return what was logged after a line, the newest."""
        return self._log_ring.after(after)[-MOST_LINES:]

    def sensing(self) -> dict[str, Any]:
        """Return the indicator: what senses, and whether privacy mode or guests keep it off."""
        return {
            "privacy": self._hub.permission.privacy,
            "guests": self._hub.store.config.guests,
            "senses": self._views.senses(),
        }

    def status(self) -> dict[str, Any]:
        """Return how the services are, and what was dropped."""
        return {
            "services": [asdict(health) for health in self._hub.supervisor.health()],
            "drops": self._views.drops(),
        }

    def device(self, changed: DeviceChanged | DeviceGone) -> dict[str, Any]:
        """Return a device as it is now, or that it is gone."""
        if isinstance(changed, DeviceGone):
            return {"gone": changed.device}
        device = self._hub.devices.get(changed.device.id)
        return {"gone": changed.device.id} if device is None else full_view(self._hub, device)
