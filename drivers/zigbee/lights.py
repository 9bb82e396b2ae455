"""Levels and colours as Zigbee counts them, and back.

ZCL 8: level 0 to 254 (3.10.2.3.1), colour x and y in 1/65536 (5.2.2.2.1.4), hue and saturation in
1/254 (5.2.2.2.1.1), colour temperature in mireds (5.2.2.2.1.6).
"""

import colorsys
from dataclasses import dataclass
from typing import Any, Final

from drivers.zigbee.readings import Attributes

HUE, SATURATION, X, Y, MIREDS, MODE = 0x0000, 0x0001, 0x0003, 0x0004, 0x0007, 0x0008
ABILITIES, MIREDS_MIN, MIREDS_MAX = 0x400A, 0x400B, 0x400C
_HAS_HUE, _HAS_XY, _HAS_TEMPERATURE = 0x01, 0x08, 0x10
_HUE_MODE, _XY_MODE, _TEMPERATURE_MODE = 0, 1, 2
FULL: Final = 254
_ONE: Final = 65_536
_USUAL_MIREDS: Final = (153, 500)
"""6500 to 2000 K, for lamps that do not say."""


@dataclass(frozen=True, slots=True)
class Colours:
    """What colours a lamp can do."""

    xy: bool
    hue: bool
    kelvin: tuple[int, int] | None


def colours(attributes: Attributes, device_type: int | None) -> Colours:
    """Return a lamp's colours from what it says of itself, or else from its device type."""
    abilities = attributes(ABILITIES)
    if abilities is None:
        abilities = _HAS_TEMPERATURE if device_type in _TEMPERATURE_LIGHTS else _HAS_XY
        if attributes(MIREDS) is not None:
            abilities |= _HAS_TEMPERATURE
    bits = int(abilities)
    kelvin = None
    if bits & _HAS_TEMPERATURE:
        low, high = attributes(MIREDS_MIN), attributes(MIREDS_MAX)
        # Some lamps give 0 or 65535 for "never set".
        if not low or not high or not 50 <= low < high <= 1000:  # noqa: PLR2004
            low, high = _USUAL_MIREDS
        kelvin = (to_kelvin(high), to_kelvin(low))
    return Colours(bool(bits & _HAS_XY), bool(bits & _HAS_HUE), kelvin)


def to_kelvin(mireds: Any) -> int:
    """Return kelvin, 1,000,000 / mireds."""
    return round(1_000_000 / int(mireds))


def to_mireds(kelvin: int, limits: tuple[int, int]) -> int:
    """Return mireds for kelvin, within the lamp's limits (kelvin)."""
    return round(1_000_000 / min(max(kelvin, limits[0]), limits[1]))


def to_level(level: float) -> int:
    """Return 1 to 254 for a brightness above 0."""
    return max(1, round(min(level, 1.0) * FULL))


def from_level(raw: Any) -> float:
    """Return the brightness, 0 to 1; 255 stands for "unknown" and counts as full."""
    return round(min(int(raw), FULL) / FULL, 4)


def to_xy(xy: tuple[float, float]) -> tuple[int, int]:
    """Return x and y as the lamp counts them."""
    x, y = (min(max(round(value * _ONE), 0), 0xFEFF) for value in xy)
    return x, y


def to_hue(xy: tuple[float, float]) -> tuple[int, int]:
    """Return hue and saturation for a lamp that knows no xy."""
    red, green, blue = _rgb(*xy)
    hue, saturation, _ = colorsys.rgb_to_hsv(red, green, blue)
    return min(round(hue * FULL), FULL), min(round(saturation * FULL), FULL)


def shown(attributes: Attributes) -> tuple[int | None, tuple[float, float] | None]:
    """Return kelvin and xy; the colour mode says which of them holds."""
    mode = attributes(MODE)
    if mode is None:
        mode = _TEMPERATURE_MODE if attributes(MIREDS) else _XY_MODE
    if mode == _TEMPERATURE_MODE:
        mireds = attributes(MIREDS)
        return (to_kelvin(mireds) if mireds else None), None
    x, y = attributes(X), attributes(Y)
    if mode == _HUE_MODE and (x is None or y is None):
        hue, saturation = attributes(HUE), attributes(SATURATION)
        if hue is None or saturation is None:
            return None, None
        return None, _from_hue(hue / FULL, saturation / FULL)
    if x is None or y is None:
        return None, None
    return None, (round(x / _ONE, 4), round(y / _ONE, 4))


_TEMPERATURE_LIGHTS: Final = frozenset({0x010C, 0x0220})
"""Device types of Zigbee 3.0 and of Light Link."""


def _rgb(x: float, y: float) -> tuple[float, float, float]:
    """Return linear sRGB of full brightness for a chromaticity (IEC 61966-2-1, D65)."""
    y = max(y, 1e-4)
    big_x, big_z = x / y, (1 - x - y) / y
    red = 3.2406 * big_x - 1.5372 - 0.4986 * big_z
    green = -0.9689 * big_x + 1.8758 + 0.0415 * big_z
    blue = 0.0557 * big_x - 0.2040 + 1.0570 * big_z
    most = max(red, green, blue, 1e-6)
    return max(red, 0) / most, max(green, 0) / most, max(blue, 0) / most


def _from_hue(hue: float, saturation: float) -> tuple[float, float]:
    red, green, blue = colorsys.hsv_to_rgb(hue, saturation, 1.0)
    big_x = 0.4124 * red + 0.3576 * green + 0.1805 * blue
    big_y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    big_z = 0.0193 * red + 0.1192 * green + 0.9505 * blue
    total = big_x + big_y + big_z
    return round(big_x / total, 4), round(big_y / total, 4)
