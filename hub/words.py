"""The hub's way of speaking about moods: "seems", never "is"; doubt in words before numbers."""

from hub.phrase import Phrase, phrase_or

_SOUNDS = {
    f"{lively}, {bright} music": f"because.music_{lively}_{bright}"
    for lively in ("lively", "calm")
    for bright in ("bright", "muted")
}
_SURE = ((0.8, "very"), (0.6, "fairly"), (0.4, "guess"), (0.0, "barely"))


def adjective(label: str) -> str:
    """Return the word for an emotion label; a label that is not known reads as itself."""
    return phrase_or("mood", label)


def what_plays(told: str) -> str:
    """Return what a player plays: words for what the simulated one tells, else a title as it is."""
    key = _SOUNDS.get(told)
    return told if key is None else Phrase(key)


def seems(label: str) -> Phrase:
    """Return "seems ..." for an emotion label."""
    return Phrase("because.seems", mood=adjective(label))


def how_sure(confidence: float) -> Phrase:
    """Return a confidence in words."""
    return Phrase(next(f"sure.{words}" for least, words in _SURE if confidence >= least))
