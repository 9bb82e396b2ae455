"""What the models say: readings of single senses, and the mood that fusion makes of them.

Nothing here imports numpy: the hub process uses these types and must stay light.
Valence and arousal lie in [-1, 1] (circumplex model, Russell 1980, doi:10.1037/h0077714).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Emotion(StrEnum):
    """The labels that every model answers in; a model may know fewer, never others."""

    ANGER = "anger"
    CONTEMPT = "contempt"
    DISGUST = "disgust"
    FEAR = "fear"
    HAPPINESS = "happiness"
    NEUTRAL = "neutral"
    SADNESS = "sadness"
    SURPRISE = "surprise"


EMOTIONS: tuple[Emotion, ...] = tuple(Emotion)
"""The order of every probability vector."""


class Sense(StrEnum):
    """Where a reading comes from."""

    FACE = "face"
    VOICE = "voice"
    TEXT = "text"
    BODY = "body"
    CONTEXT = "context"


@dataclass(frozen=True, slots=True)
class Affect:
    """A point on the valence-arousal plane with the calibrated variance of each axis."""

    valence: float
    arousal: float
    valence_var: float
    arousal_var: float


@dataclass(frozen=True, slots=True)
class Reading:
    """What one sense said about one moment.

    `probabilities` follow EMOTIONS and sum to 1, or are empty when the sense has no labels (body,
    context). `quality` in [0, 1] says how good the sample was; it lowers confidence and is never
    a statement about the mood. `model` is the catalog id of the weights (or the method's name).
    """

    sense: Sense
    affect: Affect
    probabilities: tuple[float, ...]
    quality: float
    model: str


@dataclass(frozen=True, slots=True)
class MoodEstimate:
    """The fused mood of a person or of a room at one moment.

    `confidence` in [0, 1] is calibrated: the estimate's label is right about that often.
    `weights` says how much each sense counted and sums to 1 with the baseline's share left out.
    `disagreement` in [0, 1] is 0 when all senses say the same.
    """

    valence: float
    arousal: float
    label: Emotion
    confidence: float
    weights: Mapping[Sense, float]
    disagreement: float
