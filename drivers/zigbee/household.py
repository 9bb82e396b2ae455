"""The network's nodes as devices: who there is, how they are, what was pressed.

zigpy calls it for everything that happens; nothing here waits. A change is told at the end of the
loop's turn, so that x and y of one report are one change; a switch, an alarm or a contact is told
at once, so that a short one is not lost.
"""

import asyncio
from collections.abc import Callable
from typing import Any, Final

from zigpy.application import ControllerApplication
from zigpy.device import Device as ZigpyDevice
from zigpy.types import EUI64
from zigpy.zcl import (
    AttributeReadEvent,
    AttributeReportedEvent,
    AttributeUpdatedEvent,
    Cluster,
)

from drivers.types import BadPayload, DeviceId, Port
from drivers.zigbee import buttons
from drivers.zigbee.member import Counts, Member
from drivers.zigbee.parts import Part, parts_of
from drivers.zigbee.readings import IAS_ZONE, LOCK, ON_OFF, ZONE_STATUS

_EVENTS: Final = (AttributeReportedEvent, AttributeReadEvent, AttributeUpdatedEvent)
_EDGES: Final = frozenset({ON_OFF, IAS_ZONE, LOCK, 0x0406})
OVERTAKEN_S: Final = 0.5
"""How long a report counts for newer than what is read."""
_ANNOUNCED: Final = 0x0013
_ZONE_CHANGED: Final = 0x00


