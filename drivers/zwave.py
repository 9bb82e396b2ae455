"""Z-Wave devices, through a Z-Wave JS server that has the stick.

Z-Wave does not tell who changed a device: the report of a wall switch and the confirmation of our
own command look alike. What was commanded arrives as `currentValue` once the device confirmed it.
The driver never reconnects by itself: `run` raises Unreachable and the supervisor starts it again.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from zwave_js_server.const import NodeStatus, SetValueStatus
from zwave_js_server.model.node import Node

from drivers.complaints import Complaints
from drivers.operations import Operation
from drivers.reasons import reason_of
from drivers.registry import Place
from drivers.roster import Entry, Roster
from drivers.types import (
    BadPayload,
    Command,
    Device,
    DeviceId,
    DeviceInfo,
    DeviceState,
    Port,
    Refused,
    Unreachable,
)
from drivers.web import session
from drivers.zwave_commands import Setting, settings_for
from drivers.zwave_events import Watch
from drivers.zwave_link import START_LIMIT_S, ZwaveLink
from drivers.zwave_opened import Opened
from drivers.zwave_operations import ZwaveOperations
from drivers.zwave_parts import Part, parts_of, state_of
from drivers.zwave_settings import ZwaveSettings

NAME = "zwave"


@dataclass(slots=True)
class ZwaveStats:
    """Counts since the start, over all connections."""

    events: int = 0
    malformed: int = 0
    """Messages that could not be read; each sort is logged once."""
    unknown_nodes: int = 0
    """Events of nodes that the network's description does not have."""
    commands: int = 0


class ZwaveDriver:
    """See the module."""

    name = NAME

    def __init__(self, settings: ZwaveSettings, folder: Path) -> None:
        self.stats = ZwaveStats()
        self._settings = settings
        self._roster: Roster[Node, Part] = Roster()
        self._link: ZwaveLink | None = None
        self._complaints = Complaints("zwave_message_dropped")
        self._watch = Watch()
        self._opened = Opened(folder)
        self._operations = ZwaveOperations(self._there, self._watch, self._opened)

    async def run(self, port: Port) -> None:
        """See Driver."""
        with self._roster.told_to(port):
            try:
                async with session() as web:
                    link = ZwaveLink(self._settings.url, web, self._heard, self._dropped)
                    try:
                        await link.open()
                        await self._serve(link, port)
                    except ExceptionGroup as errors:
                        raise reason_of(errors) from errors
                    finally:
                        await link.close()
            finally:
                self._link = None
                self._watch.stop()

    async def execute(self, command: Command) -> None:
        """See Driver. Done means that the device took it, or that a sleeping one will on waking."""
        link = self._link
        known = self._roster.get(command.device)
        if link is None:
            raise Unreachable("there is no connection to the Z-Wave JS server")
        if known is None:
            raise Refused(f"there is no device {command.device} on the Z-Wave network")
        wanted = settings_for(known.device, known.part, command, fades=self._settings.fades)
        self.stats.commands += 1
        if len(wanted) == 1:
            await _set(link, known.node, wanted[0])
            return
        try:
            async with asyncio.TaskGroup() as group:  # the server keeps their order
                for setting in wanted:
                    group.create_task(_set(link, known.node, setting), name="zwave set")
        except ExceptionGroup as errors:
            raise reason_of(errors) from errors

    def operations(self) -> tuple[Operation, ...]:
        """See Operable."""
        return self._operations.all()

    # Inside ---------------------------------------------------------------------------------

    async def _serve(self, link: ZwaveLink, port: Port) -> None:
        ready = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(link.follow(ready), name="zwave follow")
            try:
                async with asyncio.timeout(START_LIMIT_S):
                    await ready.wait()
            except TimeoutError as err:
                raise Unreachable("the Z-Wave JS server does not describe its network") from err
            await self._opened.close_left_open(link)
            self._link = link
            self._adopt(link)
            port.connected()

    def _adopt(self, link: ZwaveLink) -> None:
        """Take the network over as the server describes it, also after a change of stick."""
        assert link.driver is not None
        with self._roster.anew():
            for node in link.driver.controller.nodes.values():
                self._describe(node)

    def _describe(self, node: Node) -> None:
        """Find out what a node is, and announce it."""
        if not node.is_controller_node:
            self._roster.describe(
                node.node_id, [self._entry(node, part) for part in parts_of(node)]
            )

    def _entry(self, node: Node, part: Part) -> Entry[Node, Part]:
        device = self._id(node, part)
        state = state_of(part, self._roster.state(device))
        return Entry(node, part, _device(device, node, part, state))

    def _heard(self, event: Mapping[str, Any]) -> None:
        """Take in an event that the library has worked into its model."""
        self.stats.events += 1
        name = event.get("event")
        self._watch.heard(event)
        link = self._link
        if link is None or link.driver is None:
            return
        if event["source"] == "driver":
            return
        nodes = link.driver.controller.nodes
        if event["source"] == "controller":
            self._network_changed(str(name), event)
            return
        node = nodes.get(event["nodeId"])
        if node is None:
            self.stats.unknown_nodes += 1
        elif name == "value updated":
            self._refresh(node)
        elif name in _REDESCRIBES:
            self._describe(node)
        elif name in _AVAILABILITY:
            self._refresh(node)
        elif name == "value notification":
            self._pressed(node, event.get("args", {}))

    def _network_changed(self, name: str, event: Mapping[str, Any]) -> None:
        if name == "node added":
            self._describe(event["node"])  # the library has made it a Node
        elif name == "node removed":
            self._roster.remove(event["node"].node_id)

    def _refresh(self, node: Node) -> None:
        available = _available(node)
        for entry in self._roster.of(node.node_id):
            state = state_of(entry.part, entry.device.state)
            self._roster.update(entry, state, available=available)

    def _pressed(self, node: Node, value: Mapping[str, Any]) -> None:
        """Tell of a press: Central Scene, one scene a button."""
        action = _ACTIONS.get(value.get("value", -1)) if value.get("property") == "scene" else None
        if action is None:
            return
        button = str(value.get("propertyKey", "")).lstrip("0")
        said = action if button in {"", "1"} else f"{button}_{action}"
        for entry in self._roster.of(node.node_id):
            if entry.part.presses:
                self._roster.press(entry, said, available=_available(node))
                return

    def _dropped(self, err: BadPayload) -> None:
        self.stats.malformed += 1
        self._complaints.once(err.reason, reason=err.reason)

    def _id(self, node: Node, part: Part) -> DeviceId:
        assert self._link is not None
        assert self._link.driver is not None
        home = self._link.driver.controller.home_id or 0
        endpoint = f"-{part.endpoint}" if part.endpoint else ""
        return DeviceId(f"{NAME}:{home:08x}-{node.node_id}{endpoint}")

    def _there(self) -> tuple[ZwaveLink, Mapping[DeviceId, Node]]:
        """Return the connection and the devices' nodes, for operations. Raises Unreachable."""
        if self._link is None:
            raise Unreachable("there is no connection to the Z-Wave JS server")
        return self._link, self._roster.nodes()


