"""Lamps, plugs, sensors, buttons: nodes that do something."""

import asyncio
import struct
from typing import Final

from tests.fakes.znp import zcl
from tests.fakes.znp.node import GROUPS, IDENTIFY, Endpoint, Node
from tests.fakes.znp.zcl import OK, UNSUPPORTED_COMMAND, Zcl

POWER, ON_OFF, LEVEL = 0x0001, 0x0006, 0x0008
COLOR, ILLUMINANCE, TEMPERATURE, HUMIDITY, OCCUPANCY = 0x0300, 0x0400, 0x0402, 0x0405, 0x0406
IAS_ZONE, METERING, ELECTRICAL = 0x0500, 0x0702, 0x0B04
THERMOSTAT, COVERING, MULTISTATE = 0x0201, 0x0102, 0x0012
MOTION, CONTACT, FIRE, WATER = 0x000D, 0x0015, 0x0028, 0x002A
STEP_S = 0.1
HUE_SATURATION, XY, TEMPERATURE_MODE = 0, 1, 2
HAS_HUE, HAS_XY, HAS_TEMPERATURE = 0x01, 0x08, 0x10


class Lamp(Node):
    """A lamp: on and off, level, and what colours `capabilities` gives it."""

    def __init__(
        self,
        ieee: int,
        *,
        capabilities: int = HAS_HUE | HAS_XY | HAS_TEMPERATURE,
        dimmable: bool = True,
        model: str = "lamp",
        place: str = "",
    ) -> None:
        servers: dict[int, dict[int, tuple[int, zcl.Value]]] = {
            IDENTIFY: {0: (zcl.U16, 0)},
            GROUPS: {0: (zcl.MAP8, 0)},
            ON_OFF: {0: (zcl.BOOL, 0)},
        }
        if dimmable:
            servers[LEVEL] = {0: (zcl.U8, 254)}
        if capabilities:
            servers[COLOR] = {
                0x0000: (zcl.U8, 0),
                0x0001: (zcl.U8, 0),
                0x0003: (zcl.U16, 24939),
                0x0004: (zcl.U16, 24701),
                0x0007: (zcl.U16, 370),
                0x0008: (zcl.ENUM8, TEMPERATURE_MODE if capabilities & HAS_TEMPERATURE else XY),
                0x400A: (zcl.MAP16, capabilities),
                0x400B: (zcl.U16, 153),
                0x400C: (zcl.U16, 454),
            }
        kind = 0x010D if capabilities else 0x0101 if dimmable else 0x0100
        super().__init__(ieee, {1: Endpoint(kind, servers)}, model=model, place=place)
        self.changes: list[tuple[float, str]] = []
        """When what changed, by the loop's clock."""
        self._fade: asyncio.TimerHandle | None = None

    @property
    def on(self) -> bool:
        return bool(self.get(1, ON_OFF, 0))

    @property
    def level(self) -> int:
        return int(self.get(1, LEVEL, 0))

    @property
    def color(self) -> dict[str, int]:
        names = {"hue": 0, "saturation": 1, "x": 3, "y": 4, "mireds": 7, "mode": 8}
        return {name: int(self.get(1, COLOR, number)) for name, number in names.items()}

    def by_hand(self, *, on: bool) -> None:
        """Be switched at the wall."""
        self._switch(on=on)

    def obey(self, endpoint: int, cluster: int, message: Zcl) -> int:
        payload = message.payload
        match cluster, message.command:
            case (0x0006, 0x00 | 0x01 | 0x02 as command):
                self._stop()
                self._switch(on=not self.on if command == 0x02 else bool(command))
            case (0x0008, 0x00 | 0x04 as command):
                level, tenths = struct.unpack_from("<BH", payload)
                self._move(level, tenths / 10, switches=command == 0x04)
            case (0x0300, 0x06):
                hue, saturation = payload[0], payload[1]
                self._colour({0x0000: hue, 0x0001: saturation, 0x0008: HUE_SATURATION})
            case (0x0300, 0x07):
                x, y = struct.unpack_from("<HH", payload)
                self._colour({0x0003: x, 0x0004: y, 0x0008: XY})
            case (0x0300, 0x0A):
                mireds = struct.unpack_from("<H", payload)[0]
                self._colour({0x0007: mireds, 0x0008: TEMPERATURE_MODE})
            case (0x0003, _):
                pass
            case _:
                return UNSUPPORTED_COMMAND
        return OK

    def _note(self, what: str) -> None:
        self.changes.append((asyncio.get_running_loop().time(), what))

    def _switch(self, *, on: bool) -> None:
        if self.on != on:
            self.set(1, ON_OFF, 0, int(on))
            self._note("on" if on else "off")

    def _colour(self, values: dict[int, int]) -> None:
        self._note("colour")
        for attribute, value in values.items():
            self.set(1, COLOR, attribute, value)

    def _stop(self) -> None:
        if self._fade is not None:
            self._fade.cancel()
            self._fade = None

    def _move(self, level: int, seconds: float, *, switches: bool) -> None:
        """Fade; with `switches`, level 0 ends in off and keeps the level for the next time."""
        self._stop()
        if switches and level and not self.on:
            if seconds:
                self.set(1, LEVEL, 0, 1)
            self._switch(on=True)
        loop = asyncio.get_running_loop()
        start, began, before = self.level, loop.time(), self.level

        def step() -> None:
            done = min(1.0, (loop.time() - began) / seconds) if seconds else 1.0
            now = round(start + (level - start) * done)
            self._fade = None if done >= 1.0 else loop.call_later(STEP_S, step)
            if done >= 1.0 and switches and level == 0:
                self.set(1, LEVEL, 0, before)
                self._switch(on=False)
            else:
                self.set(1, LEVEL, 0, now)
                self._note(f"level {now}")

        step()


