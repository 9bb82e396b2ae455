"""Real photographs from installed packages, and frames made of them."""

from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]


def _package(name: str) -> Path:
    """Return where a package lies, without importing it: only its pictures are wanted."""
    spec = find_spec(name)
    assert spec is not None, f"{name} is missing: run scripts/setup dev"
    assert spec.origin is not None
    return Path(spec.origin).parent


SKIMAGE = _package("skimage") / "data"
MATPLOTLIB = _package("matplotlib") / "mpl-data" / "sample_data"

ASTRONAUT_FACE = (0.355, 0.13, 0.175, 0.205)
"""Where the face is in the portrait (x, y, width, height), by eye: chin to hair line."""


def read(path: Path) -> Image:
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    assert image is not None, f"{path} is missing: install scikit-image and matplotlib"
    return np.asarray(image, np.uint8)


def astronaut() -> Image:
    """A portrait of Eileen Collins, 512x512, smiling (NASA, public domain)."""
    return read(SKIMAGE / "astronaut.png")


def hopper() -> Image:
    """A portrait of Grace Hopper, 512x600 (US Navy, public domain)."""
    return read(MATPLOTLIB / "grace_hopper.jpg")


def room(width: int = 640, height: int = 480) -> Image:
    """A picture without anybody."""
    return resized(read(SKIMAGE / "coffee.png"), width, height)


def resized(image: Image, width: int, height: int) -> Image:
    return np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def placed(scene: Image, portrait: Image, side: int, x: int, y: int) -> Image:
    """The scene with a square portrait of that side pasted in."""
    frame = scene.copy()
    frame[y : y + side, x : x + side] = resized(portrait, side, side)
    return frame


def noisy(image: Image, random: np.random.Generator, sigma: float = 4.0) -> Image:
    """The sensor's noise."""
    values = image + random.normal(0, sigma, image.shape)
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)
