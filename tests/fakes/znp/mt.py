"""Frames of TI's Monitor and Test API: `FE length cmd0 cmd1 data fcs` (SWRU, section 2)."""

import struct
from collections.abc import Iterator
from typing import Final

SOF: Final = 0xFE
SREQ, AREQ, SRSP = 0x20, 0x40, 0x60
SYS, AF, ZDO, UTIL, APP_CNF = 0x01, 0x04, 0x05, 0x07, 0x0F

SUCCESS, FAILURE, INVALID_PARAMETER = 0x00, 0x01, 0x02
NV_ITEM_UNINIT = 0x09
NWK_NO_ROUTE = 0xCD
MAC_NO_ACK = 0xE9
MAC_TRANSACTION_EXPIRED = 0xF0


def frame(cmd0: int, cmd1: int, data: bytes) -> bytes:
    body = bytes((len(data), cmd0, cmd1)) + data
    check = 0
    for byte in body:
        check ^= byte
    return bytes((SOF,)) + body + bytes((check,))


class Splitter:
    """Cuts a byte stream into frames; what fits no frame is skipped and counted."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self.skipped = 0

    def feed(self, data: bytes) -> Iterator[tuple[int, int, bytes]]:
        self._buffer += data
        while len(self._buffer) >= 5:
            size = self._buffer[1] + 5
            if self._buffer[0] != SOF or size > 255:
                del self._buffer[0]
                self.skipped += 1
                continue
            if len(self._buffer) < size:
                return
            check = 0
            for byte in self._buffer[1:size]:
                check ^= byte
            if check:  # a good frame's bytes and their check cancel out
                del self._buffer[0]
                self.skipped += 1
                continue
            cmd0, cmd1, data = self._buffer[2], self._buffer[3], bytes(self._buffer[4 : size - 1])
            del self._buffer[:size]
            yield cmd0, cmd1, data


def u16(value: int) -> bytes:
    return struct.pack("<H", value)


def u32(value: int) -> bytes:
    return struct.pack("<I", value)


def u64(value: int) -> bytes:
    return struct.pack("<Q", value)
