"""What a Z-Wave node is to the hub: one or several devices, their capabilities and state. Pure.

A node with several endpoints (a strip of plugs) is a device each; what only endpoint 0 has, such
as a battery, belongs to the first.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from zwave_js_server.const import TRANSITION_DURATION_OPTION, CommandClass
from zwave_js_server.model.node import Node
from zwave_js_server.model.value import Value

from drivers.colour import xy_of_rgb
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
from drivers.zwave_sensors import Measured, Sensor, fahrenheit, sensor_of

LEVELS = 99
"""The brightest level; 0 is off (SDS13781, Multilevel Switch)."""
WARM_KELVIN, COLD_KELVIN = 2700, 6500
"""What warm and cold white are taken for: no device says."""
BRIGHTEST = 255
HEATING = 1
MIN_STEP_C = 0.5


@dataclass(frozen=True, slots=True)
class Part:
    """One device of a node. The values are the library's own and change under it."""

    endpoint: int
    capabilities: tuple[Capability, ...]
    switch: Value | None
    level: Value | None
    level_target: Value | None
    colour: Value | None
    colour_target: Value | None
    setpoint: Value | None
    sensors: tuple[Sensor, ...]
    presses: bool
    """It has buttons; the newest press is `values["action"]`."""

    @property
    def covers(self) -> bool:
        """True for a blind, whose level is its position."""
        return any(isinstance(have, Covers) for have in self.capabilities)


def parts_of(node: Node) -> tuple[Part, ...]:
    """Return a node's devices; none while its interview has not found out anything."""
    by_endpoint: dict[int, list[Value]] = {}
    for value in node.values.values():
        by_endpoint.setdefault(value.endpoint or 0, []).append(value)
    parts = [_part(node, endpoint, by_endpoint[endpoint]) for endpoint in sorted(by_endpoint)]
    parts = [part for part in parts if part.capabilities]
    if len(parts) > 1 and parts[0].endpoint == 0 and _only_about_the_node(parts[0]):
        common = parts.pop(0).sensors
        first = parts[0]
        parts[0] = _part(
            node,
            first.endpoint,
            [*by_endpoint[first.endpoint], *(sensor.value for sensor in common)],
        )
    return tuple(parts)


def state_of(part: Part, before: DeviceState) -> DeviceState:
    """Return the state that a part's values tell; what they do not tell stays."""
    on, level = before.on, before.level
    values: dict[str, Measured] = dict(before.values)
    if part.switch is not None and isinstance(part.switch.value, bool):
        on = part.switch.value
    if (raw := _level(part.level)) is not None:
        if part.covers:
            values["position"] = raw / LEVELS
        else:
            # The level that it had stays known while a lamp is off, to come back to.
            on, level = raw > 0, raw / LEVELS if raw else before.level
    kelvin, xy = _colour(part.colour, before)
    for sensor in part.sensors:
        if (read := sensor.read()) is not None:
            values[sensor.kind] = read
    return DeviceState(
        on=on, level=level, kelvin=kelvin, xy=xy, target_c=_target(part.setpoint), values=values
    )


def whites(kelvin: int) -> tuple[int, int]:
    """Return the warm and the cold white that look like this colour temperature."""
    warm, cold = 1e6 / WARM_KELVIN, 1e6 / COLD_KELVIN
    share = (warm - 1e6 / min(max(kelvin, WARM_KELVIN), COLD_KELVIN)) / (warm - cold)
    return round(BRIGHTEST * (1.0 - share)), round(BRIGHTEST * share)


# Inside ---------------------------------------------------------------------------------------

_GENERIC_MULTILEVEL_SWITCH = 0x11
_MOTORS = frozenset({3, 5, 6, 7})
"""Specific classes of a multilevel switch: multi-position motor, motor control A to C."""
_LAMPS: Final[frozenset[CommandClass]] = frozenset(
    {CommandClass.SWITCH_MULTILEVEL, CommandClass.SWITCH_COLOR}
)
_ABOUT_THE_NODE = frozenset({"battery", "battery_low", "tamper"})


def _only_about_the_node(part: Part) -> bool:
    if part.presses or any(not isinstance(have, Measures) for have in part.capabilities):
        return False
    return all(sensor.kind in _ABOUT_THE_NODE for sensor in part.sensors)


