"""Turn a detected face into the upright 48x48 grey crop that the expression net was taught on.

The template is where BlazeFace itself finds eyes and mouth on FER2013's crops (medians over 1,458
of them), so that a camera's crop is framed as the training pictures are.
"""

import cmath
import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from models.face_shrink import halve
from models.face_types import Detection

SIDE = 48
TEMPLATE = ((15.1, 18.9), (32.9, 18.9), (24.2, 37.2))
"""Left eye, right eye, mouth in the crop."""


_SCALES = (1e-3, float(SIDE))
_LEAST_PIXELS = 2
_MARGIN = 2


@dataclass(frozen=True, slots=True)
class Crop:
    """An aligned face.

    `gray` is uint8 [48, 48]; `native_side` its side in picture pixels; `inside` the share of it
    that lies within the picture; `roll_deg` how far it was turned.
    """

    gray: NDArray[np.uint8]
    native_side: float
    inside: float
    roll_deg: float


def align(image: NDArray[np.uint8], face: Detection) -> Crop | None:
    """Cut one face out of a BGR picture; None when its points span no area to speak of."""
    height, width = image.shape[:2]
    points = [face.points[i] for i in (0, 1, 3)]
    turn, shift = _similarity([complex(x * width - 0.5, y * height - 0.5) for x, y in points])
    scale = abs(turn)
    if not _SCALES[0] < scale < _SCALES[1]:
        return None
    corners = [(corner - shift) / turn for corner in (0, SIDE, SIDE * 1j, SIDE * (1 + 1j))]
    across, down = [corner.real for corner in corners], [corner.imag for corner in corners]
    left, top = math.floor(min(across)) - _MARGIN, math.floor(min(down)) - _MARGIN
    right, bottom = math.ceil(max(across)) + _MARGIN, math.ceil(max(down)) + _MARGIN
    x0, y0, x1, y1 = max(left, 0), max(top, 0), min(right, width), min(bottom, height)
    if min(x1 - x0, y1 - y0) < _LEAST_PIXELS:
        return None
    patch = cv2.cvtColor(image[y0:y1, x0:x1], cv2.COLOR_BGR2GRAY)
    gray = _warp(np.asarray(patch, np.uint8), (x0, y0), turn, shift)
    inside = (x1 - x0) * (y1 - y0) / ((right - left) * (bottom - top))
    return Crop(gray, SIDE / scale, inside, math.degrees(cmath.phase(1 / turn)))


def as_crop(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Make a ready-made face picture (grey [h, w] or BGR [h, w, 3]) a 48x48 grey crop.

    Raises ValueError for any other shape or dtype.
    """
    if image.dtype != np.uint8 or not _is_picture(image.shape):
        raise ValueError(f"a crop is uint8 [h, w] or [h, w, 3]; got {image.dtype} {image.shape}")
    if image.shape[2:]:
        image = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8)
    if image.shape == (SIDE, SIDE):
        return image
    smaller = max(image.shape) > SIDE
    method = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, (SIDE, SIDE), interpolation=method), np.uint8)


def _warp(
    patch: NDArray[np.uint8], corner: tuple[int, int], turn: complex, shift: complex
) -> NDArray[np.uint8]:
    """Bring a part of the picture, cut at `corner`, into the crop.

    A plain warp would skip pixels of a large face, so it is first averaged down to less than twice
    the crop's scale.
    """
    small, block = halve(patch, 1 / abs(turn))
    # Pixel centres: the small picture's first one lies in the middle of a block of large ones.
    first = turn * complex(*(side + (block - 1) / 2 for side in corner)) + shift
    turn *= block
    gray = cv2.warpAffine(
        small,
        np.array([[turn.real, -turn.imag, first.real], [turn.imag, turn.real, first.imag]]),
        (SIDE, SIDE),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(gray, np.uint8)


def _is_picture(shape: tuple[int, ...]) -> bool:
    return 0 not in shape and (len(shape) == len("hw") or shape[2:] == (3,))


def _similarity(given: list[complex]) -> tuple[complex, complex]:
    """Turn-and-scale and shift (complex numbers) that bring pixel indices nearest the template.

    Least squares (Umeyama 1991, doi:10.1109/34.88573), which in the complex plane is a line fit.
    Three points, because eyes alone draw together when a head turns.
    """
    wanted = [complex(x - 0.5, y - 0.5) for x, y in TEMPLATE]
    middle, goal = sum(given) / len(given), sum(wanted) / len(wanted)
    spread = [point - middle for point in given]
    size = sum(abs(point) ** 2 for point in spread)
    pairs = zip(spread, wanted, strict=True)
    turn = sum(point.conjugate() * (aim - goal) for point, aim in pairs) / max(size, 1e-9)
    return turn, goal - turn * middle
