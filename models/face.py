"""The face path: a frame in, one reading per tracked face out.

Gate -> find -> track -> align -> judge quality -> read expression -> smooth over time.
Pixels enter and only numbers leave; nothing of a frame is kept but a 16x12 grid of brightness.
"""

import math

import numpy as np
from numpy.typing import NDArray

from models.affect import affect
from models.catalog import Catalog
from models.face_align import align
from models.face_emotion import MODEL, FaceEmotion
from models.face_gate import FaceGate
from models.face_look import FaceFinder
from models.face_quality import quality
from models.face_track import FaceTracker, Track
from models.face_types import Box, Detection, FaceReading
from models.types import Reading, Sense

SMOOTHING_S = 0.5
"""Time constant of a track's probabilities: noise is averaged, a change shows within a second."""

MAX_SIDE = 8192
_MIN_SIDE = 16
_SURE_SCORE = 0.75  # below this a new face must be seen twice before it is reported


class FacePipeline:
    """Reads faces frame by frame; belongs to the thread that calls it first."""

    def __init__(self, catalog: Catalog, threads: int = 1) -> None:
        """Load all nets; raises WeightsError."""
        self._finder = FaceFinder(catalog, threads)
        self._emotion = FaceEmotion(catalog, threads)
        self._tracker = FaceTracker()
        self._gate = FaceGate()
        self._smoothed: dict[int, tuple[float, NDArray[np.float32]]] = {}

    @property
    def occupied(self) -> bool:
        """Whether a face is, or was within the last two seconds, in view."""
        return bool(self._tracker.tracks)

    def presence(self, image: NDArray[np.uint8], monotonic_s: float) -> bool:
        """Whether the frame is worth a look; well under a millisecond, changes nothing.

        True while a face is in view, when something moved, and every two seconds at least.
        Raises ValueError as a call does.
        """
        _check(image, monotonic_s)
        return self.occupied or self._gate.wants(image, monotonic_s)

    def __call__(self, image: NDArray[np.uint8], monotonic_s: float) -> tuple[FaceReading, ...]:
        """Read every face in a BGR frame; most frames of an empty room cost next to nothing.

        Raises ValueError unless the frame is uint8 [h, w, 3], neither empty nor beyond 8192 on a
        side, and the time finite. A frame below 16 pixels a side holds no readable face.
        """
        if not self.presence(image, monotonic_s) or min(image.shape[:2]) < _MIN_SIDE:
            return ()
        faces = self._finder.find(image, self._tracker.tracks, monotonic_s)
        owners = self._tracker.update(faces, monotonic_s)
        self._gate.looked(image, monotonic_s, found=self.occupied)
        alive = {track.id for track in self._tracker.tracks}
        self._smoothed = {id_: kept for id_, kept in self._smoothed.items() if id_ in alive}
        readings = (
            self._read(image, face, track, monotonic_s)
            for face, track in zip(faces, owners, strict=True)
            if track.hits > 1 or face.score >= _SURE_SCORE
        )
        return tuple(reading for reading in readings if reading is not None)

    def _read(
        self, image: NDArray[np.uint8], face: Detection, track: Track, now: float
    ) -> FaceReading | None:
        crop = align(image, face)
        if crop is None:
            return None
        # A new face is read twice over, a known one from one side at a time: its average has both.
        fresh = (
            self._emotion.classify_crop(crop.gray)
            if track.id not in self._smoothed
            else self._emotion.classify_view(crop.gray, mirrored=track.hits % 2 == 0)
        )
        shares = [float(share) for share in self._smooth(track.id, fresh, now)]
        total = math.fsum(shares)
        probabilities = tuple(share / total for share in shares)
        good = quality(face, crop).total
        reading = Reading(Sense.FACE, affect(probabilities), probabilities, good, MODEL)
        return FaceReading(reading, track.id, _inside(face.box))

    def _smooth(self, track: int, fresh: NDArray[np.float32], now: float) -> NDArray[np.float32]:
        """Exponential average over the track's own past, by time rather than by frames."""
        before_s, before = self._smoothed.get(track, (now, fresh))
        keep = np.float32(math.exp(-max(now - before_s, 0.0) / SMOOTHING_S))
        blended = (keep * before + (1 - keep) * fresh).astype(np.float32)
        self._smoothed[track] = (now, blended)
        return blended


def _check(image: NDArray[np.uint8], monotonic_s: float) -> None:
    if not isinstance(image, np.ndarray) or image.dtype != np.uint8:
        raise ValueError("a frame is an array of uint8")
    if image.shape[2:] != (3,) or 0 in image.shape:
        raise ValueError(f"a frame is [height, width, 3]; got {image.shape}")
    if max(image.shape[:2]) > MAX_SIDE:
        raise ValueError(f"a frame has at most {MAX_SIDE} pixels a side; got {image.shape}")
    if not math.isfinite(monotonic_s):
        raise ValueError("a frame's time must be finite")


def _inside(box: Box) -> Box:
    """The part of a box that lies in the picture."""
    left, top = min(max(box[0], 0.0), 1.0), min(max(box[1], 0.0), 1.0)
    right = min(max(box[0] + box[2], left), 1.0)
    bottom = min(max(box[1] + box[3], top), 1.0)
    return (left, top, right - left, bottom - top)
