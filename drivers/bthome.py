"""BTHome v2: what thermometers, contacts and buttons broadcast over Bluetooth LE.

Service data of UUID 0xFCD2: a byte of device information, then objects, each an id and a value of
the id's size, little-endian. Encrypted ones are AES-128-CCM under the device's bindkey, followed
by a counter and four bytes of authentication. Source: https://bthome.io/format, /encryption.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESCCM

from drivers.bluetooth_gatt import uuid16
from drivers.types import BadPayload

SERVICE: Final = uuid16(0xFCD2)
VERSION: Final = 2
ENCRYPTED: Final = 1
TAG_BYTES: Final = 4
COUNTER_BYTES: Final = 4
RESTARTED: Final = 100
"""A counter below this after a greater one: the device lost its battery. Else it is a replay."""

PACKET, BUTTON, DIMMER, TEXT, RAW = 0x00, 0x3A, 0x3C, 0x53, 0x54


@dataclass(frozen=True, slots=True)
class _Object:
    """How the value of an object id is read; `kind` is empty for what the hub has no use for."""

    kind: str
    size: int
    scale: float = 1.0
    signed: bool = False
    state: bool = False
    inverted: bool = False


_OBJECTS: Final[Mapping[int, _Object]] = {
    PACKET: _Object("", 1),
    0x01: _Object("battery", 1),
    0x02: _Object("temperature", 2, 0.01, signed=True),
    0x03: _Object("humidity", 2, 0.01),
    0x04: _Object("pressure", 3, 0.01),
    0x05: _Object("illuminance", 3, 0.01),
    0x06: _Object("mass", 2, 0.01),
    0x07: _Object("", 2),  # mass in pounds
    0x08: _Object("dew_point", 2, 0.01, signed=True),
    0x09: _Object("count", 1),
    0x0A: _Object("energy", 3, 0.001),
    0x0B: _Object("power", 3, 0.01),
    0x0C: _Object("voltage", 2, 0.001),
    0x0D: _Object("pm25", 2),
    0x0E: _Object("pm10", 2),
    0x0F: _Object("", 1),  # a generic state
    0x10: _Object("powered", 1, state=True),
    0x11: _Object("contact", 1, state=True),
    0x12: _Object("co2", 2),
    0x13: _Object("", 2),  # TVOC is a mass (µg/m³), our voc a share (ppb)
    0x14: _Object("moisture", 2, 0.01),
    0x15: _Object("battery_low", 1, state=True),
    0x16: _Object("charging", 1, state=True),
    0x17: _Object("carbon_monoxide", 1, state=True),
    0x18: _Object("cold", 1, state=True),
    0x19: _Object("connectivity", 1, state=True),
    0x1A: _Object("contact", 1, state=True),  # door
    0x1B: _Object("contact", 1, state=True),  # garage door
    0x1C: _Object("gas_leak", 1, state=True),
    0x1D: _Object("heat", 1, state=True),
    0x1E: _Object("light", 1, state=True),
    0x1F: _Object("locked", 1, state=True, inverted=True),
    0x20: _Object("leak", 1, state=True),
    0x21: _Object("motion", 1, state=True),
    0x22: _Object("moving", 1, state=True),
    0x23: _Object("occupancy", 1, state=True),
    0x24: _Object("plugged_in", 1, state=True),
    0x25: _Object("presence", 1, state=True),
    0x26: _Object("problem", 1, state=True),
    0x27: _Object("running", 1, state=True),
    0x28: _Object("safe", 1, state=True),
    0x29: _Object("smoke", 1, state=True),
    0x2A: _Object("sound", 1, state=True),
    0x2B: _Object("tamper", 1, state=True),
    0x2C: _Object("vibration", 1, state=True),
    0x2D: _Object("contact", 1, state=True),  # window
    0x2E: _Object("humidity", 1),
    0x2F: _Object("moisture", 1),
    BUTTON: _Object("", 1),
    DIMMER: _Object("", 2),
    0x3D: _Object("count", 2),
    0x3E: _Object("count", 4),
    0x3F: _Object("rotation", 2, 0.1, signed=True),
    0x40: _Object("distance", 2, 0.001),
    0x41: _Object("distance", 2, 0.1),
    0x42: _Object("duration", 3, 0.001),
    0x43: _Object("current", 2, 0.001),
    0x44: _Object("wind", 2, 0.01),
    0x45: _Object("temperature", 2, 0.1, signed=True),
    0x46: _Object("uv_index", 1, 0.1),
    0x47: _Object("", 2),  # volumes and their flow, in litres and millilitres
    0x48: _Object("", 2),
    0x49: _Object("", 2),
    0x4A: _Object("voltage", 2, 0.1),
    0x4B: _Object("gas", 3, 0.001),
    0x4C: _Object("gas", 4, 0.001),
    0x4D: _Object("energy", 4, 0.001),
    0x4E: _Object("", 4),
    0x4F: _Object("water", 4, 0.000001),  # from millilitres
    0x50: _Object("", 4),  # a time of day
    0x51: _Object("acceleration", 2, 0.001),
    0x52: _Object("", 2),  # a gyroscope
    0x55: _Object("", 4),
    0x56: _Object("conductivity", 2),
    0x57: _Object("temperature", 1, signed=True),
    0x58: _Object("temperature", 1, 0.35, signed=True),
    0x59: _Object("count", 1, signed=True),
    0x5A: _Object("count", 2, signed=True),
    0x5B: _Object("count", 4, signed=True),
    0x5C: _Object("power", 4, 0.01, signed=True),
    0x5D: _Object("current", 2, 0.001, signed=True),
    0x5E: _Object("direction", 2, 0.01),
    0x5F: _Object("rain", 2, 0.1),
    0x60: _Object("", 1),  # a channel
    0x61: _Object("", 2),  # rotations
    0xF0: _Object("", 2),  # device type
    0xF1: _Object("", 4),  # firmware
    0xF2: _Object("", 3),
}
_PRESSES: Final = {
    0x01: "single",
    0x02: "double",
    0x03: "triple",
    0x04: "hold",
    0x05: "double_hold",
    0x06: "triple_hold",
    0x80: "holding",
}
_TURNS: Final = {0x01: "left", 0x02: "right"}


@dataclass(frozen=True, slots=True)
class Broadcast:
    """What one broadcast says."""

    values: Mapping[str, float | bool]
    """By kind; a second value of a kind is under `<kind>_2`, and so on."""
    actions: tuple[str, ...]
    """What was done to its buttons: `single`, of the second button `single_2`, ..."""
    packet: int | None
    """Differs from the last one's when it is news."""


