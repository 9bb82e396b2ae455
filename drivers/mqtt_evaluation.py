"""What the expressions of drivers.mqtt_template come to: functions of the variables."""

from collections.abc import Callable, Sequence

from drivers.mqtt_filters import BINARY, Function
from drivers.mqtt_tokens import TemplateRefused
from drivers.mqtt_values import Undefined, is_true, item

Scope = dict[str, object]
Evaluate = Callable[[Scope], object]


def constant(value: object) -> Evaluate:
    """Return what is always this value."""
    return lambda _: value


def item_of(value: Evaluate, key: Evaluate) -> Evaluate:
    """Return what reads a key or an index."""
    return lambda scope: item(value(scope), key(scope))


def list_of(parts: Sequence[Evaluate]) -> Evaluate:
    """Return what makes a list."""
    return lambda scope: [part(scope) for part in parts]


def negation(value: Evaluate) -> Evaluate:
    """Return what turns truth round."""
    return lambda scope: not is_true(value(scope))


def disjunction(left: Evaluate, right: Evaluate) -> Evaluate:
    """Return Jinja's `or`: the first that is true, else the second."""

    def evaluate(scope: Scope) -> object:
        value = left(scope)
        return value if is_true(value) else right(scope)

    return evaluate


def conjunction(left: Evaluate, right: Evaluate) -> Evaluate:
    """Return Jinja's `and`: the second if the first is true, else the first."""

    def evaluate(scope: Scope) -> object:
        value = left(scope)
        return right(scope) if is_true(value) else value

    return evaluate


def choice(value: Evaluate, test: Evaluate, other: Evaluate) -> Evaluate:
    """Return Jinja's `a if b else c`."""
    return lambda scope: value(scope) if is_true(test(scope)) else other(scope)


def operation(sign: str, left: Evaluate, right: Evaluate) -> Evaluate:
    """Return a binary operator's result; arithmetic with what is not there is a TypeError."""
    function = BINARY[sign]

    def evaluate(scope: Scope) -> object:
        a, b = left(scope), right(scope)
        if sign in {"==", "!="}:
            return function(a, b)
        for value in (a, b):
            if isinstance(value, Undefined) and sign != "~":
                raise TypeError("undefined in arithmetic")
        return function(a, b)

    return evaluate


def call_of(function: Function, value: Evaluate, arguments: Sequence[Evaluate]) -> Evaluate:
    """Return what calls a filter, test or method. Raises TemplateRefused."""
    if len(arguments) not in function.takes:
        raise TemplateRefused(f"{len(arguments)} arguments where {function.takes} belong")
    call = function.call
    return lambda scope: call(value(scope), *[argument(scope) for argument in arguments])
