"""The non-volatile memory of a Z-Stack 3.30 coordinator (CC2652): OSAL items and NV tables.

Only what a host reads or writes has a meaning here. Layouts are those of the 32-bit platform,
where structures are aligned.
"""

import os
import struct
from dataclasses import dataclass, field
from random import Random
from typing import Final

EXTADDR, STARTUP_OPTION, NIB = 0x01, 0x03, 0x21
EXTENDED_PAN_ID, ACTIVE_KEY, ALTERNATE_KEY = 0x2D, 0x3A, 0x3B
LINK_KEY_TABLE, ON_A_NETWORK, PRECFGKEY, CHANLIST, TCLK_SEED = 0x4C, 0x55, 0x62, 0x84, 0x101
FROM_THE_START: Final = {  # what exists in a new stick, with its length
    STARTUP_OPTION: 1,
    0x24: 2,  # poll rate
    0x30: 1,  # broadcast delivery time
    0x32: 1,  # concentrator
    0x33: 1,
    0x36: 1,
    0x38: 1,  # source routes expire
    0x3E: 1,  # child ageing
    LINK_KEY_TABLE: 2 + 6 * 20,
    0x87: 1,  # logical type
    0x8F: 1,  # ZDO messages to the host
}
ADDRESSES, LINK_KEYS, APS_KEYS, COUNTERS = 1, 4, 6, 7  # tables
NOBODY: Final = b"\xff" * 8
NIB_SIZE: Final = 116


@dataclass(frozen=True)
class Network:
    """What two radios must share to hear one another."""

    channel: int
    pan_id: int
    extended_pan_id: bytes
    key: bytes


@dataclass
class Memory:
    ieee: int
    seed: int = 0
    rooms: int = 60
    """How many devices the tables hold."""
    items: dict[int, bytes] = field(default_factory=dict)
    table: dict[tuple[int, int, int], bytes] = field(default_factory=dict)
    channels: int = 1 << 11

    def __post_init__(self) -> None:
        self._random = Random(self.seed)
        self.clear()

    def clear(self) -> None:
        """Be as new."""
        self.items = {item: bytes(size) for item, size in FROM_THE_START.items()}
        self.items[EXTADDR] = struct.pack("<Q", self.ieee)
        self.items[TCLK_SEED] = self._random.randbytes(16)
        blank = b"\xff\x00\xff\xff" + NOBODY
        self.table = {(1, ADDRESSES, n): blank for n in range(self.rooms)}
        self.table |= {(1, LINK_KEYS, n): bytes(16) + b"\xff\0\0\0" for n in range(self.rooms)}
        self.table |= {(1, APS_KEYS, n): bytes(24) for n in range(20)}
        self.table |= {(1, COUNTERS, n): bytes(12) for n in range(4)}

    def network(self) -> Network | None:
        """Return the network that it is on."""
        nib = self.items.get(NIB)
        if nib is None or not nib[65] or not nib[24]:
            return None
        pan_id = struct.unpack_from("<H", nib, 36)[0]
        key = self.items.get(ACTIVE_KEY, bytes(17))[1:]
        return Network(nib[24], pan_id, nib[57:65], key)

    def form(self) -> None:
        """Form a network of the stick's own choice, as BDB formation does."""
        extended = self._random.randbytes(8)
        channel = next((n for n in range(11, 27) if self.channels >> n & 1), 11)
        key = self.items.get(PRECFGKEY) or self._random.randbytes(16)
        nib = bytearray(NIB_SIZE)
        nib[12] = 5  # security level
        nib[24] = channel
        nib[28:36] = self.items[EXTADDR]
        struct.pack_into("<H", nib, 36, self._random.randint(1, 0xFFF0))
        nib[38] = 8
        struct.pack_into("<I", nib, 40, 1 << channel)
        nib[57:65] = extended
        nib[65] = 1
        self.items[NIB] = bytes(nib)
        self.items[EXTENDED_PAN_ID] = extended
        self.items[ACTIVE_KEY] = self.items[ALTERNATE_KEY] = b"\0" + key
        self.items[ON_A_NETWORK] = b"\x01"
        self.table[1, COUNTERS, 0] = struct.pack("<I", 1000) + extended

    def counter(self) -> int:
        """Return the network key's frame counter: no node listens to a lower one than it heard."""
        return int(struct.unpack_from("<I", self._counter()[1])[0])

    def counted(self, step: int) -> int:
        """Raise the frame counter and return it."""
        slot, entry = self._counter()
        value = self.counter() + step
        self.table[slot] = struct.pack("<I", value) + entry[4:]
        return value

    def remember(self, ieee: int, nwk: int, child: bool) -> bytes:
        """Note a joined node in the address manager and key table; return its link key."""
        address = struct.pack("<Q", ieee)
        slot = next(
            n
            for n in range(self.rooms)
            if self.table[1, ADDRESSES, n][4:] in (address, NOBODY, bytes(8))
        )
        kind = 0x03 if child else 0x02
        self.table[1, ADDRESSES, slot] = struct.pack("<BxHQ", kind, nwk, ieee)
        slot = next(
            n for n in range(self.rooms) if self.table[1, LINK_KEYS, n][8:16] in (address, bytes(8))
        )
        self.table[1, LINK_KEYS, slot] = struct.pack("<IIQBBBx", 1, 1, ieee, 2, 0, 0)
        return self.link_key(ieee) or b""

    def forget(self, ieee: int) -> None:
        """Drop a node that left."""
        address = struct.pack("<Q", ieee)
        for (system, item, sub), entry in tuple(self.table.items()):
            if item == ADDRESSES and entry[4:] == address:
                self.table[system, item, sub] = b"\xff\x00\xff\xff" + NOBODY
            if item == LINK_KEYS and entry[8:16] == address:
                self.table[system, item, sub] = bytes(16) + b"\xff\0\0\0"

    def link_key(self, ieee: int) -> bytes | None:
        """Return a node's link key: the seed, shifted, XOR its address twice (Z-Stack 3)."""
        address = struct.pack("<Q", ieee)
        for (_, item, _), entry in self.table.items():
            if item == LINK_KEYS and entry[8:16] == address:
                shift = entry[18]
                seed = self.items[TCLK_SEED]
                seed = seed[shift:] + seed[:shift]
                return bytes(a ^ b for a, b in zip(seed, address * 2, strict=True))
        return None

    def _counter(self) -> tuple[tuple[int, int, int], bytes]:
        mine = self.items.get(EXTENDED_PAN_ID, b"")
        for n in range(4):
            if self.table[1, COUNTERS, n][4:] == mine:
                return (1, COUNTERS, n), self.table[1, COUNTERS, n]
        return (1, COUNTERS, 0), self.table[1, COUNTERS, 0]


def new_memory(ieee: int) -> Memory:
    """Return the memory of a stick fresh from the shop, unlike any other."""
    return Memory(ieee, int.from_bytes(os.urandom(4)))
