"""One LIFX light: what it is, how it is, and how it is told to be otherwise."""

import asyncio
import contextlib
from collections.abc import Iterator

from lifx import HSBK, Light, MultiZoneLight
from lifx.exceptions import LifxError

from drivers.lifx_color import WHITE_BELOW, hue_of, xy_of
from drivers.types import (
    Capability,
    Colorful,
    Command,
    Device,
    DeviceId,
    DeviceInfo,
    DeviceState,
    Dimmable,
    Refused,
    SetLight,
    SetSwitch,
    SetZones,
    Switchable,
    Tunable,
    Unreachable,
    Zone,
    Zoned,
)
from drivers.wishes import wish

NAME = "lifx"
LEAST_KELVIN, MOST_KELVIN = 1500, 9000
MOST_ZONES = 82
"""That fit into one message."""
ERRORS = (LifxError, OSError, TimeoutError)


class Known:
    """A light and what is known of it."""

    def __init__(self, light: Light, device: Device, color: HSBK) -> None:
        self.light = light
        self.device = device
        self.color = color
        """As last heard or commanded: a command changes a part of it."""
        self.misses = 0
        self.poll = asyncio.Event()
        self.lock = asyncio.Lock()


async def met(light: Light) -> Known:
    """Ask a light what it is and how. Raises LifxError, OSError, TimeoutError, ValueError."""
    await light.ensure_capabilities()
    can = light.capabilities
    color, power, label = await light.get_color()
    group = await light.get_group()
    firmware = await light.get_host_firmware()
    capabilities: list[Capability] = [Switchable(light=True), Dimmable(65535)]
    low, high = light.min_kelvin or LEAST_KELVIN, light.max_kelvin or MOST_KELVIN
    if low < high:
        capabilities.append(Tunable(low, high))
    if can is not None and can.has_color:
        capabilities.append(Colorful())
    if isinstance(light, MultiZoneLight) and can is not None and can.has_extended_multizone:
        zones = await light.get_zone_count()
        if 1 < zones <= MOST_ZONES:
            capabilities.append(Zoned(zones))
    device = Device(
        DeviceId(f"{NAME}:{light.serial}"),
        label or light.serial,
        NAME,
        tuple(capabilities),
        info=DeviceInfo(
            "LIFX",
            can.name if can is not None else "",
            f"{firmware.version_major}.{firmware.version_minor}",
            group if isinstance(group, str) else group.label,
        ),
    )
    return Known(light, device.now(state_of(device, color, power), available=True), color)


def state_of(device: Device, color: HSBK, power: int) -> DeviceState:
    """Return a light's answer as the state of its device."""
    white = color.saturation < WHITE_BELOW or not device.capability(Colorful)
    return DeviceState(
        on=power > 0,
        level=round(color.brightness, 4),
        kelvin=color.kelvin if white and device.capability(Tunable) else None,
        xy=None if white else xy_of(color.hue, color.saturation),
    )


async def obey(known: Known, command: Command) -> None:
    """Carry out a command. Raises Refused, Unreachable."""
    device = known.device
    match command:
        case SetSwitch(on=on):
            with _reaching():
                await known.light.set_power(on)
        case SetLight() if _fits(device, command):
            with _reaching():
                await _set_light(known, command)
        case SetZones(zones=zones) if zones and isinstance(known.light, MultiZoneLight):
            zoned = device.capability(Zoned)
            if zoned is None:
                raise Refused(f"{device.name} cannot {wish(command)}")
            with _reaching():
                await _set_zones(known.light, zones, zoned.zones, command.transition_s)
        case _:
            raise Refused(f"{device.name} cannot {wish(command)}")


def _fits(device: Device, command: SetLight) -> bool:
    return (command.kelvin is None or device.capability(Tunable) is not None) and (
        command.xy is None or device.capability(Colorful) is not None
    )


async def _set_light(known: Known, command: SetLight) -> None:
    if command.on is False or command.level == 0:
        await known.light.set_power(False, duration=command.transition_s)
        return
    old = known.color
    hue, saturation, kelvin = old.hue, old.saturation, old.kelvin
    tunable = known.device.capability(Tunable)
    if command.xy is not None:
        hue, saturation = hue_of(command.xy)
    elif command.kelvin is not None and tunable is not None:
        saturation = 0.0
        kelvin = min(max(command.kelvin, tunable.min_kelvin), tunable.max_kelvin)
    level = old.brightness if command.level is None else command.level
    wanted = HSBK(hue=hue, saturation=saturation, brightness=level, kelvin=kelvin)
    if known.device.state.on:
        await known.light.set_color(wanted, duration=command.transition_s)
    else:  # from dark: the colour first, unseen, then up
        await known.light.set_color(wanted)
        await known.light.set_power(True, duration=command.transition_s)
    known.color = wanted


async def _set_zones(
    light: MultiZoneLight, zones: tuple[Zone, ...], count: int, transition_s: float
) -> None:
    colors = []
    for number in range(count):
        zone = zones[number * len(zones) // count]
        hue, saturation = hue_of(zone.xy)
        colors.append(HSBK(hue=hue, saturation=saturation, brightness=zone.level, kelvin=3500))
    await light.set_extended_color_zones(0, colors, duration=transition_s)
    await light.set_power(True)


@contextlib.contextmanager
def _reaching() -> Iterator[None]:
    try:
        yield
    except ERRORS as err:
        raise Unreachable("the light does not answer") from err
