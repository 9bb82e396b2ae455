"""Zigbee Cluster Library frames and attribute types, as far as the nodes need them (ZCL 8)."""

import struct
from dataclasses import dataclass
from typing import Final

READ, READ_RSP, WRITE, WRITE_RSP = 0x00, 0x01, 0x02, 0x04
CONFIGURE, CONFIGURE_RSP, REPORT, DEFAULT_RSP = 0x06, 0x07, 0x0A, 0x0B
OK, MALFORMED, UNSUPPORTED_COMMAND, UNSUPPORTED_ATTRIBUTE = 0x00, 0x80, 0x81, 0x86
UNREPORTABLE, DUPLICATE, NOT_FOUND = 0x8C, 0x8A, 0x8B

BOOL, MAP8, MAP16, MAP32 = 0x10, 0x18, 0x19, 0x1B
U8, U16, U24, U32, U48 = 0x20, 0x21, 0x22, 0x23, 0x25
I8, I16, I24, I32 = 0x28, 0x29, 0x2A, 0x2B
ENUM8, ENUM16, SINGLE, STRING, EUI64 = 0x30, 0x31, 0x39, 0x42, 0xF0
_INTEGERS: Final = {
    BOOL: (1, False),
    MAP8: (1, False),
    MAP16: (2, False),
    MAP32: (4, False),
    U8: (1, False),
    U16: (2, False),
    U24: (3, False),
    U32: (4, False),
    U48: (6, False),
    I8: (1, True),
    I16: (2, True),
    I24: (3, True),
    I32: (4, True),
    ENUM8: (1, False),
    ENUM16: (2, False),
    EUI64: (8, False),
}
ANALOG: Final = {U8, U16, U24, U32, U48, I8, I16, I24, I32, SINGLE}
"""Types whose reports are held against a reportable change; the others report any change."""

Value = int | float | str


def pack(kind: int, value: Value) -> bytes:
    if kind == STRING:
        text = str(value).encode()
        return bytes((len(text),)) + text
    if kind == SINGLE:
        return struct.pack("<f", float(value))
    size, signed = _INTEGERS[kind]
    return int(value).to_bytes(size, "little", signed=signed)


def unpack(kind: int, data: bytes) -> tuple[Value, bytes]:
    if kind == STRING:
        end = 1 + data[0]
        return data[1:end].decode(), data[end:]
    if kind == SINGLE:
        return struct.unpack("<f", data[:4])[0], data[4:]
    size, signed = _INTEGERS[kind]
    if len(data) < size:
        raise ValueError("too short")
    return int.from_bytes(data[:size], "little", signed=signed), data[size:]


@dataclass(frozen=True)
class Zcl:
    """One frame. `to_client` is the direction bit."""

    cluster_command: bool
    sequence: int
    command: int
    payload: bytes
    to_client: bool
    wants_default: bool = True
    manufacturer: int | None = None

    def encode(self) -> bytes:
        control = int(self.cluster_command) | (self.manufacturer is not None) << 2
        control |= self.to_client << 3 | (not self.wants_default) << 4
        maker = b"" if self.manufacturer is None else struct.pack("<H", self.manufacturer)
        return bytes((control,)) + maker + bytes((self.sequence, self.command)) + self.payload

    @classmethod
    def decode(cls, data: bytes) -> "Zcl":
        control, rest = data[0], data[1:]
        maker = None
        if control & 0x04:
            maker, rest = struct.unpack_from("<H", rest)[0], rest[2:]
        return cls(
            control & 3 == 1,
            rest[0],
            rest[1],
            rest[2:],
            bool(control & 0x08),
            not control & 0x10,
            maker,
        )

    def answer(self, cluster_command: bool, command: int, payload: bytes) -> "Zcl":
        """Return a reply: same sequence number, the other direction, no default response to it."""
        return Zcl(
            cluster_command,
            self.sequence,
            command,
            payload,
            not self.to_client,
            wants_default=False,
            manufacturer=self.manufacturer,
        )
