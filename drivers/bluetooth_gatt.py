"""Characteristics of Bluetooth LE devices as bytes become values.

Sources: Heart Rate Service 1.0 and Environmental Sensing Service 1.0; sizes, units and the codes
for "not known" from the GATT Specification Supplement. All numbers are little-endian.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from drivers.shown import shown
from drivers.types import BadPayload


def uuid16(number: int) -> str:
    """Return an assigned number as the 128-bit UUID that BlueZ and bleak use."""
    return f"0000{number:04x}-0000-1000-8000-00805f9b34fb"


HEART_RATE: Final = uuid16(0x180D)
HEART_RATE_MEASUREMENT: Final = uuid16(0x2A37)
ENVIRONMENTAL_SENSING: Final = uuid16(0x181A)
BATTERY_LEVEL: Final = uuid16(0x2A19)
MANUFACTURER: Final = uuid16(0x2A29)
MODEL: Final = uuid16(0x2A24)
FIRMWARE: Final = uuid16(0x2A26)
LONGEST_TEXT: Final = 60

BEATS_WIDE, CONTACT_SENSED, CONTACT_KNOWN, ENERGY, INTERVALS = 1, 2, 4, 8, 16
"""Flags of a measurement."""
INTERVALS_A_SECOND: Final = 1024


@dataclass(frozen=True, slots=True)
class HeartRate:
    """A Heart Rate Measurement."""

    bpm: int
    contact: bool | None
    """None when the strap cannot tell."""
    energy_kj: int | None
    rr_s: tuple[float, ...]
    """Seconds between beats since the last measurement, oldest first."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """A characteristic that holds one number."""

    kind: str
    """As in drivers.measures."""
    size: int
    scale: float
    signed: bool = False
    unknown: int | None = None
    """The number that says that there is no value."""


QUANTITIES: Final[Mapping[str, Quantity]] = {
    uuid16(0x2A19): Quantity("battery", 1, 1),
    uuid16(0x2A6D): Quantity("pressure", 4, 0.001),  # from 0.1 Pa
    uuid16(0x2A6E): Quantity("temperature", 2, 0.01, signed=True, unknown=-0x8000),
    uuid16(0x2A6F): Quantity("humidity", 2, 0.01, unknown=0xFFFF),
    uuid16(0x2A70): Quantity("wind", 2, 0.01),
    uuid16(0x2A76): Quantity("uv_index", 1, 1),
    uuid16(0x2A78): Quantity("rain", 2, 1),
    uuid16(0x2AFB): Quantity("illuminance", 3, 0.01, unknown=0xFFFFFF),
    uuid16(0x2B8C): Quantity("co2", 2, 1, unknown=0xFFFF),
    uuid16(0x2BD3): Quantity("voc", 2, 1, unknown=0xFFFF),
    uuid16(0x2BE4): Quantity("noise", 1, 1, unknown=0xFF),
}
"""What a sensor may measure, by characteristic."""


def heart_rate(data: bytes) -> HeartRate:
    """Read a Heart Rate Measurement (0x2A37). Raises BadPayload."""
    if not data:
        raise BadPayload("a heart rate measurement without a byte")
    flags, at = data[0], 1

    def number(size: int) -> int:
        nonlocal at
        if at + size > len(data):
            raise BadPayload(f"a heart rate measurement of {len(data)} bytes with flags {flags:#x}")
        at += size
        return int.from_bytes(data[at - size : at], "little")

    bpm = number(2 if flags & BEATS_WIDE else 1)
    contact = bool(flags & CONTACT_SENSED) if flags & CONTACT_KNOWN else None
    energy_kj = number(2) if flags & ENERGY else None
    intervals = []
    while flags & INTERVALS and at < len(data):
        intervals.append(number(2) / INTERVALS_A_SECOND)
    return HeartRate(bpm, contact, energy_kj, tuple(intervals))


def quantity(characteristic: str, data: bytes) -> float | None:
    """Read a number of QUANTITIES in our unit; None when there is none. Raises BadPayload."""
    known = QUANTITIES[characteristic]
    if len(data) != known.size:
        raise BadPayload(f"{known.kind} in {len(data)} bytes instead of {known.size}")
    raw = int.from_bytes(data, "little", signed=known.signed)
    return None if raw == known.unknown else round(raw * known.scale, 3)


def text(data: bytes) -> str:
    """Read a string of the Device Information service; what cannot be shown is left out."""
    return shown(data.decode("utf-8", "replace").replace("\ufffd", ""), LONGEST_TEXT)


def short(uuid: str) -> int:
    """Return the assigned number of a UUID made of one; for messages."""
    return UUID(uuid).int >> 96
