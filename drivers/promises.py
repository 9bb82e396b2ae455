"""Whether a device promised what a command asks of it, by its capabilities alone."""

from drivers.types import (
    Adjusts,
    Audible,
    Blows,
    Colorful,
    Command,
    Covers,
    Device,
    Dimmable,
    Heats,
    PlayMusic,
    Press,
    Presses,
    Refused,
    Selects,
    SetCover,
    SetFan,
    SetLight,
    SetNumber,
    SetOption,
    SetSwitch,
    SetTemperature,
    SetVolume,
    SetZones,
    StopMusic,
    Switchable,
    Tunable,
    Zoned,
)
from drivers.wishes import wish


def hold_to(device: Device, command: Command) -> None:
    """Raise Refused when the device has no capability for this, or its limits exclude it."""
    if not _promised(device, command):
        raise Refused(f"{device.name} cannot {wish(command)}")


def clamp(value: float, low: float, high: float) -> float:
    """Return the nearest value within the limits."""
    return min(max(value, low), high)


def _promised(device: Device, command: Command) -> bool:  # noqa: C901, PLR0911 - a table
    match command:
        case SetSwitch():
            return device.capability(Switchable) is not None
        case SetLight():
            return _light(device, command)
        case SetZones(zones=zones):
            return bool(zones) and device.capability(Zoned) is not None
        case SetTemperature():
            return device.capability(Heats) is not None
        case SetFan():
            return device.capability(Blows) is not None
        case SetCover():
            return device.capability(Covers) is not None
        case SetOption(option=option):
            selects = device.capability(Selects)
            return selects is not None and option in selects.options
        case SetNumber(number=number):
            adjusts = device.capability(Adjusts)
            return adjusts is not None and adjusts.minimum <= number <= adjusts.maximum
        case Press():
            return device.capability(Presses) is not None
        case PlayMusic() | StopMusic() | SetVolume():
            return device.capability(Audible) is not None


def _light(device: Device, command: SetLight) -> bool:
    switchable = device.capability(Switchable)
    return (
        switchable is not None
        and (switchable.light or device.capability(Dimmable) is not None)
        and (command.level is None or device.capability(Dimmable) is not None)
        and (command.kelvin is None or device.capability(Tunable) is not None)
        and (command.xy is None or device.capability(Colorful) is not None)
    )
