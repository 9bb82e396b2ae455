"""What the text sense says. No numpy here: the hub reads these types."""

from dataclasses import dataclass

from models.types import Emotion, Reading

TEXT_LIMIT = 4000
"""Characters of one text; a mood read from the first page of a book would be a false one."""

FAMILIES: dict[Emotion, tuple[str, ...]] = {
    Emotion.ANGER: ("anger", "annoyance", "disapproval"),
    Emotion.DISGUST: ("disgust",),
    Emotion.FEAR: ("fear", "nervousness"),
    Emotion.HAPPINESS: (
        "admiration",
        "amusement",
        "approval",
        "caring",
        "desire",
        "excitement",
        "gratitude",
        "joy",
        "love",
        "optimism",
        "pride",
        "relief",
    ),
    Emotion.NEUTRAL: ("neutral",),
    Emotion.SADNESS: ("disappointment", "embarrassment", "grief", "remorse", "sadness"),
    Emotion.SURPRISE: ("confusion", "curiosity", "realization", "surprise"),
}
"""GoEmotions' names by our labels, after the Ekman map of Demszky et al. 2020 (arXiv:2005.00547).

Contempt has no counterpart there: the text sense never says it.
"""


SENTIMENTS: dict[str, frozenset[str]] = {
    "positive": frozenset(FAMILIES[Emotion.HAPPINESS]),
    "negative": frozenset(
        name
        for family in (Emotion.ANGER, Emotion.DISGUST, Emotion.FEAR, Emotion.SADNESS)
        for name in FAMILIES[family]
    ),
    "ambiguous": frozenset(FAMILIES[Emotion.SURPRISE]),
    "neutral": frozenset(FAMILIES[Emotion.NEUTRAL]),
}
"""GoEmotions' names by sentiment, as its authors group them."""


class TextError(ValueError):
    """The text cannot be read as a text; `reason` is safe to show and never quotes it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class TextReading:
    """What one text says.

    `emotions` are GoEmotions' names that passed their thresholds with their probabilities, the
    likeliest first; there may be none. `english` is False when the text seems to be in another
    language, which the model has not learnt: `reading.quality` is then low.
    """

    reading: Reading
    emotions: tuple[tuple[str, float], ...]
    english: bool
