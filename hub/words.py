"""The hub's way of speaking about moods: "seems", never "is"; doubt in words before numbers."""

_ADJECTIVES = {
    "anger": "tense",
    "contempt": "put off",
    "disgust": "put off",
    "fear": "uneasy",
    "happiness": "content",
    "neutral": "calm",
    "sadness": "low",
    "surprise": "surprised",
}

_SURE = ((0.8, "very sure"), (0.6, "fairly sure"), (0.4, "a guess"), (0.0, "barely a guess"))


def seems(label: str) -> str:
    """Return "seems ..." for an emotion label; a label that is not known reads as itself."""
    return f"seems {_ADJECTIVES.get(label, label)}"


def how_sure(confidence: float) -> str:
    """Return a confidence in words."""
    return next(words for least, words in _SURE if confidence >= least)
