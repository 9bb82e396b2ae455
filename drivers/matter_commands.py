"""From a command to what carries it out on a Matter endpoint. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from drivers.colour import hs_of_xy
from drivers.matter_parts import (
    BRIGHTEST,
    COLOUR,
    COVERING,
    FULLY_CLOSED,
    HUNDRED,
    LEVEL,
    ON_OFF,
    THERMOSTAT,
    XY_SCALE,
    Part,
)
from drivers.types import (
    Colorful,
    Command,
    Covers,
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

LONGEST_TENTHS = 65_534
MAX_XY = 0xFEFF
CIRCLE = 360.0


@dataclass(frozen=True, slots=True)
class Invoke:
    """A cluster command with its fields."""

    cluster: int
    name: str
    fields: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Write:
    """An attribute's new value."""

    cluster: int
    attribute: int
    value: Any


def actions_for(device: Device, part: Part, command: Command) -> tuple[Invoke | Write, ...]:
    """Return what to do, in order. Raises Refused.

    Locks have no command at all: a mood must never open a door.
    """
    match command:
        case SetSwitch(on=on) if device.capability(Switchable):
            return (_switch(on),)
        case SetLight() if device.capability(Dimmable):
            return tuple(_light(device, part, command))
        case SetLight(level=None, kelvin=None, xy=None, on=bool(on)) if _lamp(device):
            return (_switch(on),)
        case SetCover(position=position) if device.capability(Covers):
            closed = round((1.0 - _unit(position)) * FULLY_CLOSED)
            return (Invoke(COVERING, "GoToLiftPercentage", {"liftPercent100thsValue": closed}),)
        case SetTemperature(target_c=target_c) if heats := device.capability(Heats):
            target = min(max(target_c, heats.min_c), heats.max_c)
            return (Write(THERMOSTAT, 18, round(target * HUNDRED)),)
        case _:
            raise Refused(f"{device.name} cannot {wish(command)}")


def _lamp(device: Device) -> bool:
    switchable = device.capability(Switchable)
    return switchable is not None and switchable.light


def _switch(on: bool) -> Invoke:
    return Invoke(ON_OFF, "On" if on else "Off", {})


def _light(device: Device, part: Part, light: SetLight) -> Iterator[Invoke]:
    tunable = device.capability(Tunable)
    if light.kelvin is not None and tunable is None:
        raise Refused(f"{device.name} cannot change its white")
    if light.xy is not None and device.capability(Colorful) is None:
        raise Refused(f"{device.name} cannot change its colour")
    tenths = min(round(max(light.transition_s, 0.0) * 10), LONGEST_TENTHS)
    if light.on is False or light.level == 0:
        # With On/Off: at the end of the way down the lamp is off and remembers its level.
        yield _level(0, tenths) if tenths else _switch(on=False)
        return
    if light.xy is not None:
        yield _xy(part, light.xy, tenths)
    elif light.kelvin is not None and tunable is not None:
        kelvin = min(max(light.kelvin, tunable.min_kelvin), tunable.max_kelvin)
        fields = {"colorTemperatureMireds": round(1e6 / kelvin)}
        yield Invoke(COLOUR, "MoveToColorTemperature", fields | _also_when_off(tenths))
    if light.level is not None:
        yield _level(max(1, round(_unit(light.level) * BRIGHTEST)), tenths)
    elif light.on or not device.state.on:
        yield _switch(on=True)


def _level(level: int, tenths: int) -> Invoke:
    fields = {"level": level, "transitionTime": tenths, "optionsMask": 0, "optionsOverride": 0}
    return Invoke(LEVEL, "MoveToLevelWithOnOff", fields)


def _xy(part: Part, xy: tuple[float, float], tenths: int) -> Invoke:
    if part.hue_only:
        hue, saturation = hs_of_xy(xy)
        fields = {
            "hue": round(hue / CIRCLE * BRIGHTEST) % (BRIGHTEST + 1),
            "saturation": round(saturation * BRIGHTEST),
        }
        return Invoke(COLOUR, "MoveToHueAndSaturation", fields | _also_when_off(tenths))
    x, y = (min(round(_unit(part) * XY_SCALE), MAX_XY) for part in xy)
    return Invoke(COLOUR, "MoveToColor", {"colorX": x, "colorY": y} | _also_when_off(tenths))


def _also_when_off(tenths: int) -> dict[str, int]:
    return {"transitionTime": tenths, "optionsMask": 1, "optionsOverride": 1}


def _unit(share: float) -> float:
    return min(max(share, 0.0), 1.0)
