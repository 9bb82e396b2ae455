"""What clusters measure, in the hub's units, and how often a device is to report it.

Cluster and attribute numbers, scales and "no value" marks are those of the Zigbee Cluster Library
(07-5123, revision 8).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from drivers.types import BadPayload

Value = float | bool | str
Attributes = Callable[[int], Any]
"""Returns what a cluster's attribute last was, None when unknown."""

POWER, ON_OFF, LEVEL, MULTISTATE = 0x0001, 0x0006, 0x0008, 0x0012
LOCK, COVERING, THERMOSTAT, FAN, COLOR = 0x0101, 0x0102, 0x0201, 0x0202, 0x0300
IAS_ZONE, METERING, ELECTRICAL = 0x0500, 0x0702, 0x0B04
ZONE_TYPE, ZONE_STATUS = 0x0001, 0x0002
_NONE_8, _NONE_16, _NONE_SIGNED = 0xFF, 0xFFFF, -0x8000
"""The library's marks for "no value"."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One kind of value. `read` returns None while there is none."""

    kind: str
    cluster: int
    attribute: int
    read: Callable[[Any, Attributes], Value | None]
    report: tuple[int, int, int] | None
    """Least and greatest time between reports (seconds), and the least change (raw)."""
    needs: tuple[int, ...] = ()
    """Attributes that do not change but say how to read it."""


def _hundredths(none: int) -> Callable[[Any, Attributes], Value | None]:
    return lambda raw, _: None if raw == none else float(raw) / 100


def _battery(raw: Any, _: Attributes) -> Value | None:
    return None if raw == _NONE_8 else min(float(raw) / 2, 100.0)


def _illuminance(raw: Any, _: Attributes) -> Value | None:
    if raw == _NONE_16:
        return None
    return 0.0 if raw == 0 else round(10.0 ** (float(raw - 1) / 10_000), 1)


def _share(factor: float) -> Callable[[Any, Attributes], Value | None]:
    return lambda raw, _: round(float(raw) * factor, 1)


def _scaled(multiplier: int, divisor: int, factor: float = 1.0) -> Callable[..., Value | None]:
    def read(raw: Any, other: Attributes) -> Value | None:
        by = other(divisor) or 1
        return round(float(raw) * factor * float(other(multiplier) or 1) / by, 4)

    return read


def _electrical(
    kind: str,
    attribute: int,
    multiplier: int,
    none: int,
    report: tuple[int, int, int] | None,
) -> Reading:
    scaled = _scaled(multiplier, multiplier + 1)

    def read(raw: Any, other: Attributes) -> Value | None:
        return None if raw == none else scaled(raw, other)

    return Reading(kind, ELECTRICAL, attribute, read, report, (multiplier, multiplier + 1))


_METER_NEEDS = (0x0300, 0x0301, 0x0302, 0x0306)
_ENERGY, _CUBIC_METRES, _LITRES = 0, 1, 7
_UNITS: Final = {
    "energy": (_ENERGY,),
    "power": (_ENERGY,),
    "gas": (_CUBIC_METRES,),
    "water": (_LITRES,),
}
_METER: Final = _scaled(0x0301, 0x0302)


def has(reading: Reading, attributes: Attributes) -> bool:
    """True when a meter measures this: its unit says what it is a meter of."""
    unit = attributes(0x0300)
    return (
        attributes(reading.attribute) is not None
        and unit is not None
        and int(unit) in _UNITS[reading.kind]
    )


def _litres(raw: Any, other: Attributes) -> Value | None:
    value = _METER(raw, other)
    return None if value is None else round(float(value) / 1000, 4)


def _demand(raw: Any, other: Attributes) -> Value | None:
    value = _METER(raw, other)  # kilowatts
    return None if value is None else round(float(value) * 1000, 1)


READINGS: Final = (
    Reading("battery", POWER, 0x0021, _battery, (3600, 21_600, 2)),
    Reading("illuminance", 0x0400, 0, _illuminance, (5, 3600, 500)),
    Reading("temperature", 0x0402, 0, _hundredths(_NONE_SIGNED), (10, 3600, 20)),
    Reading("pressure", 0x0403, 0, lambda raw, _: float(raw), (30, 3600, 1)),
    Reading("humidity", 0x0405, 0, _hundredths(_NONE_16), (10, 3600, 100)),
    Reading("occupancy", 0x0406, 0, lambda raw, _: bool(raw & 1), (0, 3600, 1)),
    Reading("moisture", 0x0408, 0, _hundredths(_NONE_16), (30, 3600, 100)),
    Reading("carbon_monoxide_ppm", 0x040C, 0, _share(1e6), None),
    Reading("co2", 0x040D, 0, _share(1e6), None),
    Reading("pm25", 0x042A, 0, _share(1), None),
    Reading("temperature", THERMOSTAT, 0, _hundredths(_NONE_SIGNED), (10, 900, 20)),
    Reading("locked", LOCK, 0, lambda raw, _: raw == 1, (0, 3600, 1)),
    Reading("energy", METERING, 0, _METER, (30, 900, 1), _METER_NEEDS),
    Reading("water", METERING, 0, _litres, (30, 900, 1), _METER_NEEDS),
    Reading("gas", METERING, 0, _METER, (30, 900, 1), _METER_NEEDS),
    Reading("power", METERING, 0x0400, _demand, (5, 900, 1), _METER_NEEDS),
    _electrical("power", 0x050B, 0x0604, _NONE_SIGNED, (5, 900, 10)),
    _electrical("voltage", 0x0505, 0x0600, _NONE_16, (30, 900, 10)),
    _electrical("current", 0x0508, 0x0602, _NONE_16, (10, 900, 20)),
    _electrical("frequency", 0x0300, 0x0400, _NONE_16, None),
)
"""In the order in which a later one of the same kind wins where a device has both."""

ZONES: Final[Mapping[int, str]] = {
    0x000D: "motion",
    0x0015: "contact",
    0x0016: "contact",
    0x0028: "smoke",
    0x002A: "leak",
    0x002B: "carbon_monoxide",
    0x002D: "vibration",
    0x0226: "vibration",
}
"""IAS zone types; what is not here becomes `problem`."""
_ALARM, _TAMPER, _BATTERY_LOW = 0x0003, 0x0004, 0x0008


def zone_kind(zone_type: Any) -> str:
    """Return what a zone of this type reports."""
    return "problem" if zone_type is None else ZONES.get(int(zone_type), "problem")


def zone_values(zone_type: Any, status: Any) -> dict[str, Value]:
    """Return the values of an IAS zone."""
    bits = int(status)
    return {
        zone_kind(zone_type): bool(bits & _ALARM),
        "tamper": bool(bits & _TAMPER),
        "battery_low": bool(bits & _BATTERY_LOW),
    }


def read(reading: Reading, attributes: Attributes) -> Value | None:
    """Return a reading's value now. Raises BadPayload when the device sent what cannot be."""
    raw = attributes(reading.attribute)
    if raw is None:
        return None
    try:
        return reading.read(raw, attributes)
    except (ArithmeticError, TypeError, ValueError) as err:
        raise BadPayload(f"{reading.kind} cannot be {type(raw).__name__}") from err
