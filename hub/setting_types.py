"""Names and numbers that several sections of the configuration have in common."""

from typing import Annotated

from pydantic import Field

from drivers.settings import Strict
from models.types import Emotion

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
"""Keys that stand for things in the home: lower case, digits and underscores."""
Unit = Annotated[float, Field(ge=0, le=1)]
HalfLife = Annotated[float, Field(gt=0, le=86_400)]
Axis = Annotated[float, Field(ge=-1, le=1)]
Clock = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
"""A time of day, `HH:MM`."""
Celsius = Annotated[float, Field(ge=5, le=30)]
"""A target temperature for a room where people live."""


class MoodRegion(Strict):
    """Part of the valence-arousal plane, and labels; a mood must satisfy all that are given."""

    valence: tuple[Axis, Axis] | None = None
    arousal: tuple[Axis, Axis] | None = None
    labels: tuple[Emotion, ...] = ()
    confidence: Unit = 0.5
    """The least confidence; the guard's floor applies besides."""
