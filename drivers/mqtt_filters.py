"""The filters, tests, methods and operators of drivers.mqtt_template, each with bounded results."""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from drivers.mqtt_values import MAX_RESULT, UNDEFINED, Undefined, bounded, is_true, item, spoken

MAX_BITS = 1000
MAX_PLACES = 15


@dataclass(frozen=True, slots=True)
class Function:
    """What may be called: the value comes first, then so many arguments as `takes` lists."""

    call: Callable[..., object]
    takes: tuple[int, ...] = (0,)


def _float(value: Any, default: object = UNDEFINED) -> object:
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        if isinstance(default, Undefined):
            raise
        return default


def _int(value: Any, default: object = UNDEFINED, base: Any = 10) -> object:
    try:
        return int(value, base) if isinstance(value, str) and base != 10 else int(float(value))  # noqa: PLR2004
    except (TypeError, ValueError, OverflowError):
        if isinstance(default, Undefined):
            raise
        return default


def _round(value: Any, precision: Any = 0, method: Any = "common") -> object:
    places = int(precision)
    if abs(places) > MAX_PLACES:
        raise ValueError("too many places")
    match method:
        case "common" | "half":
            rounded = round(float(value), places)
        case "floor":
            rounded = math.floor(float(value) * 10**places) / 10**places
        case "ceil":
            rounded = math.ceil(float(value) * 10**places) / 10**places
        case _:
            raise ValueError("an unknown rounding")
    return int(rounded) if places <= 0 else rounded


def _default(value: object, default: object = "", also_false: object = False) -> object:
    missing = isinstance(value, Undefined) or (is_true(also_false) and not is_true(value))
    return default if missing else value


def _replace(value: object, old: Any, new: Any) -> object:
    text, found, put = spoken(value), spoken(old), spoken(new)
    if len(text) + text.count(found) * len(put) > MAX_RESULT:
        raise ValueError("too long")
    return text.replace(found, put)


def _bool(value: object, default: object = UNDEFINED) -> object:
    if isinstance(value, bool | int | float):
        return bool(value)
    match spoken(value).lower():
        case "true" | "yes" | "on" | "enable" | "1":
            return True
        case "false" | "no" | "off" | "disable" | "0":
            return False
    if not isinstance(default, Undefined):
        return default
    raise ValueError("neither true nor false")


def _get(value: object, key: object, default: object = None) -> object:
    found = item(value, key)
    return default if isinstance(found, Undefined) else found


def _iif(value: object, yes: object = True, no: object = False) -> object:
    return yes if is_true(value) else no


def _split(value: object, separator: Any = None) -> object:
    return spoken(value).split(separator)


def _list_of(value: object) -> list[Any]:
    if not isinstance(value, list | str):
        raise TypeError("no list")
    return list(value)


def _length(value: object) -> object:
    if not isinstance(value, list | str | dict):
        raise TypeError("no length")
    return len(value)


def _words(value: object, function: Callable[[str], str]) -> str:
    return function(spoken(value))


FILTERS: Final[dict[str, Function]] = {
    "abs": Function(lambda v: abs(_numeric(v))),
    "bool": Function(_bool, (0, 1)),
    "capitalize": Function(lambda v: _words(v, str.capitalize)),
    "count": Function(_length),
    "d": Function(_default, (0, 1, 2)),
    "default": Function(_default, (0, 1, 2)),
    "first": Function(lambda v: item(_list_of(v), 0)),
    "float": Function(_float, (0, 1)),
    "iif": Function(_iif, (0, 1, 2)),
    "int": Function(_int, (0, 1, 2)),
    "is_defined": Function(lambda v: v),
    "last": Function(lambda v: item(_list_of(v), -1)),
    "length": Function(_length),
    "lower": Function(lambda v: _words(v, str.lower)),
    "max": Function(lambda v, *more: max([v, *more] if more else _list_of(v)), (0, 1, 2)),
    "min": Function(lambda v, *more: min([v, *more] if more else _list_of(v)), (0, 1, 2)),
    "replace": Function(_replace, (2,)),
    "round": Function(_round, (0, 1, 2)),
    "string": Function(spoken),
    "title": Function(lambda v: _words(v, str.title)),
    "to_json": Function(lambda v: bounded(json.dumps(v))),
    "tojson": Function(lambda v: bounded(json.dumps(v))),
    "trim": Function(lambda v: _words(v, str.strip)),
    "upper": Function(lambda v: _words(v, str.upper)),
}

METHODS: Final[dict[str, Function]] = {
    "endswith": Function(lambda v, end: spoken(v).endswith(spoken(end)), (1,)),
    "get": Function(_get, (1, 2)),
    "lower": FILTERS["lower"],
    "replace": FILTERS["replace"],
    "split": Function(_split, (0, 1)),
    "startswith": Function(lambda v, start: spoken(v).startswith(spoken(start)), (1,)),
    "strip": FILTERS["trim"],
    "upper": FILTERS["upper"],
}

TESTS: Final[dict[str, Function]] = {
    "defined": Function(lambda v: not isinstance(v, Undefined)),
    "undefined": Function(lambda v: isinstance(v, Undefined)),
    "none": Function(lambda v: v is None),
    "number": Function(lambda v: isinstance(v, int | float)),
    "string": Function(lambda v: isinstance(v, str)),
    "mapping": Function(lambda v: isinstance(v, dict)),
    "true": Function(lambda v: v is True),
    "false": Function(lambda v: v is False),
}


def _numeric(value: object) -> Any:
    if not isinstance(value, int | float):
        raise TypeError("no number")
    if isinstance(value, int) and value.bit_length() > MAX_BITS:
        raise ValueError("a number that is too great")
    return value


def _plus(a: object, b: object) -> object:
    if isinstance(a, str) and isinstance(b, str):
        return bounded(a + b)
    return _numeric(a) + _numeric(b)


def _within(a: object, b: Any) -> object:
    if not isinstance(b, str | list | dict):
        raise TypeError("nothing to look in")
    return a in b


BINARY: Final[dict[str, Callable[[Any, Any], object]]] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "in": _within,
    "~": lambda a, b: bounded(spoken(a) + spoken(b)),
    "+": _plus,
    "-": lambda a, b: _numeric(a) - _numeric(b),
    "*": lambda a, b: _numeric(a) * _numeric(b),
    "/": lambda a, b: _numeric(a) / _numeric(b),
    "//": lambda a, b: _numeric(a) // _numeric(b),
    "%": lambda a, b: _numeric(a) % _numeric(b),
}
