"""A Zigbee node: ZDO, attributes, reporting, binding, groups. What it does is in kinds.py."""

import asyncio
import struct
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from tests.fakes.znp import zcl
from tests.fakes.znp.air import Air, Packet
from tests.fakes.znp.memory import Network
from tests.fakes.znp.zcl import Value, Zcl

BASIC, GROUPS, IDENTIFY = 0x0000, 0x0004, 0x0003
HOME_AUTOMATION: Final = 0x0104
JOIN_TAKES_S = 0.005

_REMEMBERED: Final = (
    "nwk", "network", "link_key", "heard_counter", "wants_to_join", "endpoints", "_sequence",
)  # fmt: skip
Attributes = dict[int, tuple[int, Value]]
"""By id: type and value."""


@dataclass
class Report:
    """How an attribute is reported."""

    minimum_s: int
    maximum_s: int
    change: float
    told: Value | None = None
    told_at: float = float("-inf")
    waiting: asyncio.TimerHandle | None = None


@dataclass
class Endpoint:
    kind: int
    """The device id of its profile."""
    servers: dict[int, Attributes]
    clients: tuple[int, ...] = ()
    groups: set[int] = field(default_factory=set)
    bound: set[int] = field(default_factory=set)
    """Clusters bound to the coordinator."""
    reports: dict[tuple[int, int], Report] = field(default_factory=dict)
    refuses_reporting: bool = False


