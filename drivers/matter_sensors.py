"""What Matter attributes measure, in the units of drivers.measures. Pure.

Source: Matter 1.4 Application Cluster Specification, by cluster and attribute number.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

Measured = float | bool | str


@dataclass(frozen=True, slots=True)
class Reading:
    """One thing that an attribute tells."""

    kind: str
    convert: Callable[[Any], Measured | None]
    only: frozenset[int] = frozenset()
    """Device types that mean it so; empty for all."""

    def read(self, raw: Any) -> Measured | None:
        """Return the value, None where the device has none or says nonsense."""
        return None if raw is None else self.convert(raw)


def _number(factor: float) -> Callable[[Any], float | None]:
    def convert(raw: Any) -> float | None:
        if isinstance(raw, bool) or not isinstance(raw, int | float):
            return None
        return round(raw * factor, 6)

    return convert


def _illuminance(raw: Any) -> float | None:
    if isinstance(raw, bool) or not isinstance(raw, int) or not 0 <= raw <= _MAX_ILLUMINANCE:
        return None
    return round(10.0 ** ((raw - 1) / 10_000), 1) if raw else 0.0


def _first_bit(raw: Any) -> bool | None:
    return bool(raw & 1) if isinstance(raw, int) else None


def _truth(raw: Any) -> bool | None:
    return raw if isinstance(raw, bool) else None


def _untruth(raw: Any) -> bool | None:
    return not raw if isinstance(raw, bool) else None


def _alarm(raw: Any) -> bool | None:
    return raw > 0 if isinstance(raw, int) else None


def _locked(raw: Any) -> bool | None:
    return raw == _LOCKED if isinstance(raw, int) else None


def _energy(raw: Any) -> float | None:
    """Read an EnergyMeasurementStruct; its field 0 is milliwatt hours."""
    return _number(1e-6)(raw.get("0")) if isinstance(raw, Mapping) else None


_MAX_ILLUMINANCE = 0xFFFE
_LOCKED = 1
_CONTACT, _LEAK, _FREEZE, _RAIN = 0x0015, 0x0043, 0x0041, 0x0044

READINGS: Final[dict[tuple[int, int], tuple[Reading, ...]]] = {
    (47, 12): (Reading("battery", _number(0.5)),),
    (47, 14): (Reading("battery_low", _alarm),),
    (69, 0): (
        # A contact sensor says True when there is contact: a closed door.
        Reading("contact", _untruth, frozenset({_CONTACT})),
        Reading("leak", _truth, frozenset({_LEAK})),
        Reading("problem", _truth, frozenset({_FREEZE})),
        Reading("rain_detected", _truth, frozenset({_RAIN})),
    ),
    (92, 1): (Reading("smoke", _alarm),),
    (92, 2): (Reading("carbon_monoxide", _alarm),),
    (144, 4): (Reading("voltage", _number(0.001)),),
    (144, 5): (Reading("current", _number(0.001)),),
    (144, 8): (Reading("power", _number(0.001)),),
    (145, 1): (Reading("energy", _energy),),
    (257, 0): (Reading("locked", _locked),),
    (513, 0): (Reading("temperature", _number(0.01)),),
    (1024, 0): (Reading("illuminance", _illuminance),),
    (1026, 0): (Reading("temperature", _number(0.01)),),
    (1027, 0): (Reading("pressure", _number(1.0)),),
    (1029, 0): (Reading("humidity", _number(0.01)),),
    (1030, 0): (Reading("occupancy", _first_bit),),
    (1037, 0): (Reading("co2", _number(1.0)),),
    (1066, 0): (Reading("pm25", _number(1.0)),),
}
"""By cluster and attribute."""
