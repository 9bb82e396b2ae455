"""What a value in the configuration should have been, in words that can be translated.

The kinds of error that people make are told from the catalogues; a kind that is not known here is
told in pydantic's own English (docs.pydantic.dev/latest/errors/validation_errors).
"""

from collections.abc import Callable, Mapping
from typing import Any

from pydantic_core import ErrorDetails

from hub.phrase import Phrase

MOST_SHOWN = 40
"""Characters of a wrong value: a line's worth."""

_Told = Callable[[str, Mapping[str, Any]], Phrase]

_KINDS: Mapping[str, _Told] = {
    "less_than_equal": lambda found, why: Phrase("config.at_most", limit=why["le"], found=found),
    "less_than": lambda found, why: Phrase("config.below", limit=why["lt"], found=found),
    "greater_than_equal": lambda found, why: Phrase(
        "config.at_least", limit=why["ge"], found=found
    ),
    "greater_than": lambda found, why: Phrase("config.above", limit=why["gt"], found=found),
    "literal_error": lambda found, why: Phrase(
        "config.one_of", expected=_alternatives(why["expected"]), found=found
    ),
    "string_pattern_mismatch": lambda found, why: Phrase(
        "config.pattern", pattern=why["pattern"], found=found
    ),
    "string_too_short": lambda found, why: Phrase(
        "config.too_short", n=why["min_length"], found=found
    ),
    "string_too_long": lambda found, why: Phrase(
        "config.too_long", n=why["max_length"], found=found
    ),
    **dict.fromkeys(
        ("int_type", "int_parsing", "int_from_float"),
        lambda found, _why: Phrase("config.whole_number", found=found),
    ),
    **dict.fromkeys(
        ("float_type", "float_parsing", "finite_number"),
        lambda found, _why: Phrase("config.number", found=found),
    ),
    **dict.fromkeys(
        ("bool_type", "bool_parsing"), lambda found, _why: Phrase("config.yes_no", found=found)
    ),
    **dict.fromkeys(
        ("dict_type", "model_type", "model_attributes_type"),
        lambda found, _why: Phrase("config.mapping", found=found),
    ),
    **dict.fromkeys(
        ("list_type", "tuple_type"), lambda found, _why: Phrase("config.list", found=found)
    ),
    "string_type": lambda found, _why: Phrase("config.text", found=found),
    "missing": lambda _found, _why: Phrase("config.missing"),
}


def in_words(detail: ErrorDetails) -> str:
    """Return what is wrong with one value: a phrase where the kind is known."""
    kind = detail["type"]
    if kind == "value_error":
        return detail["msg"].removeprefix("Value error, ")
    found, told = _short(detail["input"]), _KINDS.get(kind)
    return told(found, detail.get("ctx", {})) if told else f"{detail['msg']}, not {found}"


def _alternatives(expected: str) -> str:
    """Return pydantic's "'a', 'b' or 'c'" without the word between the last two."""
    return expected.replace(" or ", ", ")


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= MOST_SHOWN else f"{text[: MOST_SHOWN - 3]}..."
