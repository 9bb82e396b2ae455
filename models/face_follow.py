"""Follow a face that was found from frame to frame, for a fifth of what finding it again costs.

Pyramidal Lucas-Kanade flow (Bouguet 2001, Intel) of a grid of points over the face gives one shift,
turn and scale. It counts only while most points agree on it and the picture, brought back by it,
still looks as it did when the face was found; always against that frame, so nothing drifts.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from models.face_shrink import shrink
from models.face_types import Box, Detection, Point

_SIDE = 64
_REACH = 1.8  # side of what is kept, in face sizes
_LEAST_SIDE = 32  # of what is kept, in picture pixels: below this flow has too little to hold on to
_GRID = 5
_WINDOW = (13, 13)
_LEVELS = 2
_STEPS = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 10, 0.03)
_NEAR = 1.5  # pixels of the small picture within which a point agrees
_AGREE = 0.7
_ALIKE = 0.85  # correlation over the face
_SCALES = (0.8, 1.25)
_TURN = math.radians(20)

Affine = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Known:
    """A face as it was found: a small grey picture [64, 64] of it and where that was cut."""

    face: Detection
    small: NDArray[np.uint8]
    place: Box


class FaceFollower:
    """`remember` the faces of a frame that was searched; `follow` them in those after it."""

    def __init__(self) -> None:
        self._known: list[_Known] = []

    def remember(self, image: NDArray[np.uint8], faces: Sequence[Detection]) -> None:
        """Keep what is needed to follow these faces of a BGR picture; forget all others."""
        self._known = []
        for face in faces:
            place = _surroundings(face.box, image)
            small = _small(image, place)
            if small is not None:
                self._known.append(_Known(face, small, place))

    def follow(self, image: NDArray[np.uint8]) -> list[Detection]:
        """Return the remembered faces where they are now; those that were lost are left out."""
        found = (_found(image, known) for known in self._known)
        return [face for face in found if face is not None]


def _found(image: NDArray[np.uint8], known: _Known) -> Detection | None:
    small = _small(image, known.place)
    if small is None:
        return None
    small = _as_lit(small, known.small)
    before = _POINTS
    after, tracked, _ = cv2.calcOpticalFlowPyrLK(
        *(known.small, small, before, np.empty_like(before)),
        winSize=_WINDOW,
        maxLevel=_LEVELS,
        criteria=_STEPS,
    )
    good = tracked[:, 0] == 1
    if good.mean() < _AGREE:
        return None
    affine, agreed = cv2.estimateAffinePartial2D(
        before[good], after[good], ransacReprojThreshold=_NEAR
    )
    if affine is None or agreed.sum() < _AGREE * len(before):
        return None
    scale, turn = math.hypot(affine[0, 0], affine[1, 0]), math.atan2(affine[1, 0], affine[0, 0])
    if not _SCALES[0] < scale < _SCALES[1] or abs(turn) > _TURN:
        return None
    if _likeness(known.small, small, np.asarray(affine, np.float64)) < _ALIKE:
        return None
    return _moved(known, np.asarray(affine, np.float64), scale)


def _as_lit(now: NDArray[np.uint8], then: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Bring a picture to another's mean and contrast: flow takes a dimmed lamp for movement."""
    (mean, spread), (old_mean, old_spread) = (cv2.meanStdDev(one) for one in (now, then))
    gain = float(old_spread[0, 0]) / max(float(spread[0, 0]), 1.0)
    shift = float(old_mean[0, 0]) - gain * float(mean[0, 0])
    return np.asarray(cv2.addWeighted(now, gain, now, 0.0, shift), np.uint8)


def _likeness(before: NDArray[np.uint8], now: NDArray[np.uint8], affine: Affine) -> float:
    """Correlation, -1 to 1, of the face then and now, over the middle where the face is."""
    back = cv2.warpAffine(
        *(now, affine, (_SIDE, _SIDE)),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    then, there = (one[_FACE, _FACE].astype(np.float32) for one in (before, back))
    return float(cv2.matchTemplate(there, then, cv2.TM_CCOEFF_NORMED)[0, 0])


def _moved(known: _Known, affine: Affine, scale: float) -> Detection:
    """Return the face with its box and points shifted, turned and scaled."""
    left, top, across, down = known.place
    unit = (across / _SIDE, down / _SIDE)

    def place(point: Point) -> Point:
        x, y = (point[0] - left) / unit[0], (point[1] - top) / unit[1]
        at = affine @ (x, y, 1.0)
        return float(left + at[0] * unit[0]), float(top + at[1] * unit[1])

    x, y, width, height = known.face.box
    middle = place((x + width / 2, y + height / 2))
    width, height = width * scale, height * scale
    box = (middle[0] - width / 2, middle[1] - height / 2, width, height)
    return Detection(known.face.score, box, tuple(place(point) for point in known.face.points))


def _surroundings(box: Box, image: NDArray[np.uint8]) -> Box:
    """Return the square around a box, cut off at the picture's edges, relative to the picture."""
    height, width = image.shape[:2]
    half = max(box[2] * width, box[3] * height) * _REACH / 2
    x, y = (box[0] + box[2] / 2) * width, (box[1] + box[3] / 2) * height
    left, top = max(math.floor(x - half), 0), max(math.floor(y - half), 0)
    right, bottom = min(math.ceil(x + half), width), min(math.ceil(y + half), height)
    return left / width, top / height, (right - left) / width, (bottom - top) / height


def _small(image: NDArray[np.uint8], place: Box) -> NDArray[np.uint8] | None:
    """Cut that part out of a BGR picture, grey and [64, 64]; None where it is too small."""
    height, width = image.shape[:2]
    left, top = round(place[0] * width), round(place[1] * height)
    right, bottom = left + round(place[2] * width), top + round(place[3] * height)
    if min(right - left, bottom - top) < _LEAST_SIDE:
        return None
    part = shrink(image[top:bottom, left:right], (_SIDE, _SIDE))
    return np.asarray(cv2.cvtColor(part, cv2.COLOR_BGR2GRAY), np.uint8)


def _grid() -> NDArray[np.float32]:
    """Points [25, 1, 2] over the face in the small picture."""
    reach = _SIDE / _REACH / 2
    steps = np.linspace(_SIDE / 2 - reach, _SIDE / 2 + reach, _GRID, dtype=np.float32)
    return np.array([[(x, y)] for y in steps for x in steps], np.float32)


_POINTS = _grid()
_FACE = slice(round(_SIDE * (1 - 1 / _REACH) / 2), round(_SIDE * (1 + 1 / _REACH) / 2))
