"""Whether a device's new state is what a command brought about. Pure."""

from dataclasses import dataclass
from typing import Final

from drivers.types import (
    Adjusts,
    Blows,
    Command,
    Covers,
    Device,
    DeviceState,
    PlayMusic,
    Selects,
    SetCover,
    SetFan,
    SetLight,
    SetNumber,
    SetOption,
    SetSwitch,
    SetTemperature,
    SetVolume,
    StopMusic,
)

LEVEL_TOLERANCE = 0.02
KELVIN_TOLERANCE = 150
XY_TOLERANCE = 0.03
DEGREES_TOLERANCE = 0.5
POSITION_TOLERANCE = 0.05
"""Covers are moved by time, and end a little off."""
ROUNDING = 1e-6


@dataclass(frozen=True, slots=True)
class Sent:
    """A command that went out, to a device in the state `start`; its echo may come `until` then."""

    command: Command
    start: DeviceState
    until: float


SET_VALUES: Final = {Blows: "speed", Covers: "position", Selects: "option", Adjusts: "number"}
"""Which value of a device that has this capability is set, not measured."""


def changed_fields(before: DeviceState, device: Device) -> list[str]:
    """Name the fields that someone could have changed by hand; unknown on either side is none."""
    after = device.state
    names = [
        name
        for name in ("on", "level", "kelvin", "xy", "target_c", "volume")
        if (was := getattr(before, name)) is not None
        and (now := getattr(after, name)) is not None
        and was != now
    ]
    names += [
        name
        for kind, name in SET_VALUES.items()
        if (was := before.values.get(name)) is not None
        and (now := after.values.get(name)) is not None
        and was != now
        and not _is_wobble(name, was, now)
        and device.capability(kind) is not None
    ]
    if after.on is False:  # a lamp that is off reports whatever it likes about its colour
        names = [name for name in names if name not in {"level", "kelvin", "xy", "speed"}]
    if (before.playing is None) != (after.playing is None):
        names.append("playing")
    return names


def _is_wobble(name: str, was: float | bool | str, now: float | bool | str) -> bool:
    """True for a speed or position that only moved by less than anybody would by hand."""
    if name not in {"speed", "position"} or isinstance(was, str) or isinstance(now, str):
        return False
    return abs(now - was) <= LEVEL_TOLERANCE


def arrived(command: Command, name: str, device: Device) -> bool:
    """True when the field is where the command wanted it."""
    state = device.state
    match command, name:
        case SetSwitch(on=on), "on":
            found = state.on == on
        case ((SetLight() | SetFan()), "on"):
            found = state.on == _wants_on(command)
        case SetLight(level=float(level)), "level":
            found = _near(state.level, level, LEVEL_TOLERANCE)
        case SetLight(kelvin=int(kelvin)), "kelvin":
            found = _near(state.kelvin, kelvin, KELVIN_TOLERANCE)
        case SetLight(xy=(float(x), float(y))), "xy":
            have_x, have_y = state.xy or (None, None)
            found = _near(have_x, x, XY_TOLERANCE) and _near(have_y, y, XY_TOLERANCE)
        case SetTemperature(target_c=target_c), "target_c":
            found = _near(state.target_c, target_c, DEGREES_TOLERANCE)
        case ((PlayMusic(volume=float(volume)) | SetVolume(volume=volume)), "volume"):
            found = _near(state.volume, volume, LEVEL_TOLERANCE)
        case PlayMusic(), "playing":
            found = state.playing is not None
        case StopMusic(), "playing":
            found = state.playing is None
        case _:
            found = _value_arrived(command, name, device)
    return found


def _value_arrived(command: Command, name: str, device: Device) -> bool:
    have = device.state.values.get(name)
    match command, name:
        case SetOption(option=option), "option":
            return have == option
        case (
            (SetFan(speed=wanted), "speed")
            | (SetCover(position=wanted), "position")
            | (SetNumber(number=wanted), "number")
        ):
            near = isinstance(have, int | float)
            return near and _near(float(have or 0), wanted, _tolerance(device, name))
        case _:
            return False


def _near(have: float | None, want: float, tolerance: float) -> bool:
    return have is not None and abs(have - want) <= tolerance


def _tolerance(device: Device, name: str) -> float:
    """Return how far a device may end from what it was told, having only so many steps."""
    match name:
        case "speed" if blows := device.capability(Blows):
            return max(LEVEL_TOLERANCE, 0.5 / blows.steps + ROUNDING)
        case "position" if covers := device.capability(Covers):
            return POSITION_TOLERANCE if covers.stops_anywhere else 0.5
        case "number" if adjusts := device.capability(Adjusts):
            return adjusts.step / 2 + ROUNDING
        case _:
            return LEVEL_TOLERANCE


def explains(entry: Sent, name: str, device: Device) -> bool:
    """True when the field may look so while the command is being carried out."""
    command, state = entry.command, device.state
    if arrived(command, name, device):
        return True
    if isinstance(command, SetCover):
        return name == "position" and _passing(entry.start, command.position, state)
    if name == "speed":  # turned on, a fan takes its last speed or runs up to the new one
        return isinstance(command, SetFan | SetSwitch)
    if not isinstance(command, SetLight):
        return False
    if name == "level":
        return command.on is not False and _on_the_way(entry.start, command.level, state.level)
    # A lamp's colour moves with its brightness (warm dimming), and xy moves with kelvin.
    return name in {"kelvin", "xy"}


def _on_the_way(start: DeviceState, target: float | None, level: float | None) -> bool:
    # From off or unknown, lamps are seen to start at full or at their last level.
    if target is None or level is None or start.level is None or not start.on:
        return True
    low, high = sorted((start.level, target))
    return low - LEVEL_TOLERANCE <= level <= high + LEVEL_TOLERANCE


def _passing(start: DeviceState, target: float, state: DeviceState) -> bool:
    was, now = start.values.get("position"), state.values.get("position")
    if not isinstance(was, int | float) or not isinstance(now, int | float):
        return True
    low, high = sorted((float(was), target))
    return low - POSITION_TOLERANCE <= now <= high + POSITION_TOLERANCE


def _wants_on(command: SetLight | SetFan) -> bool:
    """A light command without a word about on or off implies on, level or speed 0 implies off."""
    if isinstance(command, SetFan):
        return command.speed > 0
    if command.on is not None:
        return command.on
    return command.level is None or command.level > 0