class Node:
    def __init__(
        self,
        ieee: int,
        endpoints: Mapping[int, Endpoint],
        *,
        maker: str = "Moodsync",
        model: str = "node",
        sleepy: bool = False,
        place: str = "",
    ) -> None:
        self.ieee = ieee
        self.nwk = 0
        self.network: Network | None = None
        self.link_key: bytes | None = None
        self.heard_counter = 0
        self.sleepy = sleepy
        self.unreachable = False
        self.late_s = 0.0
        self.link_quality = 200
        self.wants_to_join = True
        self.endpoints = dict(endpoints)
        self.received: list[tuple[int, Zcl]] = []
        """Cluster commands that came, with their cluster."""
        self.by_group = 0
        self.air: Air | None = None
        self._random = Random(ieee)
        self._sequence = 0
        first = self.endpoints[min(self.endpoints)]
        first.servers[BASIC] = {
            0x0000: (zcl.U8, 8),
            0x0004: (zcl.STRING, maker),
            0x0005: (zcl.STRING, model),
            0x0007: (zcl.ENUM8, 3 if sleepy else 1),
            0x4000: (zcl.STRING, "1.2.3"),
        }
        if place:
            first.servers[BASIC][0x0010] = (zcl.STRING, place)

    # Network --------------------------------------------------------------------------------

    def sees_open_network(self) -> None:
        if self.wants_to_join and self.network is None:
            asyncio.get_running_loop().call_later(JOIN_TAKES_S, self.join)

    def join(self) -> None:
        """Join, or join again under another short address."""
        stick = self.air.stick if self.air is not None else None
        if stick is None or not (self.network == stick.network() or stick.may_join(self.ieee)):
            return
        before = self.nwk
        while self.nwk == before:
            self.nwk = self._random.randint(0x0100, 0xFFF0)
        stick.joined(self)
        self.announce()

    def announce(self) -> None:
        """Tell everybody the short address, as after a power cut."""
        body = struct.pack(
            "<BHQB", self._next(), self.nwk, self.ieee, 0x80 if self.sleepy else 0x8E
        )
        self._up(Packet(0x0013, 0, 0, body))

    def leave(self) -> None:
        """Be reset by hand: the network learns of it."""
        stick = self.air.stick if self.air is not None else None
        if stick is not None and self.network is not None:
            stick.left(self)
        self.network = None
        for endpoint in self.endpoints.values():
            endpoint.bound.clear()
            endpoint.reports.clear()
            endpoint.groups.clear()

    def receive(self, packet: Packet) -> None:
        if self.network is None:
            return
        if packet.endpoint == 0:
            self._zdo(packet)
            return
        message = Zcl.decode(packet.data)
        for number, endpoint in self.endpoints.items():
            if packet.group and packet.group not in endpoint.groups:
                continue
            if packet.group or packet.endpoint == number:
                self._zcl(number, endpoint, packet, message)

    def saved(self) -> dict[str, Any]:
        """Return what it remembers."""
        for endpoint in self.endpoints.values():
            for report in endpoint.reports.values():
                if report.waiting is not None:
                    report.waiting.cancel()
                    report.waiting = None
        return {name: deepcopy(getattr(self, name)) for name in _REMEMBERED}

    def restore(self, saved: dict[str, Any]) -> None:
        for name in _REMEMBERED:
            setattr(self, name, deepcopy(saved[name]))

    # Attributes -----------------------------------------------------------------------------

    def get(self, endpoint: int, cluster: int, attribute: int) -> Value:
        return self.endpoints[endpoint].servers[cluster][attribute][1]

    def set(self, endpoint: int, cluster: int, attribute: int, value: Value) -> None:
        """Change an attribute; it is reported if that was asked for."""
        attributes = self.endpoints[endpoint].servers[cluster]
        attributes[attribute] = (attributes[attribute][0], value)
        self._consider(endpoint, cluster, attribute)

    def report(self, endpoint: int, cluster: int, *attributes: int) -> None:
        """Report now, asked for or not."""
        self._send_report(endpoint, cluster, attributes)

    def say(
        self, endpoint: int, cluster: int, command: int, payload: bytes, *, client: bool
    ) -> None:
        """Send a cluster command of the node's own to the coordinator."""
        message = Zcl(True, self._next(), command, payload, not client, wants_default=False)
        self._up(Packet(cluster, endpoint, 1, message.encode()))

    # For kinds ------------------------------------------------------------------------------

    def obey(self, endpoint: int, cluster: int, message: Zcl) -> int:
        """Carry out a cluster command; return the status. Kinds override it."""
        del endpoint, cluster, message
        return zcl.UNSUPPORTED_COMMAND

    # Inside ---------------------------------------------------------------------------------

    def _next(self) -> int:
        self._sequence = (self._sequence + 1) % 256
        return self._sequence

    def _up(self, packet: Packet) -> None:
        if self.air is not None:
            self.air.up(self, packet)

    def _consider(self, number: int, cluster: int, attribute: int) -> None:
        endpoint = self.endpoints[number]
        report = endpoint.reports.get((cluster, attribute))
        if report is None or cluster not in endpoint.bound or report.waiting is not None:
            return
        kind, value = endpoint.servers[cluster][attribute]
        if value == report.told or not _matters(kind, value, report):
            return
        loop = asyncio.get_running_loop()
        due = report.told_at + report.minimum_s

        def tell() -> None:
            report.waiting = None
            report.told = endpoint.servers[cluster][attribute][1]
            report.told_at = loop.time()
            self._send_report(number, cluster, (attribute,))

        if loop.time() >= due:
            tell()
        else:
            report.waiting = loop.call_at(due, tell)

    def _send_report(self, number: int, cluster: int, attributes: Iterable[int]) -> None:
        body = b""
        for attribute in attributes:
            kind, value = self.endpoints[number].servers[cluster][attribute]
            body += struct.pack("<HB", attribute, kind) + zcl.pack(kind, value)
        message = Zcl(False, self._next(), zcl.REPORT, body, to_client=True, wants_default=False)
        self._up(Packet(cluster, number, 1, message.encode()))

    def _zdo(self, packet: Packet) -> None:
        sequence, rest = packet.data[:1], packet.data[1:]
        mine = sequence + b"\0" + struct.pack("<H", self.nwk)
        match packet.cluster:
            case 0x0001:
                body = sequence + b"\0" + struct.pack("<QH", self.ieee, self.nwk)
            case 0x0002:
                role, capability = (2, 0x80) if self.sleepy else (1, 0x8E)
                body = mine + struct.pack(
                    "<BBBHBHHHB", role, 0x40, capability, 0x1234, 82, 82, 0, 82, 0
                )
            case 0x0004:
                body = mine + self._description(rest[2])
            case 0x0005:
                listed = bytes(self.endpoints)
                body = mine + bytes((len(listed),)) + listed
            case 0x0021 | 0x0022:
                _ieee, number, cluster = struct.unpack_from("<QBH", rest)
                bound = self.endpoints[number].bound
                (bound.add if packet.cluster == 0x0021 else bound.discard)(cluster)
                body = sequence + b"\0"
            case 0x0031:
                body = sequence + bytes(4)
            case 0x0034:
                asyncio.get_running_loop().call_later(JOIN_TAKES_S * 4, self.leave)
                self.wants_to_join = False
                body = sequence + b"\0"
            case _:
                body = sequence + b"\x84"  # not supported
        self._up(Packet(packet.cluster | 0x8000, 0, 0, body))

    def _description(self, number: int) -> bytes:
        endpoint = self.endpoints[number]
        body = struct.pack("<BHHB", number, HOME_AUTOMATION, endpoint.kind, 1)
        for clusters in (tuple(endpoint.servers), endpoint.clients):
            body += struct.pack(f"<B{len(clusters)}H", len(clusters), *clusters)
        return bytes((len(body),)) + body

    def _zcl(self, number: int, endpoint: Endpoint, packet: Packet, message: Zcl) -> None:
        if message.cluster_command:
            self.received.append((packet.cluster, message))
            self.by_group += bool(packet.group)
            answer = self._commanded(number, endpoint, packet, message)
        else:
            answer = self._general(number, endpoint, packet.cluster, message)
        if answer is not None and not packet.group:
            self._up(Packet(packet.cluster, number, packet.source_endpoint, answer.encode()))
        if not message.cluster_command and message.command == zcl.CONFIGURE:
            for cluster, attribute in tuple(endpoint.reports):
                self._consider(number, cluster, attribute)

    def _commanded(
        self, number: int, endpoint: Endpoint, packet: Packet, message: Zcl
    ) -> Zcl | None:
        if packet.cluster == GROUPS and GROUPS in endpoint.servers:
            return _group_command(endpoint, message)
        if packet.cluster in endpoint.servers or packet.cluster in endpoint.clients:
            status = self.obey(number, packet.cluster, message)
        else:
            status = 0xC3  # no such cluster
        if status == zcl.OK and not message.wants_default:
            return None
        return message.answer(False, zcl.DEFAULT_RSP, bytes((message.command, status)))

    def _general(self, number: int, endpoint: Endpoint, cluster: int, message: Zcl) -> Zcl | None:
        attributes = endpoint.servers.get(cluster, {})
        handlers: dict[int, tuple[int, Callable[[], bytes]]] = {
            zcl.READ: (zcl.READ_RSP, lambda: _read(attributes, message.payload)),
            zcl.WRITE: (zcl.WRITE_RSP, lambda: self._write(number, cluster, message.payload)),
            zcl.CONFIGURE: (
                zcl.CONFIGURE_RSP,
                lambda: _configure(endpoint, cluster, message.payload),
            ),
        }
        if message.command == zcl.DEFAULT_RSP:
            return None
        if message.command not in handlers:
            status = bytes((message.command, 0x82))
            return message.answer(False, zcl.DEFAULT_RSP, status)
        answer, handle = handlers[message.command]
        return message.answer(False, answer, handle())

    def _write(self, number: int, cluster: int, payload: bytes) -> bytes:
        failed = b""
        while payload:
            attribute, kind = struct.unpack_from("<HB", payload)
            value, payload = zcl.unpack(kind, payload[3:])
            attributes = self.endpoints[number].servers.get(cluster, {})
            if attribute not in attributes:
                failed += bytes((zcl.UNSUPPORTED_ATTRIBUTE,)) + struct.pack("<H", attribute)
            else:
                self.set(number, cluster, attribute, value)
                self.written(number, cluster, attribute)
        return failed or b"\0"

    def written(self, endpoint: int, cluster: int, attribute: int) -> None:
        """Called after the host wrote an attribute. Kinds override it."""


