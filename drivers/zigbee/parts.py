"""A node's endpoints as devices: capabilities and state, read from what zigpy last heard.

A node with several switches (a strip of sockets, a wall switch with two keys) is as many devices,
each with its own endpoint; whatever else the node measures belongs to the first of them.
"""

from collections.abc import Callable
from typing import Any, Final

from zigpy.device import Device as ZigpyDevice
from zigpy.endpoint import Endpoint
from zigpy.zcl import Cluster

from drivers.shown import shown
from drivers.types import (
    BadPayload,
    Blows,
    Capability,
    Colorful,
    Covers,
    Device,
    DeviceId,
    DeviceInfo,
    DeviceState,
    Dimmable,
    Heats,
    Measures,
    Switchable,
    Tunable,
)
from drivers.zigbee import lights, readings
from drivers.zigbee.readings import (
    COLOR,
    COVERING,
    FAN,
    IAS_ZONE,
    LEVEL,
    ON_OFF,
    READINGS,
    THERMOSTAT,
    ZONE_STATUS,
    ZONE_TYPE,
    Attributes,
    Reading,
    Value,
)

NAME: Final = "zigbee"
BASIC: Final = 0x0000
VERSION, PLACE = 0x4000, 0x0010
SETPOINT, LOWEST_SETPOINT, HIGHEST_SETPOINT = 0x0012, 0x0015, 0x0016
LIFT_PERCENT: Final = 0x0008
FAN_MODE: Final = 0x0000
FAN_SPEEDS: Final = 3
"""Low, medium, high (ZCL 8, 6.4.2.2.1); 0 is off, the rest are modes of the fan's own."""
_STATE_CLUSTERS: Final = frozenset({ON_OFF, LEVEL, COLOR, COVERING, FAN})
_ACTUATORS: Final = (ON_OFF, COVERING, THERMOSTAT, FAN)
_LIGHTS: Final = frozenset(
    {0x0000, 0x0100, 0x0101, 0x0102, 0x0105, 0x010C, 0x010D, 0x0200, 0x0210, 0x0220}
)
_PLUGS: Final = frozenset({0x0002, 0x0009, 0x0051, 0x010A, 0x010B, 0x0110})
"""Device types of Zigbee 3.0 and of Light Link that switch something else than a lamp."""
_FULL_QUALITY: Final = 255
_QUALITY_STEP: Final = 5


