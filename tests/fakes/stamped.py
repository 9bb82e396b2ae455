"""Pictures that carry the time they were made at, readable after JPEG, H.264 and shrinking.

Twenty-four squares in the top row hold milliseconds of the monotonic clock, which all processes
of a machine share: so a test sees how old a picture is.
"""

import time

import numpy as np
from numpy.typing import NDArray

BITS = 24
SQUARE = 20
_WIDTH, _HEIGHT = 640, 480


def picture(step: int) -> NDArray[np.uint8]:
    """Return a 640x480 BGR picture that changes with `step` and is stamped with now."""
    image = np.full((_HEIGHT, _WIDTH, 3), 60, np.uint8)
    left = step * 8 % (_WIDTH - 80)
    image[200:280, left : left + 80] = (40, 160, 220)
    now = round(time.monotonic() * 1000)
    for bit in range(BITS):
        image[:SQUARE, bit * SQUARE : (bit + 1) * SQUARE] = 255 * (now >> bit & 1)
    return image


def age_s(image: NDArray[np.uint8], taken_s: float) -> float:
    """Return how long before `taken_s` the picture was made."""
    scale = image.shape[1] / _WIDTH
    row = round(SQUARE / 2 * scale)
    columns = [round((bit + 0.5) * SQUARE * scale) for bit in range(BITS)]
    made = sum(1 << bit for bit, x in enumerate(columns) if image[row, x].mean() > 127)
    return float((round(taken_s * 1000) - made) % (1 << BITS)) / 1000
