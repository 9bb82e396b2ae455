"""What Z-Wave values measure: from a value's description to a kind of drivers.measures. Pure.

Sources: SDS13781 (Z-Wave Application Command Class Specification) for the types and scales of the
Multilevel Sensor and Meter classes; SDS13713 for notification types and events.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from zwave_js_server.const import CommandClass
from zwave_js_server.model.value import Value

Measured = float | bool | str
Convert = Callable[[Any], Measured | None]


@dataclass(frozen=True, slots=True)
class Sensor:
    """One thing that a device measures. `read` gives None for what it cannot mean."""

    kind: str
    value: Value
    convert: Convert
    rank: int = 0
    """Of two values of one kind the higher is taken."""

    def read(self) -> Measured | None:
        """Return the newest value, in the unit of drivers.measures."""
        raw = self.value.value
        return None if raw is None else self.convert(raw)


def sensor_of(value: Value) -> Sensor | None:
    """Return what a value measures, None when it is nothing for the hub."""
    if (read := _BY_CLASS.get(value.command_class)) is not None:
        return read(value)
    known = _PROPERTIES.get((value.command_class, value.property_))
    return Sensor(known[0], value, known[1]) if known is not None else None


def fahrenheit(value: float) -> float:
    """Return degrees Celsius of degrees Fahrenheit."""
    return round((value - 32.0) / 1.8, 2)


# By command class -----------------------------------------------------------------------------

_SECURED = 255
_CONSUMED, _PRODUCED = 1, 2


def _number(factor: float = 1.0) -> Convert:
    def convert(raw: Any) -> float | None:
        if isinstance(raw, bool) or not isinstance(raw, int | float):
            return None
        return round(raw * factor, 6) if math.isfinite(raw) else None

    return convert


def _celsius(raw: Any) -> float | None:
    value = _number()(raw)
    return fahrenheit(value) if isinstance(value, float | int) else None


def _truth(raw: Any) -> bool | None:
    return raw if isinstance(raw, bool) else None


def _is(wanted: int) -> Convert:
    return lambda raw: raw == wanted if isinstance(raw, int) else None


def _among(wanted: frozenset[int]) -> Convert:
    return lambda raw: raw in wanted if isinstance(raw, int) else None


def _word(words: dict[Any, bool]) -> Convert:
    return lambda raw: words.get(raw) if isinstance(raw, int | str) else None


_MULTILEVEL: Final[dict[tuple[int, int], tuple[str, Convert]]] = {
    (1, 0): ("temperature", _number()),
    (1, 1): ("temperature", _celsius),
    (3, 1): ("illuminance", _number()),
    (4, 0): ("power", _number()),
    (5, 0): ("humidity", _number()),
    (6, 0): ("wind", _number()),
    (6, 1): ("wind", _number(0.44704)),
    (8, 0): ("pressure", _number(10.0)),
    (8, 1): ("pressure", _number(33.8639)),
    (9, 0): ("pressure", _number(10.0)),
    (9, 1): ("pressure", _number(33.8639)),
    (15, 0): ("voltage", _number()),
    (15, 1): ("voltage", _number(0.001)),
    (16, 0): ("current", _number()),
    (16, 1): ("current", _number(0.001)),
    (17, 0): ("co2", _number()),
    (27, 0): ("uv_index", _number()),
    (30, 0): ("noise", _number()),
    (31, 0): ("moisture", _number()),
    (35, 1): ("pm25", _number()),
    (39, 1): ("voc", _number(1000.0)),
}
"""By sensor type and scale."""
_METERS: Final[dict[tuple[int, int], tuple[str, Convert]]] = {
    (1, 0): ("energy", _number()),
    (1, 2): ("power", _number()),
    (1, 4): ("voltage", _number()),
    (1, 5): ("current", _number()),
    (2, 0): ("gas", _number()),
    (2, 1): ("gas", _number(0.0283168)),
    (3, 0): ("water", _number()),
    (3, 1): ("water", _number(0.0283168)),
    (3, 2): ("water", _number(0.00378541)),
    (4, 0): ("energy", _number()),
    (5, 0): ("energy", _number()),
}
"""By meter type and scale."""
_BINARY: Final[dict[int, str]] = {
    2: "smoke",
    3: "carbon_monoxide",
    6: "leak",
    8: "tamper",
    10: "contact",
    11: "contact",
    12: "motion",
    13: "vibration",
}
"""By sensor type."""
_NOTIFICATIONS: Final[dict[tuple[int, str], tuple[str, Convert, int]]] = {
    (1, "Sensor status"): ("smoke", _among(frozenset({1, 2})), 1),
    (2, "Sensor status"): ("carbon_monoxide", _among(frozenset({1, 2})), 1),
    (4, "Heat sensor status"): ("problem", _among(frozenset({1, 2})), 0),
    (5, "Sensor status"): ("leak", _among(frozenset({1, 2})), 1),
    (6, "Door state"): ("contact", _word({22: True, 23: False, 5632: True, 5633: True}), 1),
    (6, "Door state (simple)"): ("contact", _word({22: True, 23: False}), 2),
    (7, "Motion sensor status"): ("motion", _among(frozenset({7, 8})), 1),
    (7, "Cover status"): ("tamper", _among(frozenset({3})), 1),
    (8, "Battery maintenance status"): ("battery_low", _among(frozenset({10, 11})), 0),
    (18, "Sensor status"): ("gas_leak", _among(frozenset({1, 2})), 0),
}
"""By notification type and variable: what it tells, and its rank over older classes."""


def _multilevel(value: Value) -> Sensor | None:
    about = value.metadata.cc_specific
    known = _MULTILEVEL.get((about.get("sensorType", -1), about.get("scale", -1)))
    if known is not None:
        return Sensor(known[0], value, known[1])
    if value.metadata.type != "number":
        return None
    kind = _slug(str(value.property_name or ""))
    return Sensor(kind, value, _number()) if kind else None


def _meter(value: Value) -> Sensor | None:
    about = value.metadata.cc_specific
    known = _METERS.get((about.get("meterType", -1), about.get("scale", -1)))
    if known is None or value.property_ != "value":
        return None
    kind = known[0]
    if about.get("rateType", _CONSUMED) == _PRODUCED:
        kind = f"{kind}_produced"
    return Sensor(kind, value, known[1])


def _binary(value: Value) -> Sensor | None:
    kind = _BINARY.get(value.metadata.cc_specific.get("sensorType", -1))
    return Sensor(kind, value, _truth) if kind is not None else None


def _notification(value: Value) -> Sensor | None:
    kind = value.metadata.cc_specific.get("notificationType", -1)
    known = _NOTIFICATIONS.get((kind, str(value.property_key_name or value.property_key)))
    return Sensor(known[0], value, known[1], known[2]) if known is not None else None


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")[:40]


_BY_CLASS: Final[dict[int, Callable[[Value], Sensor | None]]] = {
    CommandClass.SENSOR_MULTILEVEL: _multilevel,
    CommandClass.METER: _meter,
    CommandClass.SENSOR_BINARY: _binary,
    CommandClass.NOTIFICATION: _notification,
}
_PROPERTIES: Final[dict[tuple[int, int | str], tuple[str, Convert]]] = {
    (CommandClass.BATTERY, "level"): ("battery", _number()),
    (CommandClass.BATTERY, "isLow"): ("battery_low", _truth),
    (CommandClass.DOOR_LOCK, "currentMode"): ("locked", _is(_SECURED)),
    (CommandClass.DOOR_LOCK, "doorStatus"): ("contact", _word({"open": True, "closed": False})),
    (CommandClass.LOCK, "locked"): ("locked", _truth),
}
