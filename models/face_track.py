"""Follow faces from frame to frame, so that a reading belongs to one face while it is in view.

Boxes are matched by overlap with where each track should be by now (constant velocity); a face
that jumped further than its own width is still matched by nearness and like size. Numbers are
never used twice. It cannot tell two people apart who swap places out of sight: it knows no faces.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from models.face_types import Box, Detection

KEEP_S = 2.0
"""How long a face may be hidden and still be the same track."""

_COAST_S = 0.5  # how far ahead a velocity is trusted
_OVERLAP = 0.15
_REACH = 0.8  # in face sizes
_LIKE_SIZE = 1.8
_SHORTEST_S = 1e-3  # between frames; less gives no velocity


@dataclass(slots=True)
class Track:
    """One face in view; `hits` counts the frames it was found in."""

    id: int
    detection: Detection
    seen_s: float
    hits: int = 1
    velocity: tuple[float, float] = (0.0, 0.0)

    def box_at(self, monotonic_s: float) -> Box:
        """Where the box should be at that time."""
        ahead = min(max(monotonic_s - self.seen_s, 0.0), _COAST_S)
        x, y, width, height = self.detection.box
        return (x + self.velocity[0] * ahead, y + self.velocity[1] * ahead, width, height)


class FaceTracker:
    """Call `update` once a frame with what was found."""

    def __init__(self, keep_s: float = KEEP_S) -> None:
        self._keep_s = keep_s
        self._next_id = 1
        self._tracks: list[Track] = []

    @property
    def tracks(self) -> tuple[Track, ...]:
        """Every track still alive, hidden ones too, oldest first."""
        return tuple(self._tracks)

    def update(self, faces: Sequence[Detection], monotonic_s: float) -> tuple[Track, ...]:
        """Take one frame's faces; return the track of each, in the same order."""
        self._tracks = [t for t in self._tracks if monotonic_s - t.seen_s <= self._keep_s]
        owners: list[Track | None] = [None] * len(faces)
        free = set(range(len(self._tracks)))
        for _, face, track in sorted(self._pairs(faces, monotonic_s)):
            if owners[face] is None and track in free:
                free.discard(track)
                owners[face] = self._tracks[track]
                _move(self._tracks[track], faces[face], monotonic_s)
        return tuple(
            owner or self._begin(face, monotonic_s)
            for owner, face in zip(owners, faces, strict=True)
        )

    def _pairs(self, faces: Sequence[Detection], now: float) -> list[tuple[float, int, int]]:
        """Possible matches as (cost, face, track)."""
        boxes = [track.box_at(now) for track in self._tracks]
        costs = [
            (match_cost(box, face.box), row, column)
            for row, face in enumerate(faces)
            for column, box in enumerate(boxes)
        ]
        return [cost for cost in costs if cost[0] < math.inf]

    def _begin(self, face: Detection, now: float) -> Track:
        track = Track(self._next_id, face, now)
        self._next_id += 1
        self._tracks.append(track)
        return track


def overlap(one: Box, other: Box) -> float:
    """Intersection over union, 0 to 1."""
    across = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    down = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    shared = max(across, 0.0) * max(down, 0.0)
    both = one[2] * one[3] + other[2] * other[3] - shared
    return shared / both if both > 0 else 0.0


def match_cost(expected: Box, found: Box) -> float:
    """How badly two boxes fit as one face: -1 for the same box, infinite for no match at all."""
    shared = overlap(expected, found)
    if shared >= _OVERLAP:
        return -shared
    widths = sorted((max(expected[2], 1e-9), max(found[2], 1e-9)))
    far = math.dist(_centre(expected), _centre(found)) / widths[1]
    if far > _REACH or widths[1] / widths[0] > _LIKE_SIZE:
        return math.inf
    return far


def _move(track: Track, face: Detection, now: float) -> None:
    passed = now - track.seen_s
    if passed > _SHORTEST_S:
        before, after = _centre(track.detection.box), _centre(face.box)
        track.velocity = (
            _blend(track.velocity[0], (after[0] - before[0]) / passed),
            _blend(track.velocity[1], (after[1] - before[1]) / passed),
        )
    track.detection, track.seen_s, track.hits = face, max(now, track.seen_s), track.hits + 1


def _blend(old: float, new: float) -> float:
    """Half old, half new; no face crosses the picture more than three times a second."""
    return min(max((old + new) / 2, -3.0), 3.0)


def _centre(box: Box) -> tuple[float, float]:
    return box[0] + box[2] / 2, box[1] + box[3] / 2
