"""Find the faces of one frame at the least cost: known ones by flow, near ones, then far ones.

Faces that are new or small are looked at again in a close-up before they count: the close-up
places eyes and mouth better and turns away most of what only resembles a face.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from models.catalog import Catalog
from models.face_detect import FULL_RANGE, MAX_FACES, SHORT_RANGE, FaceDetector
from models.face_follow import FaceFollower
from models.face_track import Track, match_cost, overlap
from models.face_types import Box, Detection

FAR_EVERY_S, FAR_BESIDE_S = 1.0, 3.0
"""How often far faces are searched while no face is known, and beside known ones: it costs three
times a near search."""

NEAR_EVERY_S = 1.0
"""How often the whole frame is searched while every known face is where it should be: following
each costs a fifth, a close-up half, and who comes in is seen soon enough."""

_NEAR_SCORE, _FAR_SCORE = 0.45, 0.25  # of a candidate: the close-up judges it
_NEW_SCORE, _KNOWN_SCORE = 0.7, 0.4  # in close-ups
_SMALL = 0.2  # of the longer side: below this the full frame places points too coarsely
_CLOSE_UP, _TIGHT = 2.2, 1.6  # sides of close-ups in face sizes
_LEAST_PIXELS = 16  # of a close-up
_CLOSE_UPS = 4  # a frame, so that a crowd cannot stall the camera
_SAME = 0.3


class FaceFinder:
    """The two detectors and when to use which."""

    def __init__(self, catalog: Catalog, threads: int = 1) -> None:
        """Load both nets; raises WeightsError."""
        self._near = FaceDetector(catalog, SHORT_RANGE, threads)
        self._far = FaceDetector(catalog, FULL_RANGE, threads)
        self._follower = FaceFollower()
        self._near_s = self._far_s = -math.inf
        self._far_turns = 0

    def find(
        self, image: NDArray[np.uint8], tracks: Sequence[Track], monotonic_s: float
    ) -> tuple[Detection, ...]:
        """All faces that can be stood for, given the tracks alive."""
        if 0 < len(tracks) <= _CLOSE_UPS and 0 <= monotonic_s - self._near_s < NEAR_EVERY_S:
            # What was seen once only must be found again before it counts as seen twice.
            sure = all(track.hits > 1 for track in tracks)
            followed = _distinct(self._follower.follow(image)) if sure else []
            if len(followed) == len(tracks):
                return tuple(followed)
        faces = self._search(image, tracks, monotonic_s)
        self._follower.remember(image, faces)
        return faces

    def _search(
        self, image: NDArray[np.uint8], tracks: Sequence[Track], monotonic_s: float
    ) -> tuple[Detection, ...]:
        """Look with the nets, at the places of known faces first."""
        expected = [track.box_at(monotonic_s) for track in tracks]
        if 0 < len(expected) <= _CLOSE_UPS and 0 <= monotonic_s - self._near_s < NEAR_EVERY_S:
            looked = self._verify(image, [(box, True) for box in expected], [])
            if len(_distinct(looked)) == len(expected):
                return tuple(_distinct(looked))
        self._near_s = monotonic_s
        faces, doubtful = [], []
        for face in self._near(image, _NEAR_SCORE):
            known = _among(face.box, expected)
            if known and face.score >= _NEW_SCORE and _longest(face.box, image) >= _SMALL:
                faces.append(face)
            else:
                doubtful.append((face.box, known))
        doubtful += [(box, True) for box in expected]
        faces = self._verify(image, doubtful, faces)
        pause_s = FAR_BESIDE_S if tracks else FAR_EVERY_S
        if (tracks or not faces) and not 0 <= monotonic_s - self._far_s < pause_s:
            self._far_s = monotonic_s
            faces = self._verify(image, self._search_far(image), faces)
        return tuple(_distinct(faces)[:MAX_FACES])

    def _verify(
        self, image: NDArray[np.uint8], doubtful: Sequence[tuple[Box, bool]], sure: list[Detection]
    ) -> list[Detection]:
        """Add to the sure faces what a close-up confirms; each is (box, known)."""
        faces, close_ups = list(sure), 0
        for box, known in doubtful:
            if close_ups < _CLOSE_UPS and not _among(box, [face.box for face in faces]):
                close_ups += 1
                faces += self._close_up(image, box, known)
        return faces

    def _search_far(self, image: NDArray[np.uint8]) -> list[tuple[Box, bool]]:
        """Look for far faces in one end of the picture, the next time in the other.

        A square end shows a wide picture's faces a third larger than the whole would.
        """
        height, width = image.shape[:2]
        side = min(height, width)
        self._far_turns += 1
        last = self._far_turns % 2
        left, top = (width - side) * last, (height - side) * last
        pixels = np.ascontiguousarray(image[top : top + side, left : left + side])
        part = _Patch(pixels, (left / width, top / height), (side / width, side / height))
        return [(part.placed(face).box, False) for face in self._far(pixels, _FAR_SCORE)]

    def _close_up(self, image: NDArray[np.uint8], box: Box, known: bool) -> tuple[Detection, ...]:
        """Look again at the surroundings of a box; the face that lies there, or nothing.

        A new face must also convince in a tighter mirror image: what merely resembles a face
        seldom does so twice.
        """
        found = self._at(_surroundings(image, box, _CLOSE_UP), box, _KNOWN_SCORE)
        if found is None or known:
            return (found,) if found else ()
        patch = _surroundings(image, found.box, _TIGHT)
        if patch is None:
            return ()
        mirrored = replace(patch, pixels=np.ascontiguousarray(patch.pixels[:, ::-1]))
        again = self._at(mirrored, mirrored.mirror(found.box), _KNOWN_SCORE)
        score = (found.score + (again.score if again else 0.0)) / 2
        return (replace(found, score=score),) if score >= _NEW_SCORE else ()

    def _at(self, patch: "_Patch | None", box: Box, least: float) -> Detection | None:
        """Return the strongest face in the patch that lies where the box is."""
        if patch is None:
            return None
        placed = (patch.placed(face) for face in self._near(patch.pixels, least))
        return next((face for face in placed if match_cost(box, face.box) < math.inf), None)


@dataclass(frozen=True, slots=True)
class _Patch:
    """A square part of a picture; its corner and size are relative to the picture."""

    pixels: NDArray[np.uint8]
    corner: tuple[float, float]
    unit: tuple[float, float]

    def placed(self, face: Detection) -> Detection:
        """Return the patch's face in the whole picture's coordinates."""
        (left, top), (across, down) = self.corner, self.unit
        x, y, width, height = face.box
        return Detection(
            face.score,
            (left + x * across, top + y * down, width * across, height * down),
            tuple((left + px * across, top + py * down) for px, py in face.points),
        )

    def mirror(self, box: Box) -> Box:
        """Return where a box is once the patch is mirrored in place."""
        x, y, width, height = box
        return (2 * self.corner[0] + self.unit[0] - x - width, y, width, height)


def _surroundings(image: NDArray[np.uint8], box: Box, reach: float) -> _Patch | None:
    """Cut out the square around a box, `reach` times its size; None when too little is there."""
    height, width = image.shape[:2]
    side = round(max(box[2] * width, box[3] * height) * reach)
    left = round((box[0] + box[2] / 2) * width - side / 2)
    top = round((box[1] + box[3] / 2) * height - side / 2)
    x0, y0 = max(left, 0), max(top, 0)
    x1, y1 = min(left + side, width), min(top + side, height)
    if min(x1 - x0, y1 - y0) < _LEAST_PIXELS:
        return None
    pixels = image[y0:y1, x0:x1]
    if pixels.shape[:2] != (side, side):
        # Black beyond the picture's edge, so that the face keeps its place and scale.
        around = np.zeros((side, side, 3), np.uint8)
        around[y0 - top : y1 - top, x0 - left : x1 - left] = pixels
        pixels = around
    return _Patch(pixels, (left / width, top / height), (side / width, side / height))


def _distinct(faces: Sequence[Detection]) -> list[Detection]:
    """Strongest first, without second looks at the same face."""
    kept: list[Detection] = []
    for face in sorted(faces, key=lambda face: -face.score):
        if all(overlap(face.box, other.box) < _SAME for other in kept):
            kept.append(face)
    return kept


def _among(box: Box, boxes: Sequence[Box]) -> bool:
    return any(match_cost(other, box) < math.inf for other in boxes)


def _longest(box: Box, image: NDArray[np.uint8]) -> float:
    """The box's longer side as a share of the picture's longer side."""
    height, width = image.shape[:2]
    return float(max(box[2] * width, box[3] * height) / max(width, height))
