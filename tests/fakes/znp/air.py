"""What carries frames between the coordinator and the nodes: delay, loss, silence.

A node hears a coordinator only on its own network (channel, PAN, key), and only while the frame
counter does not fall behind what it heard before, as in Zigbee's replay protection. So a stick
that was given a wrong or old backup is one that no node answers.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Protocol

from tests.fakes.znp.memory import Network
from tests.fakes.znp.mt import MAC_NO_ACK, MAC_TRANSACTION_EXPIRED, NWK_NO_ROUTE, SUCCESS

COORDINATOR = 0x0000


@dataclass(frozen=True)
class Packet:
    """An application frame: to a node's endpoint or from it. Endpoint 0 is ZDO."""

    cluster: int
    source_endpoint: int
    endpoint: int
    data: bytes
    group: int = 0


class Radio(Protocol):
    """A node as the coordinator and the air know it."""

    ieee: int
    nwk: int
    network: Network | None
    """Where it is a member."""
    link_key: bytes | None
    heard_counter: int
    sleepy: bool
    unreachable: bool
    late_s: float
    """How much later than others it answers."""
    link_quality: int

    def receive(self, packet: Packet) -> None: ...

    def sees_open_network(self) -> None: ...


class Coordinator(Protocol):
    def network(self) -> Network | None: ...

    def counter(self) -> int: ...

    def heard(self, node: Radio, packet: Packet) -> None: ...

    def may_join(self, ieee: int) -> bool: ...

    def joined(self, node: Radio) -> None: ...

    def left(self, node: Radio) -> None: ...


class Air:
    def __init__(self, seed: int = 1) -> None:
        self.nodes: list[Radio] = []
        self.stick: Coordinator | None = None
        self.latency_s = 0.001
        """One way."""
        self.loss = 0.0
        """Share of frames that get lost even after the radios' own retries."""
        self.lost = 0
        self.multicasts = 0
        self.unicasts = 0
        self._random = Random(seed)

    def unicast(self, nwk: int, packet: Packet, confirm: Callable[[int], None]) -> None:
        """Carry a frame to a node; `confirm` gets the coordinator's status for it."""
        self.unicasts += 1
        node = next((n for n in self.nodes if n.nwk == nwk and self._hears(n)), None)
        if node is None:
            self._later(self.latency_s, confirm, NWK_NO_ROUTE)
        elif node.unreachable:
            status = MAC_TRANSACTION_EXPIRED if node.sleepy else MAC_NO_ACK
            self._later(self.latency_s * 20, confirm, status)
        elif self._loses():
            self._later(self.latency_s * 20, confirm, MAC_NO_ACK)
        else:
            node.heard_counter = self._counter()
            self._later(self.latency_s, node.receive, packet)
            self._later(self.latency_s * 2, confirm, SUCCESS)

    def multicast(self, packet: Packet) -> None:
        """Carry a frame to all members of its group; nobody acknowledges."""
        self.multicasts += 1
        for node in self.nodes:
            if self._hears(node) and not node.unreachable and not self._loses():
                self._later(self.latency_s, node.receive, packet)

    def up(self, node: Radio, packet: Packet) -> None:
        """Carry a node's frame to the coordinator."""
        if node.unreachable or not self._hears(node) or self._loses():
            return
        self._later(self.latency_s + node.late_s, self._arrive, node, packet)

    def _arrive(self, node: Radio, packet: Packet) -> None:
        if self.stick is not None:
            self.stick.heard(node, packet)

    def _hears(self, node: Radio) -> bool:
        network = self.stick.network() if self.stick is not None else None
        if network is None or node.network != network:
            return False
        return node.heard_counter <= self._counter()

    def _counter(self) -> int:
        return self.stick.counter() if self.stick is not None else 0

    def _loses(self) -> bool:
        lost = self._random.random() < self.loss
        self.lost += lost
        return lost

    @staticmethod
    def _later(after_s: float, call: Callable[..., None], *args: object) -> None:
        asyncio.get_running_loop().call_later(after_s, call, *args)
