"""A Kasa or Tapo device's plugs and lamps as ours, and the commands to them."""

from collections.abc import Iterator, Sequence
from typing import Any

from kasa import Device as KasaThing
from kasa import DeviceType, KasaException, LightState, Module
from kasa.interfaces import Light

from drivers.colour import hs_of_xy, xy_of_hs
from drivers.promises import clamp
from drivers.shown import hardware_address
from drivers.types import (
    Capability,
    Colorful,
    Command,
    Device,
    DeviceId,
    DeviceInfo,
    DeviceState,
    Dimmable,
    Measures,
    Refused,
    SetLight,
    SetSwitch,
    Switchable,
    Tunable,
)
from drivers.wishes import wish

FADING = frozenset({DeviceType.Bulb, DeviceType.Dimmer})
"""Of the older devices; light strips and Tapo devices ignore how long a change should take."""
METERED = {
    "power": "current_consumption",
    "voltage": "voltage",
    "current": "current",
    "energy": "consumption_total",
}
"""Kinds of drivers.measures, and the library's names, in the same units."""


def devices_of(driver: str, thing: KasaThing) -> list[Device]:
    """Return the device itself, or the sockets of a strip. Raises KasaException, ValueError."""
    return [_device(driver, thing, part, number) for number, part in enumerate(_parts(thing))]


async def command_part(driver: str, thing: KasaThing, device: Device, command: Command) -> None:
    """Carry out a command that the device promised. Raises KasaException, Refused."""
    for number, part in enumerate(_parts(thing)):
        if _id(driver, thing, number) == device.id:
            await _command(part, device, command)
            return
    raise Refused(f"{device.name} is there no more")


def _parts(thing: KasaThing) -> Sequence[KasaThing]:
    return thing.children or (thing,)


def _id(driver: str, thing: KasaThing, number: int) -> DeviceId:
    mac = hardware_address(thing.mac)
    return DeviceId(f"{driver}:{mac}:{number}" if thing.children else f"{driver}:{mac}")


def _device(driver: str, thing: KasaThing, part: KasaThing, number: int) -> Device:
    light = part.modules.get(Module.Light)
    values = dict(_measured(part))
    own: list[Capability] = [Switchable(light=light is not None)]
    own += _light_capabilities(part, light) if light is not None else []
    own.append(Measures(tuple(values)))
    info = thing.device_info
    return Device(
        _id(driver, thing, number),
        part.alias or f"{thing.alias or thing.model} {number + 1}",
        driver,
        tuple(own),
        _state(part, light, values),
        info=DeviceInfo("TP-Link", thing.model, info.firmware_version),
    )


def _light_capabilities(part: KasaThing, light: Light) -> list[Capability]:
    fades = part.device_type in FADING and not part.device_info.device_family.startswith("SMART.")
    own: list[Capability] = []
    if light.has_feature("brightness"):
        own.append(Dimmable(100, fades=fades))
    if (white := light.get_feature("color_temp")) is not None:
        own.append(Tunable(white.minimum_value, white.maximum_value))
    if light.has_feature("hsv"):
        own.append(Colorful())
    return own


def _state(part: KasaThing, light: Light | None, values: dict[str, float]) -> DeviceState:
    on = bool(part.is_on)
    if light is None:
        return DeviceState(on=on, values=values)
    level = light.brightness / 100 if light.has_feature("brightness") else None
    kelvin = light.color_temp if light.has_feature("color_temp") else 0
    xy = None
    if light.has_feature("hsv") and not kelvin:
        hue, saturation, _ = light.hsv
        xy = xy_of_hs((hue, saturation / 100))
    return DeviceState(
        on=on,
        level=None if level is None else round(clamp(level, 0, 1), 4),
        kelvin=round(clamp(kelvin, 1000, 20_000)) if kelvin else None,
        xy=xy,
        values=values,
    )


def _measured(part: KasaThing) -> Iterator[tuple[str, float]]:
    energy = part.modules.get(Module.Energy)
    if energy is not None:
        for kind, name in METERED.items():
            value = _tried(energy, name)
            if value is not None:
                yield kind, round(float(value), 6)
    rssi = part.rssi
    if rssi is not None:
        yield "rssi", float(rssi)


def _tried(energy: Any, name: str) -> float | None:
    """Return a figure that this model may lack."""
    try:
        value: float | None = getattr(energy, name)
    except (KasaException, KeyError):
        return None
    return value


async def _command(part: KasaThing, device: Device, command: Command) -> None:
    light = part.modules.get(Module.Light)
    match command:
        case SetSwitch(on=True) | SetLight(on=True | None, level=None, kelvin=None, xy=None):
            await part.turn_on()
        case SetSwitch():
            await part.turn_off()
        case SetLight() if light is not None:
            await light.set_state(_wanted(device, command))
        case _:
            raise Refused(f"{device.name} cannot {wish(command)}")


def _wanted(device: Device, command: SetLight) -> LightState:
    dimmable = device.capability(Dimmable)
    wanted = LightState()
    if dimmable is not None and dimmable.fades:
        wanted.transition = round(command.transition_s * 1000)
    wanted.light_on = command.on is not False and command.level != 0
    if not wanted.light_on:
        return wanted
    if command.level is not None:
        wanted.brightness = max(1, round(command.level * 100))
    if command.xy is not None:
        hue, saturation = hs_of_xy(command.xy)
        wanted.hue, wanted.saturation = round(hue) % 360, round(saturation * 100)
        wanted.color_temp = 0
    elif command.kelvin is not None and (white := device.capability(Tunable)) is not None:
        wanted.color_temp = round(clamp(command.kelvin, white.min_kelvin, white.max_kelvin))
    return wanted
