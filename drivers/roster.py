"""The devices of a network whose nodes have parts: which there are, and what the hub was told.

A node (one radio) is one device or several: a strip of two plugs has two parts. The roster outlives
the connection, so that what was there before is shown as away and comes back as the same device.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

from drivers.types import Device, DeviceId, DeviceState, Port

Node = TypeVar("Node")
Part = TypeVar("Part")


@dataclass(slots=True)
class Entry(Generic[Node, Part]):
    """A device and where it is on the network."""

    node: Node
    part: Part
    device: Device


class Roster(Generic[Node, Part]):
    """See the module. Tells its port of every change; without one it tells nobody."""

    def __init__(self) -> None:
        self._port: Port | None = None
        self._entries: dict[DeviceId, Entry[Node, Part]] = {}
        self._by_node: dict[int, list[DeviceId]] = {}

    @contextmanager
    def told_to(self, port: Port) -> Iterator[None]:
        """Tell a port until the connection ends; then every device is away."""
        self._port = port
        try:
            yield
        finally:
            for entry in self._entries.values():
                entry.device = entry.device.now(entry.device.state, available=False)
                port.announce(entry.device)
            self._port = None

    @contextmanager
    def anew(self) -> Iterator[None]:
        """Take a whole network over: what is not described meanwhile is gone."""
        before = set(self._entries)
        self._by_node.clear()
        yield
        for device in before - {device for ids in self._by_node.values() for device in ids}:
            self._forget(device)

    def describe(self, number: int, entries: Iterable[Entry[Node, Part]]) -> None:
        """Take all the devices of a node; what it had and has no more is gone."""
        have = self._by_node.get(number, [])
        now = {entry.device.id: entry for entry in entries}
        self._by_node[number] = list(now)
        self._entries |= now
        for entry in now.values():
            self._announce(entry.device)
        for device in set(have) - set(now):
            self._forget(device)

    def update(self, entry: Entry[Node, Part], state: DeviceState, *, available: bool) -> None:
        """Take a device's state; it is told if anything changed."""
        if state != entry.device.state or available != entry.device.available:
            entry.device = entry.device.now(state, available)
            self._announce(entry.device)

    def press(self, entry: Entry[Node, Part], action: str, *, available: bool) -> None:
        """Tell of a press, which is also the device's last `action`."""
        state = entry.device.state.measuring({**entry.device.state.values, "action": action})
        entry.device = entry.device.now(state, available)
        self._announce(entry.device)
        if self._port is not None:
            self._port.pressed(entry.device.id, action)

    def remove(self, number: int) -> None:
        """Forget a node with all of its devices."""
        for device in self._by_node.pop(number, ()):
            self._forget(device)

    def remove_device(self, number: int, device: DeviceId) -> None:
        """Forget one device of a node."""
        self._by_node[number].remove(device)
        self._forget(device)

    def get(self, device: DeviceId) -> Entry[Node, Part] | None:
        """Return a device's entry."""
        return self._entries.get(device)

    def state(self, device: DeviceId) -> DeviceState:
        """Return how a device was when last told of; empty for a new one."""
        entry = self._entries.get(device)
        return DeviceState() if entry is None else entry.device.state

    def of(self, number: int) -> tuple[Entry[Node, Part], ...]:
        """Return the devices of a node."""
        return tuple(self._entries[device] for device in self._by_node.get(number, ()))

    def nodes(self) -> Mapping[DeviceId, Node]:
        """Return the node of each device."""
        return {device: entry.node for device, entry in self._entries.items()}

    def _announce(self, device: Device) -> None:
        if self._port is not None:
            self._port.announce(device)

    def _forget(self, device: DeviceId) -> None:
        self._entries.pop(device, None)
        if self._port is not None:
            self._port.gone(device)