class Plug(Node):
    """A plug that switches and measures; with `sockets` two or more, each its own endpoint."""

    def __init__(self, ieee: int, *, sockets: int = 1) -> None:
        endpoints = {
            number: Endpoint(
                0x0051,
                {
                    IDENTIFY: {0: (zcl.U16, 0)},
                    GROUPS: {0: (zcl.MAP8, 0)},
                    ON_OFF: {0: (zcl.BOOL, 0)},
                },
            )
            for number in range(1, sockets + 1)
        }
        endpoints[1].servers |= {
            METERING: {
                0x0000: (zcl.U48, 123_456),
                0x0300: (zcl.ENUM8, 0),
                0x0301: (zcl.U24, 1),
                0x0302: (zcl.U24, 1000),
                0x0400: (zcl.I24, 42),
            },
            ELECTRICAL: {
                0x0505: (zcl.U16, 2301),
                0x0508: (zcl.U16, 182),
                0x050B: (zcl.I16, 419),
                0x0600: (zcl.U16, 1),
                0x0601: (zcl.U16, 10),
                0x0602: (zcl.U16, 1),
                0x0603: (zcl.U16, 1000),
                0x0604: (zcl.U16, 1),
                0x0605: (zcl.U16, 10),
            },
        }
        super().__init__(ieee, endpoints, model="plug")

    def is_on(self, socket: int = 1) -> bool:
        return bool(self.get(socket, ON_OFF, 0))

    def obey(self, endpoint: int, cluster: int, message: Zcl) -> int:
        if cluster == IDENTIFY:
            return OK
        if cluster != ON_OFF or message.command > 2:
            return UNSUPPORTED_COMMAND
        toggled = not self.is_on(endpoint)
        self.set(endpoint, ON_OFF, 0, int(toggled if message.command == 2 else message.command))
        return OK


class Sensor(Node):
    """A battery sensor of temperature, humidity, light and occupancy."""

    def __init__(self, ieee: int) -> None:
        servers: dict[int, dict[int, tuple[int, zcl.Value]]] = {
            POWER: {0x0020: (zcl.U8, 29), 0x0021: (zcl.U8, 175)},
            ILLUMINANCE: {0: (zcl.U16, 20001)},
            TEMPERATURE: {0: (zcl.I16, 2150)},
            HUMIDITY: {0: (zcl.U16, 4725)},
            OCCUPANCY: {0: (zcl.MAP8, 0)},
        }
        super().__init__(ieee, {1: Endpoint(0x0302, servers)}, model="sensor", sleepy=True)


ZONE_TYPES: Final = {"motion": MOTION, "contact": CONTACT, "smoke": FIRE, "leak": WATER}


