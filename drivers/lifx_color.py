"""Between LIFX's hue, saturation, brightness and kelvin, and our xy, level and kelvin.

A saturated LIFX colour is taken as sRGB: hue and saturation give linear-light primaries, whose
chromaticity is xy. Both ways agree, so an echo of a command comes back as what was commanded.
"""

import colorsys
from typing import Final

_TO_XYZ: Final = (
    (0.4124564, 0.3575761, 0.1804375),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339, 0.1191920, 0.9503041),
)
"""IEC 61966-2-1, D65."""
_FROM_XYZ: Final = (
    (3.2404542, -1.5371385, -0.4985314),
    (-0.9692660, 1.8760108, 0.0415560),
    (0.0556434, -0.2040259, 1.0572252),
)
WHITE_BELOW: Final = 0.02
"""Saturation under which a light counts as white, of a colour temperature."""
LEAST_Y: Final = 1e-4


def xy_of(hue: float, saturation: float) -> tuple[float, float]:
    """Return the chromaticity of a hue in degrees and a saturation in [0, 1]."""
    red, green, blue = (
        _linear(c) for c in colorsys.hsv_to_rgb(hue % 360 / 360, min(max(saturation, 0), 1), 1)
    )
    x, y, z = (r * red + g * green + b * blue for r, g, b in _TO_XYZ)
    total = x + y + z
    return round(x / total, 4), round(y / total, 4)


def hue_of(xy: tuple[float, float]) -> tuple[float, float]:
    """Return hue in degrees [0, 360) and saturation; out of sRGB, the nearest that it has."""
    x, y = xy[0], max(xy[1], LEAST_Y)
    point = (x / y, 1.0, (1 - x - y) / y)
    rgb = [max(sum(f * p for f, p in zip(row, point, strict=True)), 0.0) for row in _FROM_XYZ]
    most = max(*rgb, 1e-9)
    hue, saturation, _ = colorsys.rgb_to_hsv(*(_encoded(c / most) for c in rgb))
    return hue * 360 % 360, saturation


def _linear(c: float) -> float:
    return c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4  # noqa: PLR2004 - sRGB's


def _encoded(c: float) -> float:
    return 12.92 * c if c <= 0.0031308 else 1.055 * c ** (1 / 2.4) - 0.055  # noqa: PLR2004 - sRGB's
