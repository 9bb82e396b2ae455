"""Commands to a WLED controller as states of its JSON API."""

from typing import Any

from wled import Device as WledLight
from wled.const import LightCapability

from drivers.colour import rgb_of_xy
from drivers.promises import clamp
from drivers.types import Command, Device, Refused, SetLight, SetSwitch, SetZones, Tunable
from drivers.wishes import wish
from drivers.wled_parts import BRIGHTEST, zone_count


def request_of(device: Device, light: WledLight, command: Command) -> dict[str, Any]:
    """Return the state to ask for (JSON API). Raises Refused."""
    match command:
        case SetSwitch(on=on):
            return {"on": on}
        case SetLight():
            return _wanted(device, light, command)
        case SetZones():
            return _wanted_zones(light, command)
        case _:  # the driver holds commands to capabilities
            raise Refused(f"{device.name} cannot {wish(command)}")


def _wanted(device: Device, light: WledLight, command: SetLight) -> dict[str, Any]:
    wanted: dict[str, Any] = {"tt": _tenths(command.transition_s)}
    if command.on is False or command.level == 0:
        return wanted | {"on": False}
    wanted["on"] = True
    if command.level is not None:
        wanted["bri"] = max(1, round(command.level * BRIGHTEST))
    can = light.info.leds.light_capabilities
    look: dict[str, Any] = {}
    if command.xy is not None:
        look["col"] = [_rgb(command.xy, 1.0, can)]
    elif command.kelvin is not None and (tunable := device.capability(Tunable)):
        look["cct"] = round(clamp(command.kelvin, tunable.min_kelvin, tunable.max_kelvin))
        white = LightCapability.WHITE_CHANNEL in can
        look["col"] = [[0, 0, 0, BRIGHTEST] if white else [BRIGHTEST] * 3]
    if look:  # plain light: an effect would show colours of its own
        look |= {"fx": 0, "frz": False}
        wanted["seg"] = [{"id": key, **look} for key in light.state.segments]
    return wanted


def _wanted_zones(light: WledLight, command: SetZones) -> dict[str, Any]:
    count, zones = zone_count(light), command.zones
    can, segments = light.info.leds.light_capabilities, light.state.segments
    brightest = max(zone.level for zone in zones)
    wanted: dict[str, Any] = {"tt": _tenths(command.transition_s), "on": brightest > 0}
    if brightest <= 0:
        return wanted
    wanted["bri"] = max(1, round(brightest * BRIGHTEST))
    spread = [zones[number * len(zones) // count] for number in range(count)]
    colours = [_rgb(zone.xy, zone.level / brightest, can) for zone in spread]
    if len(segments) > 1:
        wanted["seg"] = [
            {"id": key, "col": [colour], "fx": 0, "frz": False}
            for key, colour in zip(segments, colours, strict=False)
        ]
        return wanted
    leds = light.info.leds.count
    single: list[Any] = []
    for number, colour in enumerate(colours):
        single += [number * leds // count, (number + 1) * leds // count, colour]
    wanted["seg"] = [{"id": key, "fx": 0, "i": single} for key in segments]
    return wanted


def _rgb(xy: tuple[float, float], share: float, can: LightCapability) -> list[int]:
    colour = [round(part * share * BRIGHTEST) for part in rgb_of_xy(xy)]
    return [*colour, 0] if LightCapability.WHITE_CHANNEL in can else colour


def _tenths(seconds: float) -> int:
    return round(clamp(seconds, 0, 65.5) * 10)
