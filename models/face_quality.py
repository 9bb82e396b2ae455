"""How good a face sample is, 0 to 1: a product of size, sharpness, light, pose and certainty.

Each factor is 1 for an ordinary good sample and falls in a straight line to 0 where the
expression net has nothing left to go by. It says nothing about the mood.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from models.face_align import Crop
from models.face_types import Detection

_FLAT = 1e-9


@dataclass(frozen=True, slots=True)
class Quality:
    """The factors, each 0 to 1."""

    size: float
    sharpness: float
    light: float
    pose: float
    certainty: float

    @property
    def total(self) -> float:
        """All factors multiplied."""
        return self.size * self.sharpness * self.light * self.pose * self.certainty


def quality(face: Detection, crop: Crop) -> Quality:
    """Judge one aligned face."""
    return Quality(
        size=_ramp(crop.native_side, 14, 40),
        sharpness=_sharpness(crop.gray),
        light=_light(crop.gray),
        pose=_pose(face, crop.roll_deg) * _ramp(crop.inside, 0.5, 0.9),
        certainty=_ramp(face.score, 0.35, 0.75),
    )


def _ramp(value: float, zero: float, one: float) -> float:
    """0 at `zero`, 1 at `one`, a straight line between; `one` may lie below `zero`."""
    return float(min(max((value - zero) / (one - zero), 0.0), 1.0))


def _sharpness(gray: NDArray[np.uint8]) -> float:
    """Variance of the Laplacian over the crop's own: low when blurred, very high in noise.

    FER2013's crops have 0.26 to 2.0, reduced to 24 pixels 0.03 to 0.2, with noise of 25 levels 1.9
    to 9 (2nd and 98th percentile).
    """
    spread = _spread(gray)[1] ** 2
    if spread < 1:
        return 0.0
    detail = _spread(cv2.Laplacian(gray, cv2.CV_32F))[1] ** 2 / spread
    return _ramp(detail, 0.005, 0.2) * _ramp(detail, 6.0, 2.5)


def _light(gray: NDArray[np.uint8]) -> float:
    mean, deviation = _spread(gray)
    return _ramp(mean, 8, 45) * _ramp(mean, 252, 225) * _ramp(deviation, 3, 18)


def _pose(face: Detection, roll_deg: float) -> float:
    """Turned away: the nose leaves the middle of the eyes. Nodding: it nears eyes or mouth."""
    left, right, nose, mouth = (complex(*point) for point in face.points[:4])
    middle = (left + right) / 2
    # Points are relative to width and height; the eye axis alone makes the measure shape-free.
    eyes, down, out = right - left, mouth - middle, nose - middle
    area = _area(eyes, down)
    if abs(area) < _FLAT:
        return 0.0
    across, along = _area(out, down) / area, _area(eyes, out) / area
    turned = _ramp(abs(across), 0.65, 0.25)
    nodded = _ramp(abs(along - 0.5), 0.5, 0.25)
    return turned * nodded * _ramp(abs(roll_deg), 60, 25)


def _area(one: complex, other: complex) -> float:
    """Signed area that two arrows span."""
    return (one.conjugate() * other).imag


def _spread(values: cv2.typing.MatLike) -> tuple[float, float]:
    """Mean and standard deviation of all values, several times faster than numpy's."""
    mean, deviation = cv2.meanStdDev(values)
    return float(mean[0, 0]), float(deviation[0, 0])
