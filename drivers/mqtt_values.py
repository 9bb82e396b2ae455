"""What values in templates are: JSON's, and one for what is not there."""

import json
from typing import Final

from drivers.types import BadPayload

MAX_RESULT = 65_536


class Undefined:
    """A name or key that is not there: false, and empty when it is written."""

    def __repr__(self) -> str:
        """Return what it is called in messages."""
        return "undefined"


UNDEFINED: Final = Undefined()


def is_true(value: object) -> bool:
    """Return Jinja's truth."""
    return not isinstance(value, Undefined) and bool(value)


def spoken(value: object) -> str:
    """Return how Jinja writes a value; the empty text for nothing."""
    if value is None or isinstance(value, Undefined):
        return ""
    if isinstance(value, dict | list):
        return bounded(json.dumps(value))
    return bounded(str(value))


def bounded(text: str) -> str:
    """Return the text unless it is too long. Raises BadPayload."""
    if len(text) > MAX_RESULT:
        raise BadPayload("a text that is too long")
    return text


def item(value: object, key: object) -> object:
    """Return a key's or an index's value, or UNDEFINED; never an attribute of a Python object."""
    if isinstance(value, dict):
        return value.get(key, UNDEFINED) if isinstance(key, str | int | float) else UNDEFINED
    if isinstance(value, list | str) and isinstance(key, int) and not isinstance(key, bool):
        return value[key] if -len(value) <= key < len(value) else UNDEFINED
    return UNDEFINED