def _matters(kind: int, value: Value, report: Report) -> bool:
    if report.told is None or kind not in zcl.ANALOG:
        return True
    assert not isinstance(value, str)
    assert not isinstance(report.told, str)
    return abs(value - report.told) >= report.change


def _read(attributes: Attributes, payload: bytes) -> bytes:
    body = b""
    for (attribute,) in struct.iter_unpack("<H", payload):
        body += struct.pack("<H", attribute)
        if attribute in attributes:
            kind, value = attributes[attribute]
            body += bytes((zcl.OK, kind)) + zcl.pack(kind, value)
        else:
            body += bytes((zcl.UNSUPPORTED_ATTRIBUTE,))
    return body


def _configure(endpoint: Endpoint, cluster: int, payload: bytes) -> bytes:
    failed = b""
    while payload:
        direction, attribute, kind, minimum, maximum = struct.unpack_from("<BHBHH", payload)
        payload = payload[8:]
        change: Value = 0
        if kind in zcl.ANALOG:
            change, payload = zcl.unpack(kind, payload)
        known = attribute in endpoint.servers.get(cluster, {})
        if endpoint.refuses_reporting or not known:
            status = zcl.UNREPORTABLE if known else zcl.UNSUPPORTED_ATTRIBUTE
            failed += struct.pack("<BBH", status, direction, attribute)
        else:
            assert not isinstance(change, str)
            endpoint.reports[cluster, attribute] = Report(minimum, maximum, change)
    return failed or b"\0"


def _group_command(endpoint: Endpoint, message: Zcl) -> Zcl | None:
    match message.command:
        case 0x00 | 0x03:  # add, remove
            group = struct.unpack_from("<H", message.payload)[0]
            had = group in endpoint.groups
            status = zcl.OK
            if message.command == 0x00:
                endpoint.groups.add(group)
                status = zcl.DUPLICATE if had else zcl.OK
            elif had:
                endpoint.groups.discard(group)
            else:
                status = zcl.NOT_FOUND
            return message.answer(True, message.command, struct.pack("<BH", status, group))
        case 0x02:  # which?
            groups = sorted(endpoint.groups)
            body = struct.pack(f"<BB{len(groups)}H", 8, len(groups), *groups)
            return message.answer(True, 0x02, body)
        case _:
            status = zcl.UNSUPPORTED_COMMAND
            return message.answer(False, zcl.DEFAULT_RSP, bytes((message.command, status)))
