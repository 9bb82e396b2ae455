"""Find faces: BlazeFace (Bazarevsky et al. 2019, arXiv:1907.05047) with our own decoding.

The nets' outputs are offsets to fixed anchors; overlapping answers are blended, weighted by their
scores, which steadies the box more than keeping the best one.
"""

import math
from dataclasses import dataclass
from itertools import product

import cv2
import numpy as np
from numpy.typing import NDArray

from models.catalog import Catalog
from models.face_shrink import shrink
from models.face_types import Detection
from models.runtime import Net

MIN_SCORE = 0.5
OVERLAP = 0.3
MAX_FACES = 8
"""More faces than this in one picture are left out, weakest first."""

_LOGIT_LIMIT = 60.0


@dataclass(frozen=True, slots=True)
class Kind:
    """A detector's grid: (stride, anchors per cell) for each output layer, in order."""

    entry: str
    side: int
    grid: tuple[tuple[int, int], ...]


SHORT_RANGE = Kind("blazeface_short", 128, ((8, 2), (16, 6)))
FULL_RANGE = Kind("blazeface_full", 192, ((4, 1),))


class FaceDetector:
    """One BlazeFace net. Call it with a BGR picture; faces come strongest first."""

    def __init__(self, catalog: Catalog, kind: Kind = SHORT_RANGE, threads: int = 1) -> None:
        """Load the net; raises WeightsError."""
        self._side = kind.side
        self._anchors = _anchors(kind)
        self._net = Net.load(catalog.path(kind.entry), threads)

    def __call__(
        self, image: NDArray[np.uint8], min_score: float = MIN_SCORE
    ) -> tuple[Detection, ...]:
        """Find faces in a uint8 [h, w, 3] picture that score at least so much, of (0, 1)."""
        tensor, unit = _letterbox(image, self._side)
        scores, offsets = self._net(tensor)
        logits = scores[0, :, 0]
        rows = np.flatnonzero(logits >= math.log(min_score / (1 - min_score)))
        if not rows.size:
            return ()
        decoded = self._decode(rows, offsets[0, rows])
        good = np.isfinite(decoded).all(axis=1) & (decoded[:, 2:4] > decoded[:, :2]).all(axis=1)
        chances = 1 / (1 + np.exp(-np.minimum(logits[rows[good]], _LOGIT_LIMIT)))
        merged = _merge(decoded[good], chances)
        return tuple(_detection(row, score, unit) for row, score in merged[:MAX_FACES])

    def _decode(self, rows: NDArray[np.intp], offsets: NDArray[np.float32]) -> NDArray[np.float32]:
        """Offsets [n, 16] to x0, y0, x1, y1 and six points, relative to the square [n, 16]."""
        pairs = offsets.reshape(len(offsets), 8, 2) / np.float32(self._side)
        anchors = self._anchors[rows]
        centre, half = pairs[:, 0] + anchors, pairs[:, 1] / 2
        points = pairs[:, 2:] + anchors[:, None]
        corners = np.concatenate((centre - half, centre + half), axis=1)
        return np.concatenate((corners, points.reshape(len(offsets), 12)), axis=1)


def _anchors(kind: Kind) -> NDArray[np.float32]:
    """Centres of the grid's cells, relative to the square, as often as a cell has anchors."""
    centres = []
    for stride, per_cell in kind.grid:
        cells = kind.side // stride
        for row, column in product(range(cells), range(cells)):
            centres += [((column + 0.5) / cells, (row + 0.5) / cells)] * per_cell
    return np.array(centres, np.float32)


def _letterbox(
    image: NDArray[np.uint8], side: int
) -> tuple[NDArray[np.float32], tuple[float, float]]:
    """Shrink into a black square of that side; also tell the square's size in picture sizes."""
    height, width = image.shape[:2]
    scale = side / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    square = np.zeros((side, side, 3), np.uint8)
    cv2.cvtColor(shrink(image, size), cv2.COLOR_BGR2RGB, dst=square[: size[1], : size[0]])
    tensor = square[None].astype(np.float32)
    tensor /= np.float32(127.5)
    tensor -= np.float32(1)
    return tensor, (side / size[0], side / size[1])


def _merge(
    rows: NDArray[np.float32], chances: NDArray[np.float32]
) -> list[tuple[NDArray[np.float32], float]]:
    """Blend rows that overlap the strongest, weighted by score; repeat with what is left."""
    order = np.argsort(-chances, kind="stable")
    merged = []
    while order.size:
        overlap = _overlap(rows[order[0], :4], rows[order, :4])
        same = overlap > OVERLAP
        same[0] = True
        group = order[same]
        weights = chances[group]
        blended = weights @ rows[group] / weights.sum()
        merged.append((blended.astype(np.float32), float(chances[order[0]])))
        order = order[~same]
    return merged


def _overlap(one: NDArray[np.float32], many: NDArray[np.float32]) -> NDArray[np.float32]:
    """Intersection over union of one box with each of many (corners)."""
    inner = np.minimum(one[2:], many[:, 2:]) - np.maximum(one[:2], many[:, :2])
    shared = np.clip(inner, 0, None).prod(axis=1)
    areas = (many[:, 2:] - many[:, :2]).prod(axis=1)
    own = (one[2:] - one[:2]).prod()
    return np.asarray(shared / np.maximum(own + areas - shared, 1e-12), np.float32)


def _detection(row: NDArray[np.float32], score: float, unit: tuple[float, float]) -> Detection:
    pairs = [(float(x * unit[0]), float(y * unit[1])) for x, y in row.reshape(8, 2)]
    (left, top), (right, bottom) = pairs[:2]
    return Detection(score, (left, top, right - left, bottom - top), tuple(pairs[2:]))
