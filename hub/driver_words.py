"""What drivers say, as phrases: they speak plain English and know nothing of languages.

A driver's text is matched with the English texts of the catalogue's `driver` section; what fills
the places becomes the phrase's parts. A text that none fits, a library's own for instance, stays as
it is.
"""

import re
from collections.abc import Sequence
from functools import cache, lru_cache

from hub.phrase import SOURCE, Phrase, catalogue

LONGEST = 500
"""Drivers' own sentences are shorter, and whatever they quote is cut before."""

_SECTION = "driver."
_PLACE = re.compile(r"\\{(\w+)\\}")


@lru_cache(maxsize=1024)
def in_words(text: str) -> str:
    """Return a driver's text as a phrase, or as it came; a phrase stays as it is."""
    if isinstance(text, Phrase) or not 0 < len(text) <= LONGEST:
        return text
    for name, pattern in _patterns():
        found = pattern.fullmatch(text)
        if found is not None:
            return Phrase(f"driver.{name}", **found.groupdict())
    return text


@cache
def _patterns() -> Sequence[tuple[str, re.Pattern[str]]]:
    """Return the texts' names and patterns, the most telling first: some fit much."""
    texts = {
        key.removeprefix(_SECTION): text
        for key, text in catalogue(SOURCE).items()
        if key.startswith(_SECTION)
    }
    told = sorted(texts, key=lambda name: (-len(_PLACE.sub("", re.escape(texts[name]))), name))
    return [(name, _pattern(texts[name])) for name in told]


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(_PLACE.sub(r"(?P<\1>.+)", re.escape(text)), re.DOTALL)
