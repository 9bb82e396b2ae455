"""Reading what comes over a broker, strictly: text, JSON and finite numbers, or BadPayload."""

import json
import math
from functools import lru_cache
from typing import Any, NoReturn

from drivers.types import BadPayload

MAX_TEXT = 200
"""The longest word that a device may measure."""


def text_of(payload: bytes) -> str:
    """Decode UTF-8. Raises BadPayload."""
    try:
        return payload.decode()
    except UnicodeDecodeError as err:
        raise BadPayload("no UTF-8") from err


@lru_cache(maxsize=4)
def json_of(payload: bytes) -> Any:
    """Parse JSON, to be read only. Raises BadPayload.

    Several entities of a device read the same message, so the newest few stay parsed.
    """
    try:
        return json.loads(text_of(payload), parse_constant=_not_finite)
    except (ValueError, RecursionError) as err:
        raise BadPayload("no JSON") from err


def object_of(payload: bytes) -> dict[str, Any]:
    """Parse a JSON object, to be read only. Raises BadPayload."""
    said = json_of(payload)
    if not isinstance(said, dict):
        raise BadPayload("no JSON object")
    return said


_compact = json.JSONEncoder(separators=(",", ":")).encode
"""Made once: json.dumps makes one with each call that wants other separators."""


def compact(value: object) -> bytes:
    """Return plain data as JSON without white space."""
    return _compact(value).encode()


def number(value: object) -> float:
    """Return a finite number as float. Raises BadPayload."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadPayload("something else than a number")
    try:
        return finite(float(value))
    except OverflowError as err:
        raise BadPayload("a number that is too great") from err


def number_in(value: object) -> float:
    """Return a finite number, also one that is written as text. Raises BadPayload."""
    if isinstance(value, str) and len(value) <= MAX_TEXT:
        try:
            return finite(float(value))
        except ValueError as err:
            raise BadPayload("something else than a number") from err
    return number(value)


def finite(value: float) -> float:
    """Return the number unless it is infinite or none. Raises BadPayload."""
    if not math.isfinite(value):
        raise BadPayload("a number that is not finite")
    return value


def within(value: float, low: float, high: float, what: str) -> float:
    """Return the number if it lies within these limits. Raises BadPayload."""
    if not low <= value <= high:
        raise BadPayload(f"{what} outside {low} to {high}")
    return value


def _not_finite(_: str) -> NoReturn:
    raise BadPayload("a number that is not finite")
