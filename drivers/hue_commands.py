"""Commands to lights of a Hue bridge as requests of its API (CLIP v2).

Source: https://developers.meethue.com/develop/hue-api-v2/api-reference/.
"""

from collections.abc import Iterable
from typing import Final

from drivers.hue_resources import LEAST_POINTS, Resource, Resources
from drivers.types import (
    Colorful,
    Command,
    Device,
    DeviceId,
    Dimmable,
    Refused,
    SetLight,
    SetSwitch,
    SetZones,
    Switchable,
    Tunable,
    Zone,
    Zoned,
)
from drivers.wishes import wish

LEAST_BRIGHTNESS: Final = 0.4
"""Percent; 0 is no brightness but off."""


def request(device: Device, command: Command) -> tuple[str, Resource]:
    """Return the light's path and the body to put there. Raises Refused."""
    match command:
        case SetSwitch(on=on) if device.capability(Switchable):
            body: Resource = {"on": {"on": on}}
        case SetLight() if device.capability(Dimmable) and _fits(device, command):
            body = _light(command)
        case SetZones(zones=zones) if (zoned := device.capability(Zoned)) and zones:
            body = _gradient(zones, zoned.zones, command.transition_s)
        case _:
            raise Refused(f"{device.name} cannot {wish(command)}")
    return f"/light/{device.id.partition(':')[2]}", body


def group_of(lights: Iterable[DeviceId], resources: Resources) -> str | None:
    """Return the grouped light of the room or zone that has exactly these lights; None if none."""
    try:
        return _group_of({light.partition(":")[2] for light in lights}, resources)
    except (KeyError, TypeError, AttributeError):  # a room that cannot be read is none
        return None


def _group_of(wanted: set[str], resources: Resources) -> str | None:
    for resource in resources.values():
        if resource.get("type") not in {"room", "zone"}:
            continue
        members: set[str] = set()
        for child in resource.get("children", ()):
            if child.get("rtype") == "light":
                members.add(child["rid"])
            owned = resources.get(child.get("rid", ""), {}).get("services", ())
            members |= {one["rid"] for one in owned if one.get("rtype") == "light"}
        if members == wanted:
            for service in resource.get("services", ()):
                if service.get("rtype") == "grouped_light":
                    return f"/grouped_light/{service['rid']}"
    return None


def _fits(device: Device, command: SetLight) -> bool:
    return (command.kelvin is None or device.capability(Tunable) is not None) and (
        command.xy is None or device.capability(Colorful) is not None
    )


def _light(command: SetLight) -> Resource:
    body: Resource = {"dynamics": {"duration": round(command.transition_s * 1000)}}
    if command.on is False or command.level == 0:
        return body | {"on": {"on": False}}
    body["on"] = {"on": True}
    if command.level is not None:
        body["dimming"] = {"brightness": max(round(command.level * 100, 2), LEAST_BRIGHTNESS)}
    if command.xy is not None:
        body["color"] = {"xy": {"x": command.xy[0], "y": command.xy[1]}}
    elif command.kelvin is not None:
        body["color_temperature"] = {"mirek": round(1_000_000 / command.kelvin)}
    return body


def _gradient(zones: tuple[Zone, ...], capable: int, transition_s: float) -> Resource:
    count = min(max(len(zones), LEAST_POINTS), capable)
    # The strip mixes between its points, so fewer points are spread by itself.
    chosen = [zones[index * len(zones) // count] for index in range(count)]
    level = max(zone.level for zone in zones)  # a strip has one brightness for all
    return {
        "on": {"on": level > 0},
        **(
            {"dimming": {"brightness": max(round(level * 100, 2), LEAST_BRIGHTNESS)}}
            if level
            else {}
        ),
        "gradient": {"points": [{"color": {"xy": {"x": z.xy[0], "y": z.xy[1]}}} for z in chosen]},
        "dynamics": {"duration": round(transition_s * 1000)},
    }