class Household:
    """A listener of zigpy's application and of its clusters."""

    def __init__(self, port: Port, clock: Callable[[], float], counts: Counts) -> None:
        self.members: dict[EUI64, Member] = {}
        self.parts: dict[DeviceId, Part] = {}
        self.lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.settled = asyncio.Event()
        """Set whenever a node was interviewed or set up, in vain or not."""
        self.on_news: Callable[[Member, str], None] = lambda _member, _what: None
        """Called with `new`, `back` or `failed` (to interview) when a node has to be looked at."""
        self.on_report: Callable[[Part, int], None] = lambda _part, _cluster: None
        self._port = port
        self._clock = clock
        self.counts = counts
        self._dirty: dict[DeviceId, tuple[Member, Part]] = {}

    def adopt(self, application: ControllerApplication) -> None:
        """Take over the nodes that the network has, and listen from now on."""
        coordinator = application.state.node_info.ieee
        for ieee, node in tuple(application.devices.items()):
            if ieee != coordinator and isinstance(node, ZigpyDevice) and node.is_initialized:
                self.enter(node, available=True)
        application.add_listener(self)

    def enter(self, node: ZigpyDevice, *, available: bool) -> Member:
        """Announce a node's devices and follow them."""
        before = self.members.pop(node.ieee, None)
        if before is not None:
            self._unfollow(before)
        member = Member(node, parts_of(node), self._clock(), available)
        self.members[node.ieee] = member
        for part in member.parts:
            self.parts[part.device.id] = part
            part.bad = self._bad
        gone = {p.device.id for p in before.parts} if before is not None else set()
        for device in gone - {p.device.id for p in member.parts}:
            self.parts.pop(device, None)
            self._port.gone(device)
        self._follow(member)
        for part in member.parts:
            self._port.announce(part.refreshed(member.available))
        return member

    def set_available(self, member: Member, available: bool) -> None:
        """Tell that a node answers, or no longer."""
        if member.available != available:
            member.available = available
            for part in member.parts:
                self._port.announce(part.refreshed(available))

    def refresh(self, member: Member) -> None:
        """Announce a node again if something about it changed."""
        for part in member.parts:
            part.stale = True
            self._tell(member, part)

    def member_of(self, device: DeviceId) -> Member | None:
        """Return the node that a device is part of."""
        part = self.parts.get(device)
        return None if part is None else self.members.get(part.node.ieee)

    def end(self, reason: str) -> None:
        """Let the driver give the connection up, for a reason that people are shown."""
        if not self.lost.done():
            self.lost.set_result(reason)

    def close(self) -> None:
        """Announce everything as away."""
        for member in self.members.values():
            self._unfollow(member)
            for part in member.parts:
                part.device = part.device.now(part.device.state, available=False)
                self._port.announce(part.device)

    # zigpy's application calls these --------------------------------------------------------

    def connection_lost(self, _error: Exception | None) -> None:
        """The stick is gone."""
        self.end("the Zigbee stick is gone")

    def device_joined(self, _node: ZigpyDevice) -> None:
        """A node is new or has another address."""
        self.counts.joined += 1

    def device_initialized(self, node: ZigpyDevice) -> None:
        """A node has been interviewed, or is back under another address."""
        known = self.members.get(node.ieee)
        if known is not None and known.node is node:
            self._heard(known)
            self.on_news(known, "back")
            return
        self.on_news(self.enter(node, available=True), "new")

    def device_reinterviewed(self, node: ZigpyDevice) -> None:
        """A node was interviewed again at a person's wish."""
        self.on_news(self.enter(node, available=True), "new")

    def device_left(self, node: ZigpyDevice) -> None:
        """A node was reset; it may come back."""
        self.counts.left += 1
        if (member := self.members.get(node.ieee)) is not None:
            self.set_available(member, available=False)

    def device_removed(self, node: ZigpyDevice) -> None:
        """A node was taken off the network by a person."""
        member = self.members.pop(node.ieee, None)
        if member is not None:
            self._unfollow(member)
            for part in member.parts:
                self.parts.pop(part.device.id, None)
                self._port.gone(part.device.id)

    def handle_message(
        self,
        node: ZigpyDevice,
        _profile: int,
        cluster: int,
        source_endpoint: int,
        _endpoint: int,
        _message: bytes,
    ) -> None:
        """Any frame of a known node."""
        self.counts.frames += 1
        member = self.members.get(node.ieee)
        if member is None:
            return
        was_away = not member.available
        self._heard(member)
        if was_away or (source_endpoint == 0 and cluster == _ANNOUNCED):
            self.on_news(member, "back")  # a lamp after a power cut is as its maker wants it

    # Inside ---------------------------------------------------------------------------------

    def _heard(self, member: Member) -> None:
        member.heard_at = self._clock()
        self.set_available(member, available=True)

    def _follow(self, member: Member) -> None:
        for endpoint in member.node.non_zdo_endpoints:
            part = _part_of(member, endpoint.endpoint_id)
            for cluster in endpoint.in_clusters.values():
                changed = self._follower(member, part, cluster)
                member.told += [cluster.on_event(kind.event_type, changed) for kind in _EVENTS]
            watched = [(c, c.cluster_id) for c in endpoint.out_clusters.values()]
            if IAS_ZONE in endpoint.in_clusters:
                watched.append((endpoint.in_clusters[IAS_ZONE], IAS_ZONE))
            for cluster, number in watched:
                listener = _Commands(self._commanded, member, part, cluster)
                if number in buttons.CLIENTS or number == IAS_ZONE:
                    cluster.add_listener(listener)
                    member.told.append(_remover(cluster, listener))

    def _unfollow(self, member: Member) -> None:
        for end in member.told:
            end()
        member.told.clear()
        for part in member.parts:
            self._dirty.pop(part.device.id, None)

    def _follower(self, member: Member, part: Part, cluster: Cluster) -> Callable[[Any], None]:
        number = cluster.cluster_id

        reports: dict[int, tuple[float, Any]] = {}

        def changed(event: Any) -> None:
            if isinstance(event, AttributeReportedEvent):
                self.on_report(part, number)
                reports[event.attribute_id] = (self._clock(), event.value)
                if (number, event.attribute_id) == buttons.MULTISTATE_INPUT:
                    self._press(part, buttons.multistate(event.value))
            elif isinstance(event, AttributeReadEvent):
                at, told = reports.get(event.attribute_id, (float("-inf"), None))
                if told != event.value and self._clock() - at < OVERTAKEN_S:
                    # zigpy handles an answer a turn later than a report that came behind it.
                    cluster.update_attribute(event.attribute_id, told)
            reported = isinstance(event, AttributeReportedEvent)
            if not reported or not part.knows(number, event.attribute_id):
                part.stale = True
            if number in _EDGES:
                self._dirty.pop(part.device.id, None)
                self._tell(member, part)
                return
            if not self._dirty:
                asyncio.get_running_loop().call_soon(self._tell_all)
            self._dirty[part.device.id] = (member, part)

        return changed

    def _tell_all(self) -> None:
        dirty, self._dirty = self._dirty, {}
        for member, part in dirty.values():
            self._tell(member, part)

    def _tell(self, member: Member, part: Part) -> None:
        if self.members.get(member.node.ieee) is not member:
            return
        before = part.device
        try:
            changed = part.refreshed(member.available) != before
        except (ArithmeticError, TypeError, ValueError):
            self.counts.malformed += 1
            return
        if changed:
            self._port.announce(part.device)

    def _commanded(
        self, member: Member, part: Part, cluster: Cluster, command: int, arguments: Any
    ) -> None:
        given = arguments.as_tuple() if hasattr(arguments, "as_tuple") else tuple(arguments)
        if cluster.cluster_id == IAS_ZONE and cluster.is_server:
            if command == _ZONE_CHANGED and given:
                cluster.update_attribute(ZONE_STATUS, given[0])
                self._tell(member, part)
            return
        self._press(part, buttons.action(cluster.cluster_id, command, given))

    def _press(self, part: Part, action: str | None) -> None:
        if action is not None:
            self.counts.presses += 1
            self._port.pressed(part.device.id, action)

    def _bad(self, _error: BadPayload) -> None:
        self.counts.malformed += 1


class _Commands:
    """Hears the cluster commands that a node sends."""

    def __init__(self, call: Callable[..., None], *bound: Any) -> None:
        self._call = call
        self._bound = bound

    def cluster_command(self, _sequence: int, command: int, arguments: Any) -> None:
        """Be called by zigpy."""
        self._call(*self._bound, command, arguments)


def _remover(cluster: Cluster, listener: _Commands) -> Callable[[], None]:
    return lambda: cluster.remove_listener(listener)


def _part_of(member: Member, endpoint: int) -> Part:
    for part in member.parts[1:]:
        if part.main is not None and part.main.endpoint_id == endpoint:
            return part
    return member.parts[0]
