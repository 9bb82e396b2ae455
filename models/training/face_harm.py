"""What cameras and rooms do to a face picture, for the table of robustness.

Each harm takes a crop uint8 [48, 48] and a seeded generator and gives a harmed crop.
"""

from collections.abc import Callable, Mapping
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Gray = NDArray[np.uint8]
Harm = Callable[[Gray, np.random.Generator], Gray]


def _blur(sigma: float) -> Harm:
    return lambda crop, _: _gray(cv2.GaussianBlur(crop, (0, 0), sigma))


def _noise(sigma: float) -> Harm:
    return lambda crop, random: _gray(crop + random.normal(0, sigma, crop.shape))


def _dark(share: float) -> Harm:
    """Less light: fewer grey levels and the sensor's own noise of 2 levels."""
    return lambda crop, random: _gray(crop * share + random.normal(0, 2, crop.shape))


def _jpeg(quality: int) -> Harm:
    def harm(crop: Gray, _: np.random.Generator) -> Gray:
        packed = cv2.imencode(".jpg", crop, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        return np.asarray(cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE), np.uint8)

    return harm


def _small(side: int) -> Harm:
    def harm(crop: Gray, _: np.random.Generator) -> Gray:
        small = cv2.resize(crop, (side, side), interpolation=cv2.INTER_AREA)
        return _gray(cv2.resize(small, crop.shape, interpolation=cv2.INTER_LINEAR))

    return harm


def _patch(crop: Gray, random: np.random.Generator) -> Gray:
    """Hide a third of the side by a third, anywhere."""
    side = len(crop) // 3
    top, left = random.integers(0, len(crop) - side, 2)
    hidden = crop.copy()
    hidden[top : top + side, left : left + side] = 128
    return hidden


def _mask(crop: Gray, _: np.random.Generator) -> Gray:
    """Hide mouth and chin."""
    hidden = crop.copy()
    hidden[30:] = 200
    return hidden


def _turned(degrees: float) -> Harm:
    def harm(crop: Gray, random: np.random.Generator) -> Gray:
        angle = degrees * random.choice([-1, 1])
        middle = (len(crop) - 1) / 2
        matrix = cv2.getRotationMatrix2D((middle, middle), angle, 1)
        return _gray(cv2.warpAffine(crop, matrix, crop.shape, borderMode=cv2.BORDER_REPLICATE))

    return harm


def _gray(values: NDArray[Any]) -> Gray:
    levels: Gray = np.clip(np.rint(values), 0, 255).astype(np.uint8)
    return levels


HARMS: Mapping[str, Harm] = {
    "none": lambda crop, _: crop,
    "blur, sigma 1": _blur(1),
    "blur, sigma 2": _blur(2),
    "noise, sigma 10": _noise(10),
    "noise, sigma 25": _noise(25),
    "dark, 1/4 of the light": _dark(0.25),
    "dark, 1/10 of the light": _dark(0.1),
    "JPEG quality 20": _jpeg(20),
    "JPEG quality 8": _jpeg(8),
    "24 pixels": _small(24),
    "16 pixels": _small(16),
    "16x16 hidden": _patch,
    "mouth hidden": _mask,
    "turned 15 degrees": _turned(15),
    "turned 30 degrees": _turned(30),
}
