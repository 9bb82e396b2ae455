"""From a command to the values that carry it out on a Z-Wave node. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from zwave_js_server.const import TRANSITION_DURATION_OPTION
from zwave_js_server.model.value import Value

from drivers.colour import rgb_of_xy
from drivers.types import (
    Colorful,
    Command,
    Device,
    Dimmable,
    Heats,
    Refused,
    SetCover,
    SetLight,
    SetSwitch,
    SetTemperature,
    Switchable,
    Tunable,
)
from drivers.wishes import wish
from drivers.zwave_parts import BRIGHTEST, LEVELS, Part, in_fahrenheit, whites

AS_BEFORE = 255
"""A Multilevel Switch that is set to this takes the level that it had (SDS13781)."""
LONGEST_S, LONGEST_MIN = 127, 126
"""Durations are whole seconds up to 127, then whole minutes (SDS13781, table 8)."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One value to set: the arguments of the server's `node.set_value`."""

    value_id: dict[str, Any]
    value: Any
    options: dict[str, str] | None = None


def settings_for(
    device: Device, part: Part, command: Command, *, fades: bool
) -> tuple[Setting, ...]:
    """Return what to set, in order. Raises Refused.

    Locks have no command at all: a mood must never open a door.
    """
    match command:
        case SetSwitch(on=on) if device.capability(Switchable):
            return (_switch(device, part, on),)
        case SetLight() if device.capability(Dimmable):
            return tuple(_light(device, part, command, fades=fades))
        case SetLight(level=None, kelvin=None, xy=None, on=bool(on)) if _lamp(device):
            return (_switch(device, part, on),)
        case SetCover(position=position) if part.covers and part.level_target is not None:
            return (Setting(_id(part.level_target), round(_unit(position) * LEVELS)),)
        case SetTemperature(target_c=target_c) if heats := device.capability(Heats):
            assert part.setpoint is not None
            target = min(max(target_c, heats.min_c), heats.max_c)
            if in_fahrenheit(part.setpoint):
                target = round(target * 1.8 + 32.0, 1)
            return (Setting(_id(part.setpoint), target),)
        case _:
            raise Refused(f"{device.name} cannot {wish(command)}")


def _lamp(device: Device) -> bool:
    switchable = device.capability(Switchable)
    return switchable is not None and switchable.light


def _switch(device: Device, part: Part, on: bool) -> Setting:
    if part.level_target is not None:
        return Setting(_id(part.level_target), _last_level(device) if on else 0)
    assert part.switch is not None
    return Setting(_id(part.switch) | {"property": "targetValue"}, on)


def _light(device: Device, part: Part, light: SetLight, *, fades: bool) -> Iterator[Setting]:
    if light.kelvin is not None and device.capability(Tunable) is None:
        raise Refused(f"{device.name} cannot change its white")
    if light.xy is not None and device.capability(Colorful) is None:
        raise Refused(f"{device.name} cannot change its colour")
    assert part.level_target is not None
    options = _options(part.level_target, light.transition_s) if fades else None
    if light.on is False or light.level == 0:
        yield Setting(_id(part.level_target), 0, options)
        return
    if part.colour_target is not None and (light.xy is not None or light.kelvin is not None):
        colours = _colours(device, light)
        more = _options(part.colour_target, light.transition_s) if fades else None
        yield Setting(_id(part.colour_target), colours, more)
    level = _last_level(device)
    if light.level is not None:
        level = _steps(light.level)
    if light.level is not None or light.on or not device.state.on:
        yield Setting(_id(part.level_target), level, options)


def _last_level(device: Device) -> int:
    """Return the level that a lamp had: said in full, it is confirmed at once, `as before` not."""
    return _steps(device.state.level) if device.state.level is not None else AS_BEFORE


def _steps(level: float) -> int:
    return max(1, round(_unit(level) * LEVELS))


def _colours(device: Device, light: SetLight) -> dict[str, int]:
    tunable, colorful = device.capability(Tunable), device.capability(Colorful)
    warm = cold = 0
    rgb = (0.0, 0.0, 0.0)
    if light.xy is not None:
        rgb = rgb_of_xy(light.xy)
    elif light.kelvin is not None:
        warm, cold = whites(light.kelvin)
    wanted: dict[str, int] = {}
    if colorful is not None:
        names = ("red", "green", "blue")
        wanted |= {name: round(part * BRIGHTEST) for name, part in zip(names, rgb, strict=True)}
    if tunable is not None:
        wanted |= {"warmWhite": warm, "coldWhite": cold}
    return wanted


def _options(value: Value, transition_s: float) -> dict[str, str] | None:
    if TRANSITION_DURATION_OPTION not in value.metadata.value_change_options:
        return None
    seconds = round(max(transition_s, 0.0))
    if seconds > LONGEST_S:
        return {TRANSITION_DURATION_OPTION: f"{min(round(seconds / 60), LONGEST_MIN)}m"}
    return {TRANSITION_DURATION_OPTION: f"{seconds}s"}


def _unit(share: float) -> float:
    return min(max(share, 0.0), 1.0)


def _id(value: Value) -> dict[str, Any]:
    """Return what names a value to the server."""
    name: dict[str, Any] = {
        "commandClass": int(value.command_class),
        "property": value.property_,
        "endpoint": value.endpoint or 0,
    }
    if value.property_key is not None:
        name["propertyKey"] = value.property_key
    return name
