"""What a Matter node is to the hub: its endpoints as devices, their capabilities and state. Pure.

Source: Matter 1.4 Application Cluster Specification and Device Library. Attributes are named as
the server names them: `endpoint/cluster/attribute`, in decimal.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel

from drivers.matter_sensors import READINGS, Measured, Reading
from drivers.types import (
    Capability,
    Colorful,
    Covers,
    DeviceState,
    Dimmable,
    Heats,
    Measures,
    Switchable,
    Tunable,
)

ON_OFF, LEVEL, COLOUR = 6, 8, 768
DESCRIPTOR, BASIC, BRIDGED_BASIC = 29, 40, 57
COVERING, THERMOSTAT, SWITCH = 258, 513, 59
BRIGHTEST = 254
XY_SCALE = 65536
HUNDRED = 100.0
FULLY_CLOSED = 10_000

Attributes = dict[str, Any]


class NodeData(BaseModel):
    """A node as the server describes it; what is not named here is ignored."""

    node_id: int
    available: bool = False
    attributes: Attributes


@dataclass(frozen=True, slots=True)
class Part:
    """One device: an endpoint of a node."""

    endpoint: int
    capabilities: tuple[Capability, ...]
    readings: tuple[tuple[str, Reading], ...]
    """Which attribute gives which reading."""
    hue_only: bool = False
    """Its colour is set by hue and saturation: it does not know xy."""
    presses: bool = False

    def has(self, kind: type[Capability]) -> bool:
        """Return whether it has a capability."""
        return any(isinstance(have, kind) for have in self.capabilities)


def parts_of(attributes: Attributes) -> tuple[Part, ...]:
    """Return a node's devices.

    What measures the node as a whole (its battery, the meter of a plug on an endpoint of its own)
    belongs to the first.
    """
    endpoints: dict[int, set[int]] = {}
    for path in attributes:
        endpoint, cluster, _ = (int(part) for part in path.split("/"))
        endpoints.setdefault(endpoint, set()).add(cluster)
    parts: list[Part] = []
    common: list[tuple[str, Reading]] = []
    for endpoint in sorted(endpoints):
        types = _device_types(attributes, endpoint)
        readings = tuple(_readings(attributes, endpoint, types))
        if endpoint == 0 or types <= _UTILITIES:
            common += readings
            continue
        part = _part(attributes, endpoint, endpoints[endpoint], types, readings)
        if part.capabilities:
            parts.append(part)
    if parts and common:
        first = parts[0]
        has = {reading.kind for _, reading in first.readings}
        more = tuple(pair for pair in common if pair[1].kind not in has)
        clusters = endpoints[first.endpoint]
        types = _device_types(attributes, first.endpoint)
        readings = first.readings + more
        parts[0] = _part(attributes, first.endpoint, clusters, types, readings)
    return tuple(parts)


def state_of(part: Part, attributes: Attributes, before: DeviceState) -> DeviceState:
    """Return the state that the attributes tell; what they do not tell stays."""

    def number(cluster: int, attribute: int) -> float | None:
        value = attributes.get(f"{part.endpoint}/{cluster}/{attribute}")
        return value if isinstance(value, int | float) and not isinstance(value, bool) else None

    on = attributes.get(f"{part.endpoint}/{ON_OFF}/0")
    level = number(LEVEL, 0) if part.has(Dimmable) else None
    values: dict[str, Measured] = dict(before.values)
    for path, reading in part.readings:
        if (read := reading.read(attributes.get(path))) is not None:
            values[reading.kind] = read
    if part.has(Covers) and (closed := number(COVERING, 14)) is not None:
        values["position"] = round(1.0 - closed / FULLY_CLOSED, 4)
    kelvin, xy = _colour(part, number)
    target = number(THERMOSTAT, 18) if part.has(Heats) else None
    return DeviceState(
        on=on if isinstance(on, bool) else before.on,
        level=min(level / BRIGHTEST, 1.0) if level else before.level,
        kelvin=kelvin,
        xy=xy,
        target_c=target / HUNDRED if target is not None else before.target_c,
        values=values,
    )


def named(attributes: Attributes, endpoint: int, attribute: int) -> str:
    """Return a text of (Bridged) Basic Information: 1 vendor, 3 product, 5 label, 10 version.

    Empty when there is none.
    """
    for path in (f"{endpoint}/{BRIDGED_BASIC}/{attribute}", f"0/{BASIC}/{attribute}"):
        if isinstance(text := attributes.get(path), str) and text.strip():
            return text.strip()
    return ""


def reachable(attributes: Attributes, endpoint: int) -> bool:
    """Return whether a bridge reaches the device behind an endpoint; True for what is no bridge."""
    return attributes.get(f"{endpoint}/{BRIDGED_BASIC}/17") is not False


# Inside ---------------------------------------------------------------------------------------

_UTILITIES: Final = frozenset({0x0011, 0x0012, 0x0016, 0x0510, 0x050F})
"""Device types: power source, OTA requestor, root node, electrical sensor, device energy."""
_LIGHTS: Final = frozenset({0x0100, 0x0101, 0x010C, 0x010D})
_XY, _TEMPERATURE, _HUE = 1 << 3, 1 << 4, 1 << 0
"""Bits of Color Capabilities."""
_MODE_XY, _MODE_TEMPERATURE = 1, 2
_LIFT_AWARE = 1 << 2
_HEATING = 1 << 0
_WARMEST, _COLDEST = 500, 153


def _device_types(attributes: Attributes, endpoint: int) -> frozenset[int]:
    listed = attributes.get(f"{endpoint}/{DESCRIPTOR}/0")
    if not isinstance(listed, list):
        return frozenset()
    types = (entry.get("0") for entry in listed if isinstance(entry, Mapping))
    return frozenset(kind for kind in types if isinstance(kind, int))


def _readings(
    attributes: Attributes, endpoint: int, types: frozenset[int]
) -> Iterator[tuple[str, Reading]]:
    for (cluster, attribute), readings in READINGS.items():
        path = f"{endpoint}/{cluster}/{attribute}"
        if path not in attributes:
            continue
        for reading in readings:
            if not reading.only or reading.only & types:
                yield path, reading
                break


def _part(
    attributes: Attributes,
    endpoint: int,
    clusters: set[int],
    types: frozenset[int],
    readings: tuple[tuple[str, Reading], ...],
) -> Part:
    capabilities: list[Capability] = []
    light = bool(types & _LIGHTS)
    hue_only = False
    if ON_OFF in clusters:
        capabilities.append(Switchable(light=light))
    if light and LEVEL in clusters:
        capabilities.append(Dimmable(BRIGHTEST))
    if light and COLOUR in clusters:
        can = _integer(attributes.get(f"{endpoint}/{COLOUR}/16394"), 0)
        if can & _TEMPERATURE:
            warmest = _integer(attributes.get(f"{endpoint}/{COLOUR}/16396"), _WARMEST) or _WARMEST
            coldest = _integer(attributes.get(f"{endpoint}/{COLOUR}/16395"), _COLDEST) or _COLDEST
            capabilities.append(Tunable(round(1e6 / warmest), round(1e6 / coldest)))
        if can & (_XY | _HUE):
            capabilities.append(Colorful())
            hue_only = not can & _XY
    if COVERING in clusters and f"{endpoint}/{COVERING}/14" in attributes:
        feature = _integer(attributes.get(f"{endpoint}/{COVERING}/65532"), _LIFT_AWARE)
        capabilities.append(Covers(stops_anywhere=bool(feature & _LIFT_AWARE)))
    if THERMOSTAT in clusters and f"{endpoint}/{THERMOSTAT}/18" in attributes:
        low = _integer(attributes.get(f"{endpoint}/{THERMOSTAT}/21"), 700)
        high = _integer(attributes.get(f"{endpoint}/{THERMOSTAT}/22"), 3000)
        capabilities.append(Heats(low / HUNDRED, high / HUNDRED))
    presses = SWITCH in clusters
    kinds = {reading.kind for _, reading in readings} | ({"action"} if presses else set())
    if kinds:
        capabilities.append(Measures(tuple(sorted(kinds))))
    return Part(endpoint, tuple(capabilities), readings, hue_only, presses)


def _integer(value: object, default: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else default


def _colour(part: Part, number: Any) -> tuple[int | None, tuple[float, float] | None]:
    mode = number(COLOUR, 8)
    if mode == _MODE_TEMPERATURE and part.has(Tunable):
        mireds = number(COLOUR, 7)
        return (round(1e6 / mireds) if mireds else None), None
    x, y = number(COLOUR, 3), number(COLOUR, 4)
    if mode is None or x is None or y is None or not part.has(Colorful):
        return None, None
    # Lamps keep x and y current in the modes of hue and saturation, too.
    return None, (round(x / XY_SCALE, 4), round(y / XY_SCALE, 4))