def _part(node: Node, endpoint: int, values: list[Value]) -> Part:
    def find(command_class: CommandClass, name: str, key: int | None = None) -> Value | None:
        for value in values:
            if (value.command_class, value.property_, value.property_key) == (
                command_class,
                name,
                key,
            ):
                return value
        return None

    switch = find(CommandClass.SWITCH_BINARY, "currentValue")
    level = find(CommandClass.SWITCH_MULTILEVEL, "currentValue")
    level_target = find(CommandClass.SWITCH_MULTILEVEL, "targetValue")
    if level_target is None:
        level = None
    colour = find(CommandClass.SWITCH_COLOR, "currentColor")
    colour_target = find(CommandClass.SWITCH_COLOR, "targetColor")
    setpoint = find(CommandClass.THERMOSTAT_SETPOINT, "setpoint", HEATING)
    sensors = _best(filter(None, map(sensor_of, values)))
    presses = any(value.command_class == CommandClass.CENTRAL_SCENE for value in values)
    blind = level is not None and _is_blind(node, endpoint, find)
    capabilities: list[Capability] = []
    if blind:
        capabilities.append(Covers())
    elif level is not None and level_target is not None:
        fades = TRANSITION_DURATION_OPTION in level_target.metadata.value_change_options
        capabilities += [Switchable(light=True), Dimmable(LEVELS, fades)]
        capabilities += _colours(colour, colour_target)
    elif switch is not None:
        capabilities.append(Switchable())
    if setpoint is not None:
        capabilities.append(_heats(setpoint))
    kinds = sorted({sensor.kind for sensor in sensors} | ({"action"} if presses else set()))
    if kinds:
        capabilities.append(Measures(tuple(kinds)))
    return Part(
        endpoint,
        tuple(capabilities),
        switch,
        level,
        level_target,
        colour,
        colour_target,
        setpoint,
        sensors,
        presses,
    )


def _best(sensors: Iterable[Sensor]) -> tuple[Sensor, ...]:
    best: dict[str, Sensor] = {}
    for sensor in sensors:
        have = best.get(sensor.kind)
        if have is None or sensor.rank > have.rank:
            best[sensor.kind] = sensor
    return tuple(best.values())


def _is_blind(node: Node, endpoint: int, find: Any) -> bool:
    about = node.endpoints[endpoint].device_class if endpoint in node.endpoints else None
    about = about or node.device_class
    if about is not None and about.generic.key == _GENERIC_MULTILEVEL_SWITCH:
        return about.specific.key in _MOTORS
    return find(CommandClass.SWITCH_MULTILEVEL, "Open") is not None


def _colours(now: Value | None, target: Value | None) -> Iterator[Capability]:
    if now is None or target is None:
        return
    has = now.value if isinstance(now.value, dict) else {}
    if {"warmWhite", "coldWhite"} <= has.keys():
        yield Tunable(WARM_KELVIN, COLD_KELVIN)
    if {"red", "green", "blue"} <= has.keys():
        yield Colorful()


def _heats(setpoint: Value) -> Heats:
    low = setpoint.metadata.min if setpoint.metadata.min is not None else 5
    high = setpoint.metadata.max if setpoint.metadata.max is not None else 30
    if in_fahrenheit(setpoint):
        return Heats(fahrenheit(low), fahrenheit(high), MIN_STEP_C)
    return Heats(float(low), float(high), MIN_STEP_C)


def in_fahrenheit(value: Value) -> bool:
    """True when a value is in degrees Fahrenheit."""
    return str(value.metadata.unit or "").endswith("F")


def _level(value: Value | None) -> int | None:
    raw = value.value if value is not None else None
    if isinstance(raw, bool) or not isinstance(raw, int) or not 0 <= raw <= LEVELS:
        return None  # 254 is "unknown", 255 "on, level unknown"
    return raw


def _target(value: Value | None) -> float | None:
    raw = value.value if value is not None else None
    if value is None or isinstance(raw, bool) or not isinstance(raw, int | float):
        return None
    return fahrenheit(raw) if in_fahrenheit(value) else float(raw)


def _colour(
    value: Value | None, before: DeviceState
) -> tuple[int | None, tuple[float, float] | None]:
    raw: Any = value.value if value is not None else None
    if not isinstance(raw, Mapping):
        return before.kelvin, before.xy
    shares = {name: part for name, part in raw.items() if isinstance(part, int)}
    rgb = tuple(min(max(shares.get(name, 0), 0), BRIGHTEST) for name in ("red", "green", "blue"))
    if any(rgb):
        red, green, blue = (part / BRIGHTEST for part in rgb)
        return None, xy_of_rgb((red, green, blue))
    warm, cold = shares.get("warmWhite", 0), shares.get("coldWhite", 0)
    if warm <= 0 and cold <= 0:
        return None, None
    if not {"warmWhite", "coldWhite"} <= shares.keys():
        return None, None
    low, high = 1e6 / COLD_KELVIN, 1e6 / WARM_KELVIN
    return round(1e6 / (high - (high - low) * cold / (warm + cold))), None


def security_of(node: Node) -> str:
    """Name the highest security class that a node was given keys of."""
    highest = node.highest_security_class
    return highest.name.lower() if highest is not None else "unknown"
