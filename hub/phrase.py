"""What the hub says to people: a key of the catalogues and what goes into its places.

A Phrase is a str, its English text, so logs and programs read it as any other. `in_language` gives
it in another language; `translated` does so for whatever plain data holds phrases; `stored` and
`restored` keep the key and the parts, so that what was said long ago is read in any language.
`hub/phrases/*.toml` are the catalogues, a file a language, with the same keys and places.
"""

import json
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final, Literal, Self, get_args

Language = Literal["en", "de"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
SOURCE: Final[Language] = "en"

Part = str | int | float | tuple["Part", ...]
"""A text, a Phrase, a number, or several joined as "a, b and c"."""

_KEY = re.compile(r"[a-z_]+\.[a-z0-9_]+")
_FOLDER = Path(__file__).with_name("phrases")
_DECIMAL_MARK: Mapping[Language, str] = {"en": ".", "de": ","}


class Phrase(str):
    """The text of a key with its parts filled in. Raises KeyError for what no catalogue has.

    `str()` leaves it as it is: an error raised with a phrase still tells it in any language.
    """

    __slots__ = ("key", "parts")

    key: str
    parts: Mapping[str, Part]

    def __new__(cls, key: str, /, **parts: Part) -> Self:
        """Fill the English text in."""
        made = super().__new__(cls, _filled(key, parts, SOURCE))
        made.key = key
        made.parts = parts
        return made

    def __str__(self) -> "Phrase":
        """Return itself."""
        return self

    def __deepcopy__(self, _memo: object) -> "Phrase":
        """Return itself: it does not change."""
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        """Be pickled as key and parts."""
        return _made, (self.key, dict(self.parts))

    def in_language(self, language: Language) -> str:
        """Return the text in a language."""
        return self if language == SOURCE else _filled(self.key, self.parts, language)

    def stored(self) -> str:
        """Return key and parts as one line of JSON; a name within it stands as it is."""
        return json.dumps(_plain(self), separators=(",", ":"), ensure_ascii=False)


def restored(text: str) -> str:
    """Undo `Phrase.stored`; a text that was stored as it is comes back as it is.

    What names a key or a place that is not known (another version's, or one that an erased name
    was part of) reads as its parts alone.
    """
    if not text.startswith('["'):
        return text
    try:
        kept = json.loads(text)
        match kept:
            case [str(key), dict()] if _KEY.fullmatch(key):
                return str(_read(kept))
    except (ValueError, RecursionError):  # somebody else's text, that only begins alike
        pass
    return text


def kept(text: str) -> str:
    """Return a text as it is stored, for `restored`: a phrase in any language, else as it is.

    Somebody's own text that looks like a stored phrase becomes the part of one, or its reader would
    be shown what nobody said.
    """
    if isinstance(text, Phrase):
        return text.stored()
    return Phrase("text.plain", text=text).stored() if text.startswith('["') else text


def translated(data: Any, language: Language) -> Any:
    """Return plain data with every phrase in it as text of a language."""
    if language == SOURCE:
        return data
    return _walked(data, lambda one: one.in_language(language) if isinstance(one, Phrase) else one)


def frozen(data: Any) -> Any:
    """Return plain data with every phrase in it as it is stored; `thawed` undoes it."""
    return _walked(data, lambda one: kept(one) if isinstance(one, str) else one)


def thawed(data: Any) -> Any:
    """Undo `frozen`."""
    return _walked(data, lambda one: restored(one) if isinstance(one, str) else one)


@lru_cache(maxsize=64)
def best_language(accepted: str, otherwise: Language) -> Language:
    """Return the best language for an `Accept-Language` (RFC 9110, 12.5.4)."""
    ranked: list[tuple[float, int, Language]] = []
    for place, one in enumerate(accepted[:200].split(",")):
        tag, _, weight = one.partition(";")
        base = tag.strip().lower().partition("-")[0]
        try:
            quality = float(weight.strip().removeprefix("q=") or 1.0)
        except ValueError:
            continue
        if base in LANGUAGES and quality > 0:
            ranked.append((-quality, place, base))
    return min(ranked)[2] if ranked else otherwise


@cache
def catalogue(language: Language) -> Mapping[str, str]:
    """Return every text of a language by its key, `section.name`."""
    found = tomllib.loads((_FOLDER / f"{language}.toml").read_text(encoding="utf-8"))
    return {
        f"{section}.{name}": text
        for section, texts in found.items()
        for name, text in texts.items()
    }


def phrase_or(section: str, name: str, otherwise: str | None = None) -> str:
    """Return the phrase of a name from elsewhere; the name, or another, if there is none."""
    key = f"{section}.{name}"
    if key in catalogue(SOURCE):
        return Phrase(key)
    return name if otherwise is None else otherwise


def _walked(data: Any, leaf: Callable[[Any], Any]) -> Any:
    match data:
        case dict():
            return {key: _walked(value, leaf) for key, value in data.items()}
        case list() | tuple():
            return [_walked(value, leaf) for value in data]
        case _:
            return leaf(data)


def _filled(key: str, parts: Mapping[str, Part], language: Language) -> str:
    shown = {name: _shown(part, language) for name, part in parts.items()}
    return catalogue(language)[key].format_map(shown)


def _shown(part: Part, language: Language) -> str | int:
    match part:
        case Phrase():
            return part.in_language(language)
        case tuple():
            texts = [str(_shown(one, language)) for one in part]
            if len(texts) < 2:  # noqa: PLR2004 - one needs no "and"
                return "".join(texts)
            both = catalogue(language)["list.and"]
            return both.format(most=", ".join(texts[:-1]), last=texts[-1])
        case float():
            return f"{part:g}".replace(".", _DECIMAL_MARK[language])
        case _:
            return part


def _plain(part: Part) -> Any:
    match part:
        case Phrase():
            return [part.key, {name: _plain(one) for name, one in part.parts.items()}]
        case tuple():
            return {"": [_plain(one) for one in part]}
        case _:
            return part


def _read(kept: Any) -> Part:
    match kept:
        case [str(key), dict(parts)]:
            read = {name: _read(one) for name, one in parts.items()}
            try:
                return Phrase(key, **read)
            except (KeyError, TypeError):
                return " ".join(_texts(kept[1]))
        case {"": list(several)}:
            return tuple(_read(one) for one in several)
        case str() | int() | float():
            return kept
        case _:
            return " ".join(_texts(kept))


def _texts(kept: Any) -> Iterator[str]:
    match kept:
        case [str(), dict(parts)]:
            yield from _texts(parts)
        case dict():
            for value in kept.values():
                yield from _texts(value)
        case list():
            for value in kept:
                yield from _texts(value)
        case _:
            yield str(kept)


def _made(key: str, parts: dict[str, Part]) -> Phrase:
    return Phrase(key, **parts)
