"""Remembers how a room was before automation changed it, so that it can be put back."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from drivers.types import Device, DeviceId, DeviceState
from hub.types import RoomId


@dataclass(slots=True)
class _Kept:
    before: dict[DeviceId, DeviceState] = field(default_factory=dict)
    returning: dict[DeviceId, DeviceState] = field(default_factory=dict)
    """What a restore is bringing back; the devices may still report half-way states."""
    returning_until: float = 0.0


class Snapshots:
    """One snapshot a room. Several scenes in a row keep what was before the first.

    A device that someone changes by hand leaves the snapshot: what a person chose is not undone.
    Snapshots live in memory; after a restart there is nothing to restore.
    """

    def __init__(self) -> None:
        self._rooms: dict[RoomId, _Kept] = {}

    def keep(self, room: RoomId, devices: Iterable[Device], now: float) -> None:
        """Remember the state of each device that is not remembered yet."""
        kept = self._rooms.setdefault(room, _Kept())
        for device in devices:
            if device.id in kept.before:
                continue
            state = device.state
            if now < kept.returning_until:
                state = kept.returning.get(device.id, state)
            kept.before[device.id] = state

    def take(self, room: RoomId, now: float, takes_s: float) -> Mapping[DeviceId, DeviceState]:
        """Return and forget what was before; the way back takes `takes_s`."""
        kept = self._rooms.setdefault(room, _Kept())
        before, kept.before = kept.before, {}
        kept.returning, kept.returning_until = before, now + takes_s
        return before

    def drop(self, room: RoomId, device: DeviceId) -> None:
        """Forget one device: someone changed it by hand."""
        kept = self._rooms.get(room)
        if kept is not None:
            kept.before.pop(device, None)
            kept.returning.pop(device, None)