class Part:
    """One device of a node. `device` is what was last told of it."""

    def __init__(
        self, node: ZigpyDevice, main: Endpoint | None, measuring: list[Endpoint], key: str
    ) -> None:
        self.node = node
        self.main = main
        """Where commands go; None for what takes none."""
        self.level_before_off: int | None = None
        """Where a lamp stood that was faded to off: many come back at their lowest level."""
        self.stale = False
        """True when something may have changed that it can do, not only how it is."""
        self._measuring = measuring
        self._known: list[tuple[Reading, Cluster]] = []
        self._zones = [e.in_clusters[IAS_ZONE] for e in measuring if IAS_ZONE in e.in_clusters]
        self.bad: Callable[[BadPayload], None] = lambda _: None
        self.device = Device(
            DeviceId(f"{NAME}:{key}"),
            _name(node, key),
            NAME,
            self._capabilities(),
            available=False,
            info=_info(node),
        )

    def refreshed(self, available: bool) -> Device:
        """Return the device as zigpy knows it now, and keep it as what was told."""
        if self.stale:
            self.stale = False
            self.device = Device(
                self.device.id,
                _name(self.node, self.device.id.partition(":")[2]),
                NAME,
                self._capabilities(),
                info=_info(self.node),
            )
        self.device = self.device.now(self._state(), available)
        return self.device

    def knows(self, cluster: int, attribute: int) -> bool:
        """True when this attribute says how it is, False when it may say what it can do."""
        return cluster in _STATE_CLUSTERS or any(
            reading.cluster == cluster and reading.attribute == attribute
            for reading, _ in self._known
        )

    def cluster(self, number: int) -> Cluster | None:
        """Return the server cluster that commands of this kind go to."""
        return None if self.main is None else self.main.in_clusters.get(number)

    def attributes(self, number: int) -> Attributes:
        """Return a way to look up what a cluster's attributes last were."""
        cluster = self.cluster(number)
        return _nothing if cluster is None else cluster.get

    @property
    def colours(self) -> lights.Colours | None:
        """What colours it has, None when it has none."""
        if self.main is None or self.cluster(COLOR) is None:
            return None
        return lights.colours(self.attributes(COLOR), self.main.device_type)

    @property
    def heats(self) -> Heats | None:
        """Within which limits it heats, None when it does not."""
        if self.cluster(THERMOSTAT) is None:
            return None
        attributes = self.attributes(THERMOSTAT)
        low, high = attributes(LOWEST_SETPOINT), attributes(HIGHEST_SETPOINT)
        return Heats(5.0 if low is None else low / 100, 30.0 if high is None else high / 100)

    def _capabilities(self) -> tuple[Capability, ...]:
        found: list[Capability] = []
        if self.cluster(ON_OFF) is not None:
            found.append(Switchable(light=self._is_light()))
            if self.cluster(LEVEL) is not None:
                found.append(Dimmable())
            if (colours := self.colours) is not None:
                if colours.kelvin is not None:
                    found.append(Tunable(*colours.kelvin))
                if colours.xy or colours.hue:
                    found.append(Colorful())
        if (heats := self.heats) is not None:
            found.append(heats)
        if self.cluster(COVERING) is not None:
            found.append(Covers())
        if self.cluster(FAN) is not None:
            found.append(Blows(FAN_SPEEDS))
        self._known = self._readings()
        kinds = [reading.kind for reading, _ in self._known]
        for zone in self._zones:
            kinds += readings.zone_values(zone.get(ZONE_TYPE), 0)
        found.append(Measures((*dict.fromkeys(kinds), "link_quality")))
        return tuple(found)

    def _is_light(self) -> bool:
        if self.main is None:
            return False
        if self.main.device_type in _LIGHTS or self.cluster(COLOR) is not None:
            return True
        return self.cluster(LEVEL) is not None and self.main.device_type not in _PLUGS

    def _state(self) -> DeviceState:
        on = self.attributes(ON_OFF)(0)
        level = self.attributes(LEVEL)(0)
        kelvin, xy = lights.shown(self.attributes(COLOR)) if self.colours else (None, None)
        target = self.attributes(THERMOSTAT)(SETPOINT)
        return DeviceState(
            on=None if on is None else bool(on),
            level=None if level is None or on is None else lights.from_level(level),
            kelvin=kelvin,
            xy=xy,
            target_c=None if target is None else target / 100,
            values=self._values(),
        )

    def _values(self) -> dict[str, Value]:
        values: dict[str, Value] = {}
        for reading, cluster in self._known:
            try:
                value = readings.read(reading, cluster.get)
            except BadPayload as err:
                self.bad(err)
                continue
            if value is not None:
                values[reading.kind] = value
        for zone in self._zones:
            status = zone.get(ZONE_STATUS)
            if status is not None:
                values |= readings.zone_values(zone.get(ZONE_TYPE), status)
        lift = self.attributes(COVERING)(LIFT_PERCENT)
        if lift is not None:  # Zigbee counts how far it is closed
            values["position"] = round(1 - min(lift, 100) / 100, 2)
        mode = self.attributes(FAN)(FAN_MODE)
        if mode is not None:
            values["speed"] = round(min(mode, FAN_SPEEDS) / FAN_SPEEDS, 2)
        if self.node.lqi is not None:
            share = self.node.lqi * 100 / _FULL_QUALITY
            values["link_quality"] = float(round(share / _QUALITY_STEP) * _QUALITY_STEP)
        return values

    def _readings(self) -> list[tuple[Reading, Cluster]]:
        return [
            (reading, endpoint.in_clusters[reading.cluster])
            for endpoint in self._measuring
            for reading in READINGS
            if reading.cluster in endpoint.in_clusters and _sensible(reading, endpoint)
        ]


def parts_of(node: ZigpyDevice) -> list[Part]:
    """Return a node's devices; the first has the node's id, the others its id and endpoint."""
    key = "".join(f"{byte:02x}" for byte in reversed(node.ieee.serialize()))
    endpoints = [e for e in node.endpoints.values() if isinstance(e, Endpoint)]
    actuators = [e for e in endpoints if any(number in e.in_clusters for number in _ACTUATORS)]
    if not actuators:
        return [Part(node, None, endpoints, key)]
    first, *others = sorted(actuators, key=lambda e: e.endpoint_id)
    rest = [e for e in endpoints if e not in others]
    return [Part(node, first, rest, key)] + [
        Part(node, other, [other], f"{key}-{other.endpoint_id}") for other in others
    ]


def is_battery(node: ZigpyDevice) -> bool:
    """True for what sleeps, so that asking it whether it is there is no use."""
    described = node.node_desc
    return described is not None and not described.is_mains_powered


def _sensible(reading: Reading, endpoint: Endpoint) -> bool:
    """Leave out what the device does not have, and what a meter of another kind would measure."""
    cluster = endpoint.in_clusters[reading.cluster]
    if reading.cluster == readings.METERING:
        return readings.has(reading, cluster.get)
    if cluster.get(reading.attribute) is not None:
        return True
    return reading.report is not None and not cluster.is_attribute_unsupported(reading.attribute)


def _nothing(_: int) -> Any:
    return None


def _info(node: ZigpyDevice) -> DeviceInfo:
    for endpoint in node.non_zdo_endpoints:
        basic = endpoint.in_clusters.get(BASIC)
        if basic is not None:
            version, place = basic.get(VERSION), basic.get(PLACE)
            return DeviceInfo(
                _text(node.manufacturer), _text(node.model), _text(version), _text(place)
            )
    return DeviceInfo(_text(node.manufacturer), _text(node.model))


def _text(given: Any) -> str:
    """Return a text of a device's own; the library's is of a type of its own."""
    return "" if given is None else shown(str(given))


def _name(node: ZigpyDevice, key: str) -> str:
    """Return a name to start with; people give better ones."""
    socket = key.partition("-")[2]
    what = _text(node.model) or "Zigbee device"
    tail = key.partition("-")[0][-4:]
    return f"{what} {tail}" + (f" ({socket})" if socket else "")