_REDESCRIBES: Final = frozenset(
    {"ready", "interview completed", "value added", "value removed", "metadata updated"}
)
_AVAILABILITY: Final = frozenset(
    {"alive", "dead", "sleep", "wake up", "interview started", "interview failed"}
)
_ACTIONS: Final = {
    0: "single",
    1: "release",
    2: "hold",
    3: "double",
    4: "triple",
    5: "quadruple",
    6: "quintuple",
}
"""Key attributes of Central Scene (SDS13781)."""
_THERE: Final = frozenset({NodeStatus.ALIVE, NodeStatus.AWAKE, NodeStatus.ASLEEP})
_TAKEN: Final = frozenset(
    {SetValueStatus.WORKING, SetValueStatus.SUCCESS_UNSUPERVISED, SetValueStatus.SUCCESS}
)


async def _set(link: ZwaveLink, node: Node, setting: Setting) -> None:
    """Set one value of a node. Raises Refused, Unreachable."""
    more: dict[str, Any] = {"nodeId": node.node_id, "valueId": setting.value_id}
    more["value"] = setting.value
    if setting.options is not None:
        more["options"] = setting.options
    if node.status is NodeStatus.ASLEEP:
        await link.tell("node.set_value", **more)
        return
    result = (await link.ask("node.set_value", **more)).get("result", {})
    status = result.get("status")
    if status not in _TAKEN:
        names = {member.value: member.name.lower().replace("_", " ") for member in SetValueStatus}
        raise Refused(f"the device did not take it: {names.get(status, status)}")


def _device(device: DeviceId, node: Node, part: Part, state: DeviceState) -> Device:
    about = node.device_config
    name = node.name or about.description or about.label or f"Z-Wave device {node.node_id}"
    if part.endpoint:
        name = f"{name} {part.endpoint}"
    info = DeviceInfo(
        about.manufacturer or "",
        about.label or "",
        node.firmware_version or "",
        node.location or "",
    )
    made = Device(device, name, NAME, part.capabilities, state, info=info)
    return replace(made, available=_available(node))


def _available(node: Node) -> bool:
    return bool(node.ready) and node.status in _THERE


def create(settings: ZwaveSettings, place: Place) -> ZwaveDriver:
    """Return the driver; see drivers.registry."""
    return ZwaveDriver(settings, place.folder)
