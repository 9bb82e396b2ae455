"""The names and units of what devices measure. Every driver converts to these.

A kind that is not here may still be reported (under a name of lower case letters, digits and
underscores); it then has no unit and no rule of its own.
"""

from typing import Final

UNITS: Final[dict[str, str]] = {
    "temperature": "°C",
    "humidity": "%",
    "pressure": "hPa",
    "illuminance": "lx",
    "co2": "ppm",
    "voc": "ppb",
    "pm25": "µg/m³",
    "noise": "dB",
    "wind": "m/s",
    "rain": "mm",
    "uv_index": "",
    "moisture": "%",
    "power": "W",
    "energy": "kWh",
    "voltage": "V",
    "current": "A",
    "frequency": "Hz",
    "gas": "m³",
    "water": "m³",
    "battery": "%",
    "link_quality": "%",
    "rssi": "dBm",
    "heart_rate": "bpm",
}
"""Numbers, in these units."""

STATES: Final[frozenset[str]] = frozenset(
    {
        "occupancy",
        "motion",
        "presence",
        "contact",
        "smoke",
        "carbon_monoxide",
        "gas_leak",
        "leak",
        "vibration",
        "tamper",
        "battery_low",
        "locked",
        "sound",
        "connectivity",
        "problem",
    }
)
"""True or false. `contact` is True while a door or window is open, as in IAS zone alarms."""
