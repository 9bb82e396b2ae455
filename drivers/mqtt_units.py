"""Home Assistant's device classes and units as the kinds and units of drivers.measures.

Sources: home-assistant.io/integrations/sensor, .../binary_sensor.
"""

from typing import Final

SENSOR_KINDS: Final = {
    "temperature": "temperature", "humidity": "humidity", "pressure": "pressure",
    "atmospheric_pressure": "pressure", "illuminance": "illuminance", "carbon_dioxide": "co2",
    "volatile_organic_compounds_parts": "voc", "pm25": "pm25", "sound_pressure": "noise",
    "wind_speed": "wind", "precipitation": "rain", "moisture": "moisture", "power": "power",
    "energy": "energy", "voltage": "voltage", "current": "current", "frequency": "frequency",
    "gas": "gas", "water": "water", "battery": "battery", "signal_strength": "rssi",
}  # fmt: skip

BINARY_KINDS: Final = {
    "occupancy": "occupancy", "motion": "motion", "presence": "presence", "door": "contact",
    "window": "contact", "opening": "contact", "garage_door": "contact", "smoke": "smoke",
    "carbon_monoxide": "carbon_monoxide", "gas": "gas_leak", "moisture": "leak",
    "vibration": "vibration", "tamper": "tamper", "battery": "battery_low", "lock": "locked",
    "sound": "sound", "connectivity": "connectivity", "problem": "problem",
}  # fmt: skip
INVERTED: Final = frozenset({"lock"})
"""Where `on` means the contrary there: an open lock."""

_FACTORS: Final[dict[tuple[str, str], float]] = {
    ("power", "kW"): 1000.0, ("energy", "Wh"): 0.001, ("energy", "MWh"): 1000.0,
    ("voltage", "mV"): 0.001, ("current", "mA"): 0.001, ("pressure", "Pa"): 0.01,
    ("pressure", "kPa"): 10.0, ("wind", "km/h"): 1 / 3.6, ("wind", "mph"): 0.44704,
    ("water", "L"): 0.001, ("pressure", "inHg"): 33.8639, ("voc", "ppm"): 1000.0,
}  # fmt: skip


def converted(kind: str, value: float, unit: str) -> float:
    """Return the value in the unit of drivers.measures."""
    if kind == "temperature":
        return round(celsius(value, unit), 3)
    factor = _FACTORS.get((kind, unit))
    return value if factor is None else value * factor


def celsius(value: float, unit: str) -> float:
    """Return degrees Celsius."""
    return (value - 32) / 1.8 if unit == "°F" else value