class Alarm(Node):
    """An IAS zone: tells its alarms only to whom it is enrolled with."""

    def __init__(self, ieee: int, kind: str) -> None:
        servers: dict[int, dict[int, tuple[int, zcl.Value]]] = {
            POWER: {0x0021: (zcl.U8, 200)},
            IAS_ZONE: {
                0x0000: (zcl.ENUM8, 0),
                0x0001: (zcl.ENUM16, ZONE_TYPES[kind]),
                0x0002: (zcl.MAP16, 0),
                0x0010: (zcl.EUI64, 0),
                0x0011: (zcl.U8, 0xFF),
            },
        }
        super().__init__(ieee, {1: Endpoint(0x0402, servers)}, model=kind, sleepy=True)

    def written(self, endpoint: int, cluster: int, attribute: int) -> None:
        if (cluster, attribute) == (IAS_ZONE, 0x0010):
            kind = int(self.get(endpoint, IAS_ZONE, 0x0001))
            self.say(endpoint, IAS_ZONE, 0x01, struct.pack("<HH", kind, 0x1234), client=False)

    def obey(self, endpoint: int, cluster: int, message: Zcl) -> int:
        if cluster != IAS_ZONE or message.command != 0x00:
            return UNSUPPORTED_COMMAND
        self.set(endpoint, IAS_ZONE, 0x0000, 1)
        self.set(endpoint, IAS_ZONE, 0x0011, message.payload[1])
        return OK

    @property
    def enrolled(self) -> bool:
        return bool(self.get(1, IAS_ZONE, 0)) and bool(self.get(1, IAS_ZONE, 0x0010))

    def alarm(self, *statuses: int) -> None:
        """Tell a zone status, or several at once: bit 0 alarm, bit 2 tamper, bit 3 battery low."""
        for status in statuses:
            self.set(1, IAS_ZONE, 0x0002, status)
            if self.enrolled:
                payload = struct.pack("<HBBH", status, 0, 0, 0)
                self.say(1, IAS_ZONE, 0x00, payload, client=False)


class Button(Node):
    """A remote control: speaks only on clusters that were bound."""

    def __init__(self, ieee: int) -> None:
        servers: dict[int, dict[int, tuple[int, zcl.Value]]] = {
            POWER: {0x0021: (zcl.U8, 120)},
            MULTISTATE: {0x0055: (zcl.U16, 0)},
        }
        endpoint = Endpoint(0x0820, servers, clients=(ON_OFF, LEVEL, 0x0005))
        super().__init__(ieee, {1: endpoint}, model="button", sleepy=True)

    def press(self, cluster: int, command: int, payload: bytes = b"") -> None:
        if cluster in self.endpoints[1].bound:
            self.say(1, cluster, command, payload, client=True)


class Thermostat(Node):
    """A radiator valve."""

    def __init__(self, ieee: int) -> None:
        servers: dict[int, dict[int, tuple[int, zcl.Value]]] = {
            THERMOSTAT: {
                0x0000: (zcl.I16, 1980),
                0x0012: (zcl.I16, 2000),
                0x0015: (zcl.I16, 500),
                0x0016: (zcl.I16, 3000),
                0x001C: (zcl.ENUM8, 4),
            }
        }
        super().__init__(ieee, {1: Endpoint(0x0301, servers)}, model="valve")


class Blind(Node):
    """A blind: Zigbee counts how far it is closed."""

    def __init__(self, ieee: int) -> None:
        servers: dict[int, dict[int, tuple[int, zcl.Value]]] = {
            COVERING: {0x0000: (zcl.ENUM8, 0), 0x0008: (zcl.U8, 0)}
        }
        super().__init__(ieee, {1: Endpoint(0x0202, servers)}, model="blind")

    def obey(self, endpoint: int, cluster: int, message: Zcl) -> int:
        if cluster != COVERING:
            return UNSUPPORTED_COMMAND
        match message.command:
            case 0x00:
                self.set(1, COVERING, 0x0008, 0)
            case 0x01:
                self.set(1, COVERING, 0x0008, 100)
            case 0x05:
                self.set(1, COVERING, 0x0008, message.payload[0])
            case _:
                return UNSUPPORTED_COMMAND
        return OK
