"""The hub's way of speaking about moods: "seems", never "is"; doubt in words before numbers."""

from hub.phrase import Phrase, phrase_or

_SURE = ((0.8, "very"), (0.6, "fairly"), (0.4, "guess"), (0.0, "barely"))


def adjective(label: str) -> str:
    """Return the word for an emotion label; a label that is not known reads as itself."""
    return phrase_or("mood", label)


def seems(label: str) -> Phrase:
    """Return "seems ..." for an emotion label."""
    return Phrase("because.seems", mood=adjective(label))


def how_sure(confidence: float) -> Phrase:
    """Return a confidence in words."""
    return Phrase(next(f"sure.{words}" for least, words in _SURE if confidence >= least))
