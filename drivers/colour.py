"""Colours between the CIE 1931 xy of commands and what devices take: sRGB, hue and saturation.

Source: IEC 61966-2-1 (sRGB, D65). Brightness is kept apart: a colour has none here.
"""

import colorsys

Pair = tuple[float, float]
Triple = tuple[float, float, float]

WHITE: Pair = (0.3127, 0.3290)
_TO_RGB = (
    (3.2404542, -1.5371385, -0.4985314),
    (-0.9692660, 1.8760108, 0.0415560),
    (0.0556434, -0.2040259, 1.0572252),
)
_TO_XYZ = (
    (0.4124564, 0.3575761, 0.1804375),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339, 0.1191920, 0.9503041),
)
_LINEAR_BELOW = 0.0031308
_CODED_BELOW = 0.04045


def rgb_of_xy(xy: Pair) -> Triple:
    """Return the brightest red, green, blue in [0, 1] of this colour; outside sRGB the nearest."""
    x, y = xy[0], max(xy[1], 1e-6)
    tristimulus = (x / y, 1.0, (1.0 - x - y) / y)
    linear = [max(0.0, _dot(row, tristimulus)) for row in _TO_RGB]
    brightest = max(linear) or 1.0
    red, green, blue = (_code(part / brightest) for part in linear)
    return red, green, blue


def xy_of_rgb(rgb: Triple) -> Pair:
    """Return the colour of red, green, blue in [0, 1]; black counts as white."""
    red, green, blue = (_linear(min(max(part, 0.0), 1.0)) for part in rgb)
    x, y, z = (_dot(row, (red, green, blue)) for row in _TO_XYZ)
    total = x + y + z
    return (round(x / total, 4), round(y / total, 4)) if total > 0 else WHITE


def hs_of_xy(xy: Pair) -> Pair:
    """Return hue in degrees [0, 360) and saturation in [0, 1]."""
    hue, saturation, _ = colorsys.rgb_to_hsv(*rgb_of_xy(xy))
    return hue * 360.0 % 360.0, saturation


def xy_of_hs(hs: Pair) -> Pair:
    """Return the colour of a hue in degrees and a saturation in [0, 1]."""
    return xy_of_rgb(colorsys.hsv_to_rgb(hs[0] % 360.0 / 360.0, min(max(hs[1], 0.0), 1.0), 1.0))


def _dot(row: Triple, column: Triple) -> float:
    return row[0] * column[0] + row[1] * column[1] + row[2] * column[2]


def _code(linear: float) -> float:
    if linear <= _LINEAR_BELOW:
        return 12.92 * linear
    return min(1.0, 1.055 * float(linear ** (1 / 2.4)) - 0.055)


def _linear(coded: float) -> float:
    if coded <= _CODED_BELOW:
        return coded / 12.92
    return float(((coded + 0.055) / 1.055) ** 2.4)
