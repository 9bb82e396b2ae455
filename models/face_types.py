"""What the face path says, free of numpy so that any process may hold it."""

from dataclasses import dataclass

from models.types import Reading

Point = tuple[float, float]
"""x, y relative to the picture's width and height."""

Box = tuple[float, float, float, float]
"""x, y, width, height relative to the picture's width and height; the corner is the upper left."""


@dataclass(frozen=True, slots=True)
class Detection:
    """One face in one picture.

    `points`: the eye on the picture's left, the one on its right, nose tip, mouth, and the two
    ears (tragions), left first. Points and box may reach a little outside the picture.
    """

    score: float
    box: Box
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class FaceReading:
    """What one tracked face said in one frame; `track` is never used for a second face."""

    reading: Reading
    track: int
    box: Box
