"""What the components of a Shelly tell, as states and values.

Source: the component pages of Shelly's Gen2+ API (shelly-api-docs.shelly.cloud).
"""

from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any, Final

from drivers.colour import xy_of_rgb
from drivers.promises import clamp
from drivers.types import DeviceState

Part = Mapping[str, Any]
Value = float | bool
COLOURED: Final = frozenset({"rgb", "rgbw", "rgbcct"})
WHITES: Final = (2700, 6500)
METERED: Final[dict[str, tuple[tuple[str, ...], float]]] = {
    "power": (("apower",), 1.0), "voltage": (("voltage",), 1.0), "current": (("current",), 1.0),
    "frequency": (("freq",), 1.0), "energy": (("aenergy", "total"), 0.001),
}  # fmt: skip
SENSED: Final[dict[str, dict[str, tuple[tuple[str, ...], float]]]] = {
    "temperature": {"temperature": (("tC",), 1.0)},
    "humidity": {"humidity": (("rh",), 1.0)},
    "illuminance": {"illuminance": (("lux",), 1.0)},
    "devicepower": {"battery": (("battery", "percent"), 1.0)},
    "smoke": {"smoke": (("alarm",), 1.0)},
    "flood": {"leak": (("alarm",), 1.0)},
    "pm1": METERED,
    "em1": {
        "power": (("act_power",), 1.0),
        "voltage": (("voltage",), 1.0),
        "current": (("current",), 1.0),
    },
    "em": {"power": (("total_act_power",), 1.0), "current": (("total_current",), 1.0)},
    "wifi": {"rssi": (("rssi",), 1.0)},
}
"""By component: the kind of drivers.measures, where it stands, and what it is multiplied by."""


def state_of(component: str, part: Part, values: dict[str, Any]) -> DeviceState:
    """Return how an output is; adds to `values` what has no field of its own."""
    if component == "cover":
        position = _number(part.get("current_pos"))
        if position is None:
            position = {"open": 100.0, "closed": 0.0}.get(str(part.get("state")))
        if position is not None:
            values["position"] = clamp(position / 100, 0, 1)
        return DeviceState(values=values)
    if component == "thermostat":
        on = part.get("enable")
        return DeviceState(
            on=on if isinstance(on, bool) else None,
            target_c=_number(part.get("target_C")),
            values=values,
        )
    on, level = part.get("output"), _number(part.get("brightness"))
    ct, rgb = _number(part.get("ct")), part.get("rgb")
    coloured = component in COLOURED and part.get("mode") != "cct"
    return DeviceState(
        on=on if isinstance(on, bool) else None,
        level=None if level is None or component == "switch" else clamp(level / 100, 0, 1),
        kelvin=round(ct) if ct is not None and not coloured and component != "switch" else None,
        xy=_xy(rgb) if coloured else None,
        values=values,
    )


def _xy(rgb: Any) -> tuple[float, float] | None:
    if not isinstance(rgb, list) or len(rgb) != 3:  # noqa: PLR2004 - red, green, blue
        return None
    red, green, blue = (_number(colour) for colour in rgb)
    if red is None or green is None or blue is None:
        return None
    return xy_of_rgb((red / 255, green / 255, blue / 255))


def whites_of(config: Part) -> tuple[int, int]:
    """Return the colour temperatures that a light takes, in kelvin."""
    given = config.get("ct_range")
    if isinstance(given, list) and len(given) == 2:  # noqa: PLR2004 - from, to
        low, high = _number(given[0]), _number(given[1])
        if low is not None and high is not None and 0 < low < high:
            return round(low), round(high)
    return WHITES


def values_of(
    wanted: Mapping[str, tuple[tuple[str, ...], float]], part: Part
) -> Iterator[tuple[str, Value]]:
    """Yield what is sensed or metered, in the units of drivers.measures."""
    for kind, (path, factor) in wanted.items():
        value: Any = part
        for step in path:
            value = value.get(step) if isinstance(value, dict) else None
        if isinstance(value, bool):
            yield kind, value
        elif (number := _number(value)) is not None:
            yield kind, round(number * factor, 6)


def _number(value: Any) -> float | None:
    known = isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
    return float(value) if known else None