class Decoder:
    """Reads the broadcasts of one device; remembers its counter. `key` is 16 bytes."""

    def __init__(self, address: str, key: bytes | None = None) -> None:
        self._mac = bytes.fromhex(address.replace(":", ""))
        self._cipher = AESCCM(key, tag_length=TAG_BYTES) if key is not None else None
        self._counter = -1

    def read(self, data: bytes) -> Broadcast:
        """Read the service data of a broadcast. Raises BadPayload."""
        if not data:
            raise BadPayload("a broadcast without a byte")
        if data[0] >> 5 != VERSION:
            raise BadPayload(f"BTHome version {data[0] >> 5}")
        encrypted = bool(data[0] & ENCRYPTED)
        if encrypted != (self._cipher is not None):
            # A device with a key must not be spoken for by whoever leaves the encryption out.
            raise BadPayload("encrypted, and there is no key" if encrypted else "not encrypted")
        return _objects(self._open(data) if encrypted else data[1:])

    def _open(self, data: bytes) -> bytes:
        body, tail = data[1 : -TAG_BYTES - COUNTER_BYTES], data[-TAG_BYTES - COUNTER_BYTES :]
        if len(data) <= 1 + TAG_BYTES + COUNTER_BYTES or self._cipher is None:
            raise BadPayload(f"an encrypted broadcast of {len(data)} bytes")
        counter, tag = tail[:COUNTER_BYTES], tail[COUNTER_BYTES:]
        nonce = self._mac + bytes((0xD2, 0xFC, data[0])) + counter
        try:
            opened = self._cipher.decrypt(nonce, body + tag, None)
        except InvalidTag as err:
            raise BadPayload("the bindkey does not fit") from err
        number = int.from_bytes(counter, "little")
        if number < self._counter and number >= RESTARTED:
            raise BadPayload("an old broadcast was sent again")
        self._counter = number
        return opened


def _objects(data: bytes) -> Broadcast:
    values: dict[str, float | bool] = {}
    actions: list[str] = []
    packet: int | None = None
    buttons = at = 0
    while at < len(data):
        number = data[at]
        if number in {TEXT, RAW}:  # a length, and as many bytes, which nobody asked for
            at += 2 + (data[at + 1] if at + 1 < len(data) else 0)
            continue
        known = _OBJECTS.get(number)
        if known is None:
            break  # of a later version: its size is unknown, so the rest cannot be read
        raw = data[at + 1 : at + 1 + known.size]
        if len(raw) < known.size:
            raise BadPayload(f"object {number:#04x} is cut off")
        at += 1 + known.size
        if number == PACKET:
            packet = raw[0]
        elif number in {BUTTON, DIMMER}:
            buttons += 1
            action = (_PRESSES if number == BUTTON else _TURNS).get(raw[0])
            if action is not None:
                actions.append(action if buttons == 1 else f"{action}_{buttons}")
        elif known.kind:
            values[_free(known.kind, values)] = _value(known, raw)
    return Broadcast(values, tuple(actions), packet)


def _value(known: _Object, raw: bytes) -> float | bool:
    number = int.from_bytes(raw, "little", signed=known.signed)
    if known.state:
        return bool(number) != known.inverted
    return round(number * known.scale, 6)


def _free(kind: str, taken: Mapping[str, object]) -> str:
    number = 1
    name = kind
    while name in taken:
        number += 1
        name = f"{kind}_{number}"
    return name
