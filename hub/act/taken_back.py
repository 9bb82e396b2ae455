"""Remembers how a room was before a person brought a scene into it, so that it can be taken back.

What automation did has its own memory (hub/act/scenes.py), which a person's change empties.
"""

from collections.abc import Iterable, Mapping

from drivers.types import Device, DeviceId, DeviceState
from hub.types import RoomId

States = Mapping[DeviceId, DeviceState]


class TakeBack:
    """One memory a room: what was there before the newest scene, or before a row of tries.

    A device that somebody changes by hand meanwhile is forgotten: what was chosen last stays. In
    memory only; after a restart there is nothing to take back.
    """

    def __init__(self) -> None:
        self._rooms: dict[RoomId, dict[DeviceId, DeviceState]] = {}

    def __contains__(self, room: RoomId) -> bool:
        return bool(self._rooms.get(room))

    def keep(self, room: RoomId, before: States) -> None:
        """Remember this; what is remembered of a device already is older, and stays."""
        self._rooms[room] = {**before, **self._rooms.get(room, {})}

    def take(self, room: RoomId) -> States:
        """Return what was before, and forget it."""
        return self._rooms.pop(room, {})

    def drop(self, room: RoomId, device: DeviceId) -> None:
        """Forget one device."""
        self._rooms.get(room, {}).pop(device, None)


def states(devices: Iterable[Device], touched: Iterable[DeviceId]) -> States:
    """Return how those of these devices that can be reached are, of those that are touched."""
    wanted = set(touched)
    return {one.id: one.state for one in devices if one.available and one.id in wanted}
