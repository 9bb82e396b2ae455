"""Matter devices, through a Matter server that is their controller.

Matter does not tell who changed a device: another controller's change, a hand at the lamp and the
echo of our own command look alike. The driver never reconnects by itself: `run` raises Unreachable
and the supervisor starts it again.
"""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from pydantic import ValidationError

from drivers.complaints import Complaints
from drivers.matter_commands import Invoke, Write, actions_for
from drivers.matter_link import MatterLink
from drivers.matter_operations import MatterOperations
from drivers.matter_parts import SWITCH, NodeData, Part, named, parts_of, reachable, state_of
from drivers.matter_settings import MatterSettings
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

NAME = "matter"
START_LIMIT_S = 20.0


@dataclass(slots=True)
class MatterStats:
    """Counts since the start, over all connections."""

    events: int = 0
    malformed: int = 0
    """Messages that could not be read; each sort is logged once."""
    commands: int = 0


class MatterDriver:
    """See the module."""

    name = NAME

    def __init__(self, settings: MatterSettings) -> None:
        self.stats = MatterStats()
        self._settings = settings
        self._roster: Roster[NodeData, Part] = Roster()
        self._fabric = ""
        self._link: MatterLink | None = None
        self._complaints = Complaints("matter_message_dropped")
        self._operations = MatterOperations(self._there)

    async def run(self, port: Port) -> None:
        """See Driver."""
        with self._roster.told_to(port):
            try:
                async with session() as web:
                    link = await MatterLink.open(self._settings.url, web)
                    try:
                        async with asyncio.TaskGroup() as group:
                            following = link.follow(self._heard, self._dropped)
                            group.create_task(following, name="matter")
                            await self._adopt(link)
                            port.connected()
                    except ExceptionGroup as errors:
                        raise reason_of(errors) from errors
                    finally:
                        await link.close()
            finally:
                self._link = None

    async def execute(self, command: Command) -> None:
        """See Driver. Done means that the device confirmed it."""
        link = self._link
        if link is None:
            raise Unreachable("there is no connection to the Matter server")
        known = self._roster.get(command.device)
        if known is None:
            raise Refused(f"there is no device {command.device} on the Matter fabric")
        actions = actions_for(known.device, known.part, command)
        self.stats.commands += 1
        for action in actions:
            await _do(link, known, action)

    def operations(self) -> tuple[Operation, ...]:
        """See Operable."""
        return self._operations.all()

    # Inside ---------------------------------------------------------------------------------

    async def _adopt(self, link: MatterLink) -> None:
        """Take the fabric over as the server describes it, also after a change of server."""
        self._fabric = f"{_integer(link.info.get('compressed_fabric_id')):016x}"
        nodes = await link.ask("start_listening", limit_s=START_LIMIT_S)
        if not isinstance(nodes, list):
            raise Unreachable("the Matter server describes its fabric badly")
        self._link = link
        with self._roster.anew():
            for node in nodes:
                try:
                    self._describe(_node(node))
                except BadPayload as err:
                    self._dropped(err)

    def _describe(self, node: NodeData) -> None:
        """Find out what a node is, and announce its devices."""
        try:
            parts = parts_of(node.attributes)
        except ValueError as err:
            raise BadPayload("a node with attributes that have no path") from err
        alone = len(parts) == 1
        entries = [self._entry(node, part, alone=alone) for part in parts]
        self._roster.describe(node.node_id, entries)

    def _entry(self, node: NodeData, part: Part, *, alone: bool) -> Entry[NodeData, Part]:
        device = DeviceId(f"{NAME}:{self._fabric}-{node.node_id}-{part.endpoint}")
        state = state_of(part, node.attributes, self._roster.state(device))
        return Entry(node, part, _device(device, node, part, state, alone=alone))

    def _heard(self, name: str, data: Any) -> None:
        """Take in an event. Raises BadPayload."""
        self.stats.events += 1
        match name, data:
            case "attribute_updated", [int(node_id), str(path), value]:
                self._updated(node_id, path, value)
            case (("node_added" | "node_updated"), dict()):
                if self._link is not None:
                    self._describe(_node(data))
            case "node_removed", int(node_id) if node_id is not True:  # which equals 1
                self._roster.remove(node_id)
            case "endpoint_removed", {"node_id": int(node_id), "endpoint_id": int(endpoint)}:
                self._removed(node_id, endpoint)
            case "node_event", dict():
                self._pressed(data)
            case (("attribute_updated" | "node_added" | "node_updated" | "node_removed"), _):
                raise BadPayload(f"{name} without what belongs to it")
            case (("endpoint_removed" | "node_event"), _):
                raise BadPayload(f"{name} without what belongs to it")
            case _:
                pass  # endpoint_added: node_updated follows; server_info_updated: nothing of ours

    def _updated(self, node_id: int, path: str, value: Any) -> None:
        if not _PATH.fullmatch(path):
            raise BadPayload("an attribute without a path")
        for entry in self._roster.of(node_id):
            entry.node.attributes[path] = value
            state = state_of(entry.part, entry.node.attributes, entry.device.state)
            self._roster.update(entry, state, available=_available(entry.node, entry.part))

    def _removed(self, node_id: int, endpoint: int) -> None:
        for entry in self._roster.of(node_id):
            if entry.part.endpoint == endpoint:
                self._roster.remove_device(node_id, entry.device.id)

    def _pressed(self, event: Mapping[str, Any]) -> None:
        """Tell of a press: events of the Switch cluster."""
        if event.get("cluster_id") != SWITCH:
            return
        for entry in self._roster.of(_integer(event.get("node_id"))):
            endpoint = entry.part.endpoint
            if endpoint != event.get("endpoint_id"):
                continue
            features = _integer(entry.node.attributes.get(f"{endpoint}/{SWITCH}/65532"))
            counts = bool(features & _COUNTS)
            action = _action(event.get("event_id"), event.get("data"), counts=counts)
            if action is not None:
                self._roster.press(entry, action, available=entry.device.available)

    def _dropped(self, err: BadPayload) -> None:
        self.stats.malformed += 1
        self._complaints.once(err.reason, reason=err.reason)

    def _there(self) -> tuple[MatterLink, Mapping[DeviceId, NodeData]]:
        """Return the connection and the devices' nodes, for operations. Raises Unreachable."""
        if self._link is None:
            raise Unreachable("there is no connection to the Matter server")
        return self._link, self._roster.nodes()


