"""A Z-Stack 3.30 coordinator as its host sees it, over TCP.

From TI's Monitor and Test API document. What it does not know it refuses with RPC error 2, as the
firmware does. A frozen stick reads nothing and says nothing; the connection stays open.
"""

import asyncio
import struct
from collections.abc import Callable
from typing import Final

from tests.fakes.znp import memory as nv
from tests.fakes.znp import mt
from tests.fakes.znp.air import COORDINATOR, Air, Packet, Radio
from tests.fakes.znp.memory import Memory, Network
from tests.fakes.znp.mt import AF, APP_CNF, AREQ, SREQ, SRSP, SUCCESS, SYS, UTIL, ZDO, u16, u32, u64

CAPABILITIES: Final = 0x0659  # SYS, AF, ZDO, UTIL, GP, APP_CNF
VERSION: Final = bytes((2, 1, 2, 7, 1))
REVISION: Final = 20240710
FORMATION: Final = 0x04
RESET_COUNTER_STEP: Final = 1250
"""What the firmware adds to the frame counter at a start, since it saves it only now and then."""
ED_SCAN, CHANNEL_CHANGE = 5, 0xFE
NWK_UPDATE, NWK_UPDATE_RSP = 0x0038, 0x8038


class Stick(asyncio.Protocol):
    def __init__(self, air: Air, memory: Memory) -> None:
        self.air = air
        self.memory = memory
        self.frozen = False
        self.joining_s = 0.0
        self.unknown: list[tuple[int, int]] = []
        """Commands that it refused."""
        self.garbage: list[bytes] = []
        """Raw bytes to send before the next frame."""
        self.endpoints: dict[int, bytes] = {}
        self.splitter = mt.Splitter()
        self._started = False
        self._transport: asyncio.Transport | None = None
        self._install_codes: set[int] = set()
        self._handlers: dict[tuple[int, int], Callable[[bytes], bytes | None]] = {
            (SREQ | SYS, 0x01): lambda _: u16(CAPABILITIES),
            (SREQ | SYS, 0x02): lambda _: VERSION + u32(REVISION),
            (AREQ | SYS, 0x00): self._reset,
            (SREQ | SYS, 0x07): self._item_init,
            (SREQ | SYS, 0x08): self._item_read_short,
            (SREQ | SYS, 0x12): self._item_delete,
            (SREQ | SYS, 0x13): self._item_length,
            (SREQ | SYS, 0x14): lambda _: bytes((SUCCESS,)),
            (SREQ | SYS, 0x1C): self._item_read,
            (SREQ | SYS, 0x1D): self._item_write,
            (SREQ | SYS, 0x30): self._entry_create,
            (SREQ | SYS, 0x31): self._entry_delete,
            (SREQ | SYS, 0x32): self._entry_length,
            (SREQ | SYS, 0x33): self._entry_read,
            (SREQ | SYS, 0x34): self._entry_write,
            (SREQ | UTIL, 0x0A): lambda _: bytes((SUCCESS,)),
            (SREQ | UTIL, 0x49): lambda _: u16(0xFFFF) + bytes(34),
            (SREQ | UTIL, 0x4A): lambda _: u16(0xFFFF) * 2 + b"\xff" + bytes(31),
            (SREQ | APP_CNF, 0x04): self._add_install_code,
            (SREQ | APP_CNF, 0x05): self._commission,
            (SREQ | APP_CNF, 0x06): lambda _: bytes((SUCCESS,)),
            (SREQ | APP_CNF, 0x08): self._set_channels,
            (SREQ | AF, 0x00): self._register,
            (SREQ | AF, 0x02): self._send,
            (SREQ | ZDO, 0x36): self._permit_join,
            (SREQ | ZDO, 0x37): self._network_update,
            (SREQ | ZDO, 0x3E): lambda _: bytes((SUCCESS,)),
            (SREQ | ZDO, 0x45): lambda _: bytes((SUCCESS,)),
            (SREQ | ZDO, 0x46): lambda _: bytes((SUCCESS,)),
        }

    def network(self) -> Network | None:
        """Return the network that it runs now."""
        return self.memory.network() if self._started else None

    def counter(self) -> int:
        """Return the frame counter of what it sends."""
        return self.memory.counter()

    def unplug(self) -> None:
        """Lose power."""
        self._started = False
        if self._transport is not None:
            self._transport.abort()

    # asyncio.Protocol -----------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        if self._transport is not None:
            self._transport.abort()  # a serial port has one user
        self._transport = transport
        self.splitter = mt.Splitter()

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None

    def data_received(self, data: bytes) -> None:
        if self.frozen:
            return
        for cmd0, cmd1, payload in self.splitter.feed(data):
            self._take(cmd0, cmd1, payload)

    # From the nodes -------------------------------------------------------------------------

    def heard(self, node: Radio, packet: Packet) -> None:
        """Hand a node's frame to the host."""
        if not packet.source_endpoint:
            self.zdo(node.nwk, packet.cluster, packet.data, broadcast=packet.cluster == 0x0013)
            return
        head = struct.pack(
            "<HHHBB", packet.group, packet.cluster, node.nwk, packet.source_endpoint, 1
        )
        middle = struct.pack("<BBBIB", 0, node.link_quality, 0, 0, 0)
        body = bytes((len(packet.data),)) + packet.data
        self.write(AREQ | AF, 0x81, head + middle + body + u16(node.nwk) + b"\x1e")

    def zdo(self, nwk: int, cluster: int, data: bytes, *, broadcast: bool = False) -> None:
        """Hand a ZDO message, sequence number first, to the host."""
        head = struct.pack("<HBHBBH", nwk, broadcast, cluster, 0, data[0], COORDINATOR)
        self.write(AREQ | ZDO, 0xFF, head + data[1:])

    def joined(self, node: Radio) -> None:
        """Let a node in: it gets the network and a link key, and the host is told."""
        node.network = self.network()
        node.heard_counter = self.memory.counter()
        node.link_key = self.memory.remember(node.ieee, node.nwk, child=node.sleepy)
        self.write(AREQ | ZDO, 0xCA, u16(node.nwk) + u64(node.ieee) + u16(COORDINATOR))

    def left(self, node: Radio) -> None:
        self.memory.forget(node.ieee)
        self.write(AREQ | ZDO, 0xC9, u16(node.nwk) + u64(node.ieee) + bytes(3))

    def may_join(self, ieee: int) -> bool:
        open_now = self.joining_s > asyncio.get_running_loop().time()
        return self.network() is not None and (open_now or ieee in self._install_codes)

    # To the host ----------------------------------------------------------------------------

    def write(self, cmd0: int, cmd1: int, data: bytes) -> None:
        if self._transport is None or self.frozen:
            return
        while self.garbage:
            self._transport.write(self.garbage.pop(0))
        self._transport.write(mt.frame(cmd0, cmd1, data))

    def _take(self, cmd0: int, cmd1: int, data: bytes) -> None:
        handler = self._handlers.get((cmd0, cmd1))
        if handler is None:
            self.unknown.append((cmd0, cmd1))
            self.write(SRSP, 0x00, bytes((2, cmd0, cmd1)))
            return
        try:
            answer = handler(data)
        except (IndexError, KeyError, struct.error):
            self.write(SRSP, 0x00, bytes((4, cmd0, cmd1)))
            return
        if answer is not None:
            self.write(SRSP | cmd0 & 0x1F, cmd1, answer)

    # SYS ------------------------------------------------------------------------------------

    def _reset(self, _: bytes) -> None:
        option = self.memory.items.get(nv.STARTUP_OPTION, b"\0")[0]
        if option & 0x03:
            self.memory.clear()
        elif self.memory.network() is not None:
            self.memory.counted(RESET_COUNTER_STEP)
        self._started = False
        self.endpoints.clear()
        self.joining_s = 0.0
        self.write(AREQ | SYS, 0x80, b"\x00" + VERSION)

    def _item_length(self, data: bytes) -> bytes:
        (item,) = struct.unpack("<H", data)
        return u16(len(self.memory.items.get(item, b"")))

    def _item_read(self, data: bytes) -> bytes:
        item, offset = struct.unpack("<HH", data)
        value = self.memory.items[item][offset : offset + 244]
        return bytes((SUCCESS, len(value))) + value

    def _item_read_short(self, data: bytes) -> bytes:
        item, offset = struct.unpack("<HB", data)
        value = self.memory.items.get(item, b"")[offset : offset + 244]
        return bytes((SUCCESS if value else mt.FAILURE, len(value))) + value

    def _item_write(self, data: bytes) -> bytes:
        item, offset, size = struct.unpack_from("<HHH", data)
        value = bytearray(self.memory.items.get(item, b""))
        if offset + size > len(value):
            return bytes((mt.INVALID_PARAMETER,))
        value[offset : offset + size] = data[6 : 6 + size]
        self.memory.items[item] = bytes(value)
        return bytes((SUCCESS,))

    def _item_init(self, data: bytes) -> bytes:
        item, size, given = struct.unpack_from("<HHB", data)
        if item in self.memory.items:
            return bytes((SUCCESS,))
        self.memory.items[item] = data[5 : 5 + given].ljust(size, b"\0")
        return bytes((mt.NV_ITEM_UNINIT,))

    def _item_delete(self, data: bytes) -> bytes:
        item, _size = struct.unpack("<HH", data)
        known = self.memory.items.pop(item, None) is not None
        if item == nv.EXTADDR:  # the firmware falls back to the chip's own address
            self.memory.items[item] = u64(self.memory.ieee)
        return bytes((SUCCESS if known else mt.NV_ITEM_UNINIT,))

    def _entry_create(self, data: bytes) -> bytes:
        *key, size = struct.unpack("<BHHI", data)
        self.memory.table[_slot(key)] = bytes(size)
        return bytes((mt.NV_ITEM_UNINIT,))

    def _entry_delete(self, data: bytes) -> bytes:
        known = self.memory.table.pop(_slot(struct.unpack("<BHH", data)), None) is not None
        return bytes((SUCCESS if known else mt.NV_ITEM_UNINIT,))

    def _entry_length(self, data: bytes) -> bytes:
        return u32(len(self.memory.table.get(_slot(struct.unpack("<BHH", data)), b"")))

    def _entry_read(self, data: bytes) -> bytes:
        *key, offset, size = struct.unpack("<BHHHB", data)
        value = self.memory.table[_slot(key)][offset : offset + size]
        return bytes((SUCCESS, len(value))) + value

    def _entry_write(self, data: bytes) -> bytes:
        *key, offset, size = struct.unpack_from("<BHHHB", data)
        value = bytearray(self.memory.table[_slot(key)])
        value[offset : offset + size] = data[8 : 8 + size]
        self.memory.table[_slot(key)] = bytes(value)
        return bytes((SUCCESS,))

    # APP_CNF --------------------------------------------------------------------------------

    def _set_channels(self, data: bytes) -> bytes:
        primary, channels = struct.unpack("<BI", data)
        if primary:
            self.memory.channels = channels
        return bytes((SUCCESS,))

    def _commission(self, data: bytes) -> bytes | None:
        if data[0] != FORMATION:
            return bytes((mt.INVALID_PARAMETER,))
        self.write(SRSP | APP_CNF, 0x05, bytes((SUCCESS,)))
        formed = self.memory.network() is None
        if formed:
            self.memory.form()
        self._started = True
        self.write(AREQ | ZDO, 0xC0, b"\x09")  # started as coordinator
        # "Formation failure" is what the firmware says when it is on a network already.
        self.write(AREQ | APP_CNF, 0x80, bytes((0x00 if formed else 0x08, 0x02, 0x00)))
        return None

    def _add_install_code(self, data: bytes) -> bytes:
        self._install_codes.add(struct.unpack_from("<Q", data, 1)[0])
        return bytes((SUCCESS,))

    # AF and ZDO -----------------------------------------------------------------------------

    def _register(self, data: bytes) -> bytes:
        self.endpoints[data[0]] = data
        return bytes((SUCCESS,))

    def _send(self, data: bytes) -> bytes | None:
        mode, address, endpoint, _pan, source, cluster, sequence, _options, _radius, size = (
            struct.unpack_from("<BQBHBHBBBH", data)
        )
        packet = Packet(cluster, source, endpoint, data[20 : 20 + size], 0)
        self.memory.counted(1)
        self.write(SRSP | AF, 0x02, bytes((SUCCESS,)))

        def confirm(status: int) -> None:
            if endpoint:  # ZDO requests are not confirmed
                self.write(AREQ | AF, 0x80, bytes((status, source, sequence)))

        if mode == 0x01:
            group = address & 0xFFFF
            self.air.multicast(Packet(cluster, source, 0xFF, packet.data, group))
            asyncio.get_running_loop().call_soon(confirm, SUCCESS)
        elif mode == 0x0F:
            self._broadcast(packet)
        elif address & 0xFFFF == COORDINATOR:
            self._asked_itself(packet)
        else:
            self.air.unicast(address & 0xFFFF, packet, confirm)
        return None

    def _broadcast(self, packet: Packet) -> None:
        if packet.cluster == 0x0001:  # who has this address?
            wanted = struct.unpack_from("<H", packet.data, 1)[0]
            for node in self.air.nodes:
                if node.nwk == wanted and node.network == self.network():
                    node.receive(packet)

    def _asked_itself(self, packet: Packet) -> None:
        sequence = packet.data[:1]
        match packet.cluster:
            case 0x0002:
                descriptor = bytes((0x00, 0x40, 0x8F, 0, 0, 0x50)) + bytes(
                    (0xA0, 0, 0, 0x2C, 0xA0, 0, 0)
                )
                self.zdo(0, 0x8002, sequence + b"\0\0\0" + descriptor)
            case 0x0005:
                listed = bytes(sorted(self.endpoints))
                self.zdo(0, 0x8005, sequence + b"\0\0\0" + bytes((len(listed),)) + listed)
            case 0x0004:
                self._describe(sequence, packet.data[3])
            case 0x0038 if packet.data[5] <= ED_SCAN:
                channels = struct.unpack_from("<I", packet.data, 1)[0]
                count = channels.bit_count()
                energies = bytes(40 + n for n in range(count))
                head = struct.pack("<BIHHB", 0, channels, 10, 0, count)
                self.zdo(0, NWK_UPDATE_RSP, sequence + head + energies)

    def _describe(self, sequence: bytes, endpoint: int) -> None:
        given = self.endpoints.get(endpoint)
        if given is None:
            self.zdo(0, 0x8004, sequence + b"\x83\0\0\0")
            return
        described = given[:6] + given[7:]  # without the latency
        head = b"\0\0\0" + bytes((len(described),))
        self.zdo(0, 0x8004, sequence + head + described)

    def _permit_join(self, data: bytes) -> bytes | None:
        _mode, _address, seconds, _significance = struct.unpack("<BHBB", data)
        self.joining_s = asyncio.get_running_loop().time() + seconds if seconds else 0.0
        self.write(SRSP | ZDO, 0x36, bytes((SUCCESS,)))
        self.write(AREQ | ZDO, 0xB6, u16(COORDINATOR) + bytes((SUCCESS,)))
        self.write(AREQ | ZDO, 0xCB, bytes((seconds,)))
        for node in self.air.nodes if seconds else ():
            node.sees_open_network()
        return None

    def _network_update(self, data: bytes) -> bytes:
        _address, _mode, channels, duration = struct.unpack_from("<HBIB", data)
        if duration == CHANNEL_CHANGE:
            nib = bytearray(self.memory.items[nv.NIB])
            nib[24] = channels.bit_length() - 1
            self.memory.items[nv.NIB] = bytes(nib)
            for node in self.air.nodes:  # they were told by broadcast
                node.network = self.network() if node.network is not None else None
        return bytes((SUCCESS,))


def _slot(key: "tuple[int, ...] | list[int]") -> tuple[int, int, int]:
    system, item, sub = key
    return system, item, sub
