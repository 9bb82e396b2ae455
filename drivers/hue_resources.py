"""Resources of a Hue bridge (CLIP v2, JSON objects by id) become devices.

A lamp is a `light` resource; everything else that a `device` resource owns (sensors, buttons) is
one device. Source: https://developers.meethue.com/develop/hue-api-v2/api-reference/.
"""

from collections.abc import Mapping
from typing import Any, Final

from drivers.types import (
    BadPayload,
    Capability,
    Colorful,
    Device,
    DeviceId,
    DeviceInfo,
    DeviceState,
    Dimmable,
    Measures,
    Switchable,
    Tunable,
    Zoned,
)

NAME: Final = "hue"
Resource = dict[str, Any]
Resources = Mapping[str, Resource]
SENSED: Final = frozenset({"temperature", "light_level", "motion", "device_power", "contact"})
PRESSES: Final = {
    "short_release": "single",
    "double_short_release": "double",
    "long_press": "hold",
    "long_release": "release",
}
LEAST_POINTS: Final = 2
"""Colours that a gradient takes at least."""


def merge(into: Resource, news: Resource) -> None:
    """Apply an update, which holds only what changed."""
    for key, value in news.items():
        old = into.get(key)
        if isinstance(old, dict) and isinstance(value, dict):
            merge(old, value)
        else:
            into[key] = value


def devices(resources: Resources) -> dict[DeviceId, Device]:
    """Return every device. What cannot be read is left out: see problems()."""
    found: dict[DeviceId, Device] = {}
    for resource in resources.values():
        try:
            for device in _of(resource, resources):
                found[device.id] = device
        except BadPayload:
            continue
    return found


def problems(resources: Resources) -> int:
    """Return how many resources cannot be read."""
    count = 0
    for resource in resources.values():
        try:
            _of(resource, resources)
        except BadPayload:
            count += 1
    return count


def device_of(resource: Resource, resources: Resources) -> Device | None:
    """Return the device that a resource belongs to. Raises BadPayload."""
    kind = resource.get("type")
    if kind == "light":
        return next(iter(_of(resource, resources)), None)
    owner = _owner(resource, resources)
    return next(iter(_of(owner, resources)), None) if owner is not None else None


def presses(news: Resource, resources: Resources) -> tuple[DeviceId, str] | None:
    """Return what was done to which button; None when the update is not about that."""
    try:
        event = news["button"]["button_report"]["event"]
        button = resources[news["id"]]
        number, owner = button["metadata"]["control_id"], button["owner"]["rid"]
        action = PRESSES.get(event)
    except (KeyError, TypeError):
        return None
    if action is None:
        return None
    return DeviceId(f"{NAME}:{owner}"), action if number == 1 else f"{action}_{number}"


def _of(resource: Resource, resources: Resources) -> tuple[Device, ...]:
    try:
        if resource.get("type") == "light":
            return (_lamp(resource, resources),)
        if resource.get("type") == "device":
            sensor = _sensor(resource, resources)
            return () if sensor is None else (sensor,)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, ZeroDivisionError) as e:
        raise BadPayload(f"a {resource.get('type')} that cannot be read") from e
    return ()


def _lamp(light: Resource, resources: Resources) -> Device:
    owner = _owner(light, resources) or {}
    capabilities: list[Capability] = [Switchable(light=_is_lamp(owner))]
    dimming, warmth, colour = (
        light.get(key) or None for key in ("dimming", "color_temperature", "color")
    )
    if dimming:
        capabilities.append(Dimmable(254))
    if warmth:
        limits = warmth["mirek_schema"]
        capabilities.append(
            Tunable(_kelvin(limits["mirek_maximum"]), _kelvin(limits["mirek_minimum"]))
        )
    if colour:
        capabilities.append(Colorful())
    points = (light.get("gradient") or {}).get("points_capable", 0)
    if points >= LEAST_POINTS:
        capabilities.append(Zoned(int(points)))
    white = bool(warmth and warmth.get("mirek_valid") and warmth.get("mirek"))
    xy = None
    if colour and not white:
        xy = (float(colour["xy"]["x"]), float(colour["xy"]["y"]))
    state = DeviceState(
        on=bool(light["on"]["on"]),
        level=float(dimming["brightness"]) / 100 if dimming else None,
        kelvin=_kelvin(warmth["mirek"]) if warmth and white else None,
        xy=xy,
    )
    return _device(light["id"], owner, resources, tuple(capabilities), state)


def _sensor(owner: Resource, resources: Resources) -> Device | None:
    values: dict[str, float | bool | str] = {}
    buttons = False
    for service in owner.get("services", ()):
        resource = resources.get(service["rid"], {})
        buttons = buttons or resource.get("type") == "button"
        if resource.get("type") in SENSED and resource.get("enabled", True):
            values.update(_measured(resource))
    if not values and not buttons:
        return None
    if any(service["rtype"] == "light" for service in owner["services"]):
        return None  # a lamp with a battery is its light
    state = DeviceState(values=values)
    return _device(owner["id"], owner, resources, (Measures(tuple(values)),), state)


def _measured(resource: Resource) -> dict[str, float | bool | str]:
    match resource["type"]:
        case "temperature":
            report = resource["temperature"].get("temperature_report") or resource["temperature"]
            return {"temperature": round(float(report["temperature"]), 2)}
        case "light_level":
            report = resource["light"].get("light_level_report") or resource["light"]
            # The bridge reports 10,000 * log10(lux) + 1.
            return {"illuminance": round(10 ** ((float(report["light_level"]) - 1) / 10_000), 1)}
        case "motion":
            report = resource["motion"].get("motion_report") or resource["motion"]
            return {"motion": bool(report["motion"])}
        case "contact":
            if not resource.get("contact_report"):
                return {}
            return {"contact": resource["contact_report"]["state"] == "no_contact"}
        case _:
            return {"battery": float(resource["power_state"]["battery_level"])}


def _device(
    own_id: str,
    owner: Resource,
    resources: Resources,
    capabilities: tuple[Capability, ...],
    state: DeviceState,
) -> Device:
    product = owner.get("product_data", {})
    return Device(
        DeviceId(f"{NAME}:{own_id}"),
        str(owner.get("metadata", {}).get("name") or own_id)[:60],
        NAME,
        capabilities,
        state,
        available=_connected(owner, resources),
        info=DeviceInfo(
            str(product.get("manufacturer_name", "")),
            str(product.get("product_name") or product.get("model_id", "")),
            str(product.get("software_version", "")),
            _room(owner, resources),
        ),
    )


def _connected(owner: Resource, resources: Resources) -> bool:
    for service in owner.get("services", ()):
        if service["rtype"] == "zigbee_connectivity":
            status = resources.get(service["rid"], {}).get("status", "connected")
            return bool(status in {"connected", "unidirectional_incoming"})
    return True


def _room(owner: Resource, resources: Resources) -> str:
    for resource in resources.values():
        children = resource.get("children", ()) if resource.get("type") == "room" else ()
        if any(child.get("rid") == owner.get("id") for child in children):
            return str(resource.get("metadata", {}).get("name", ""))
    return ""


def _owner(resource: Resource, resources: Resources) -> Resource | None:
    if resource.get("type") == "device":
        return resource
    owner = resource.get("owner")
    return resources.get(str(owner.get("rid"))) if isinstance(owner, dict) else None


def _is_lamp(owner: Resource) -> bool:
    return bool(owner.get("metadata", {}).get("archetype") != "plug")


def _kelvin(mirek: float) -> int:
    return round(1_000_000 / mirek)