_PATH: Final = re.compile(r"\d{1,5}/\d{1,10}/\d{1,10}", re.ASCII)
_LONG_PRESS, _SHORT_RELEASE, _LONG_RELEASE, _MULTI_PRESS = 2, 3, 4, 6
"""Events of the Switch cluster."""
_COUNTS: Final = 1 << 4
"""Its feature of counting presses; it then tells of each release as well as of the count."""
_PRESSES: Final = {1: "single", 2: "double", 3: "triple"}


def _action(event: object, data: object, *, counts: bool) -> str | None:
    """Name a press."""
    action = None
    if event == _LONG_PRESS:
        action = "hold"
    elif event == _LONG_RELEASE:
        action = "release"
    elif event == _SHORT_RELEASE and not counts:
        action = "single"
    elif event == _MULTI_PRESS and isinstance(data, Mapping):
        action = _PRESSES.get(_integer(data.get("totalNumberOfPressesCounted")))
    return action


def _node(data: object) -> NodeData:
    try:
        return NodeData.model_validate(data)
    except ValidationError as err:
        raise BadPayload("a node without its number or attributes") from err


def _device(
    device: DeviceId, node: NodeData, part: Part, state: DeviceState, *, alone: bool
) -> Device:
    name = named(node.attributes, part.endpoint, 5) or named(node.attributes, part.endpoint, 3)
    name = name or f"Matter device {node.node_id}"
    if not alone and f"{part.endpoint}/57/5" not in node.attributes:
        name = f"{name} {part.endpoint}"
    info = DeviceInfo(*(named(node.attributes, part.endpoint, what) for what in (1, 3, 10)))
    made = Device(device, name, NAME, part.capabilities, state, info=info)
    return replace(made, available=_available(node, part))


def _available(node: NodeData, part: Part) -> bool:
    return node.available and reachable(node.attributes, part.endpoint)


async def _do(link: MatterLink, known: Entry[NodeData, Part], action: Invoke | Write) -> None:
    where = {"node_id": known.node.node_id}
    match action:
        case Invoke(cluster=cluster, name=name, fields=fields):
            await link.ask(
                "device_command",
                **where,
                endpoint_id=known.part.endpoint,
                cluster_id=cluster,
                command_name=name,
                payload=fields,
            )
        case Write(cluster=cluster, attribute=attribute, value=value):
            path = f"{known.part.endpoint}/{cluster}/{attribute}"
            await link.ask("write_attribute", **where, attribute_path=path, value=value)


def _integer(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def create(settings: MatterSettings, _place: Place) -> MatterDriver:
    """Return the driver; see drivers.registry."""
    return MatterDriver(settings)
