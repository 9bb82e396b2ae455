"""What Zigbee2MQTT says a device exposes, as actors, measured values and buttons.

Source: zigbee2mqtt.io/guide/usage/exposes.html. Settings of a device (what can be set and is
neither of the specific kinds) are left out. Locks are only read; gates and garage doors too.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from drivers.mqtt_ha_config import Fields, Unusable
from drivers.mqtt_ha_parts import Made
from drivers.mqtt_parts import Actor, Parts
from drivers.mqtt_payload import MAX_TEXT, number, object_of, within
from drivers.mqtt_talk import Read
from drivers.mqtt_units import converted
from drivers.mqtt_z2m_actors import climate, cover, door, fan, lock, same, switch
from drivers.mqtt_z2m_light import Features, lamp_of, light
from drivers.types import BadPayload, DeviceState, Measures

NUMBERS: Final = {
    "temperature": "temperature", "local_temperature": "temperature", "humidity": "humidity",
    "pressure": "pressure", "illuminance": "illuminance", "illuminance_lux": "illuminance",
    "co2": "co2", "voc": "voc", "pm25": "pm25", "noise": "noise", "soil_moisture": "moisture",
    "power": "power", "energy": "energy", "voltage": "voltage", "current": "current",
    "ac_frequency": "frequency", "gas": "gas", "water_consumed": "water", "battery": "battery",
    "linkquality": "link_quality",
}  # fmt: skip
BINARIES: Final = {
    "occupancy": "occupancy", "presence": "presence", "motion": "motion", "contact": "contact",
    "water_leak": "leak", "smoke": "smoke", "carbon_monoxide": "carbon_monoxide",
    "gas": "gas_leak", "vibration": "vibration", "tamper": "tamper",
    "battery_low": "battery_low", "moving": "motion",
}  # fmt: skip
BEST_LINK: Final = 255
CAN_SET: Final = 2
CAN_GET: Final = 4
_DOOR: Final = re.compile(r"\b(garage|gate|door)\b", re.IGNORECASE)


_SPECIFIC: Final[dict[str, Callable[[str, Features], Made]]] = {
    "switch": switch,
    "cover": cover,
    "lock": lock,
    "fan": fan,
    "climate": climate,
}


@dataclass(slots=True)
class Exposed:
    """What a device turned out to be."""

    parts: Parts = field(default_factory=Parts)
    ask: dict[str, str] = field(default_factory=dict)
    """What to ask it for at the start."""
    refused: list[str] = field(default_factory=list)
    """Why something of it is not used."""


def exposed(definition: Mapping[str, Any], topic: str) -> Exposed:
    """Return what a device is made of. `topic` is where it tells its state."""
    found, measured = Exposed(), list[str]()
    options = [one.get("name") for one in _objects(definition.get("options"))]
    door_like = _DOOR.search(str(definition.get("description") or "")) is not None
    for expose in _objects(definition.get("exposes")):
        fields = Fields(expose)
        try:
            if "features" in expose:
                made = _specific(found, fields, topic, "transition" in options, door_like)
                measured += [] if made is None else _kinds(made)
            else:
                measured += _take(found.parts.rest, fields, topic)
        except Unusable as err:
            found.refused.append(str(err))
    if measured:
        found.parts.rest.capabilities.append(Measures(tuple(dict.fromkeys(measured))))
    return found


def _specific(
    found: Exposed, fields: Fields, topic: str, fades: bool, door_like: bool
) -> Made | None:
    """Add an actor; return one that is only read."""
    kind, endpoint = fields.text("type"), fields.text("endpoint")
    features = {Fields(o).text("name"): Fields(o) for o in _objects(fields.raw("features"))}
    if kind == "light":
        made = light(topic, lamp_of(features, endpoint, fades=fades))
    elif kind == "cover" and door_like:
        made = door(topic, features)
    elif kind in _SPECIFIC:
        made = _SPECIFIC[kind](topic, features)
    else:
        return None
    found.ask.update(dict.fromkeys(_asked(features), ""))
    parts = found.parts
    if made.write is None:
        parts.rest.reads.setdefault(topic, []).extend(made.reads[topic])
        return made
    parts.actors.append(Actor(endpoint or str(len(parts.actors) + 1), made))
    return None


def _take(rest: Made, fields: Fields, topic: str) -> list[str]:
    """Add what is measured, or a button; return the kinds."""
    read = _generic(fields, fields.text("type"))
    if read is not None:
        rest.reads.setdefault(topic, []).append(read[1])
        return [read[0]]
    if fields.text("name") == "action":
        rest.presses[topic] = _presses(fields.text("property", "action"))
        rest.reads.setdefault(topic, []).append(_unchanged)
    return []


def _objects(value: object) -> Iterator[dict[str, Any]]:
    for one in value if isinstance(value, list) else ():
        if isinstance(one, dict):
            yield one


def _kinds(made: Made) -> list[str]:
    return [k for each in made.capabilities if isinstance(each, Measures) for k in each.kinds]


def _asked(features: Features) -> Iterator[str]:
    for name in ("state", "brightness", "position", "local_temperature"):
        feature = features.get(name)
        if feature is not None and int(feature.number("access", 0)) & CAN_GET:
            yield feature.text("property", name)


def _generic(fields: Fields, kind: str) -> tuple[str, Read] | None:
    """Return what is measured and how it is read; None for what is left out."""
    name, access = fields.text("name"), int(fields.number("access", 1))
    category = fields.text("category")
    if access & CAN_SET or category == "config":
        return None
    known = (NUMBERS if kind == "numeric" else BINARIES if kind == "binary" else {}).get(name)
    if known is None or (name == "illuminance" and fields.text("unit") not in {"lx", ""}):
        return None
    suffix = fields.text("endpoint")
    label = f"{known}_{suffix}" if suffix else known
    value_of = _number(fields, known) if kind == "numeric" else _binary(fields)
    key = fields.text("property", name)

    def read(payload: bytes, before: DeviceState) -> DeviceState:
        value = object_of(payload).get(key)
        if value is None:
            return before
        return before.measuring({**before.values, label: value_of(value)})

    return label, read


def _number(fields: Fields, kind: str) -> Callable[[object], float | bool]:
    unit = fields.text("unit")
    if kind == "link_quality":
        return lambda value: round(within(number(value), 0, BEST_LINK, "a link") / BEST_LINK * 100)
    return lambda value: converted(kind, number(value), unit)


def _binary(fields: Fields) -> Callable[[object], float | bool]:
    yes, no = fields.raw("value_on"), fields.raw("value_off")

    def value_of(value: object) -> bool:
        if not (same(value, yes) or same(value, no)):
            raise BadPayload("neither of its two states")
        return same(value, yes)

    return value_of


def _presses(name: str) -> Callable[[bytes], tuple[str, ...]]:
    def pressed(payload: bytes) -> tuple[str, ...]:
        action = object_of(payload).get(name)
        # An empty word ends an action on older bridges.
        return (action,) if isinstance(action, str) and 0 < len(action) <= MAX_TEXT else ()

    return pressed


def _unchanged(_payload: bytes, before: DeviceState) -> DeviceState:
    return before
