"""The expressions of drivers.mqtt_template: from text to functions of the variables."""

import re
from collections.abc import Callable, Sequence
from typing import Final

from drivers.mqtt_filters import BINARY, FILTERS, METHODS, TESTS, Function
from drivers.mqtt_values import UNDEFINED, Undefined, is_true, item

Scope = dict[str, object]
Evaluate = Callable[[Scope], object]

MAX_DEPTH = 40
_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+\.\d+|\d+)|(?P<name>[A-Za-z_]\w*)"
    r"|(?P<text>'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")"
    r"|(?P<sign>==|!=|<=|>=|//|[-+*/%~<>|.,:()\[\]{}]))"
)
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r"}
_WORDS: Final[dict[str, object]] = {
    "true": True, "True": True, "false": False, "False": False, "none": None, "None": None,
}  # fmt: skip
_LEVELS: Final = (
    frozenset({"==", "!=", "<", "<=", ">", ">=", "in"}),
    frozenset({"+", "-"}),
    frozenset({"~"}),
    frozenset({"*", "/", "//", "%"}),
)
"""Binary operators, those that bind least first."""


class TemplateRefused(ValueError):  # noqa: N818 - says what happened
    """The template uses something that is not known here; the text says what."""


def parse(source: str) -> Evaluate:
    """Return the function that an expression describes. Raises TemplateRefused."""
    parser = _Parser(_tokens(source))
    evaluate = parser.condition()
    parser.done()
    return evaluate


def _tokens(source: str) -> list[tuple[str, str]]:
    tokens: list[tuple[str, str]] = []
    at, end = 0, len(source.rstrip())
    while at < end:
        found = _TOKEN.match(source, at)
        if found is None:
            raise TemplateRefused(f"the sign {source[at:].strip()[:1]!r}")
        tokens.append((str(found.lastgroup), found.group(str(found.lastgroup))))
        at = found.end()
    return tokens


class _Parser:
    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0

    def done(self) -> None:
        if self._at < len(self._tokens):
            raise TemplateRefused(f"{self._tokens[self._at][1]!r} where it does not belong")

    def condition(self) -> Evaluate:
        """Read `a if b else c`."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise TemplateRefused("an expression that is nested too deeply")
        value = self._either()
        if self._word("if"):
            test = self._either()
            other = self.condition() if self._word("else") else _constant(UNDEFINED)
            value = _chosen(value, test, other)
        self._depth -= 1
        return value

    def _either(self) -> Evaluate:
        left = self._both()
        while self._word("or"):
            left = _or(left, self._both())
        return left

    def _both(self) -> Evaluate:
        left = self._negated()
        while self._word("and"):
            left = _and(left, self._negated())
        return left

    def _negated(self) -> Evaluate:
        negations = 0
        while self._word("not"):
            negations += 1
        value = self._binary(0)
        return _not(value) if negations % 2 else value

    def _binary(self, level: int) -> Evaluate:
        if level == len(_LEVELS):
            return self._signed()
        left = self._binary(level + 1)
        while (sign := self._next()) in _LEVELS[level] or (level == 0 and self._not_in()):
            self._at += 1
            if sign == "not":
                self._at += 1
                left = _not(_binary("in", left, self._binary(level + 1)))
            else:
                left = _binary(sign, left, self._binary(level + 1))
        return left

    def _not_in(self) -> bool:
        return self._next() == "not" and self._next(1) == "in"

    def _signed(self) -> Evaluate:
        signs = 0
        while self._next() in {"-", "+"} and self._tokens[self._at][0] == "sign":
            signs += self._next() == "-"
            self._at += 1
        value = self._filtered(self._chained(self._primary()))
        return _binary("-", _constant(0), value) if signs % 2 else value

    def _filtered(self, value: Evaluate) -> Evaluate:
        while True:
            if self._sign("|"):
                name = self._name()
                function = FILTERS.get(name)
                if function is None:
                    raise TemplateRefused(f"the filter `{name}`")
                value = _called(function, value, self._arguments())
            elif self._word("is"):
                negated = self._word("not")
                name = self._name()
                test = TESTS.get(name)
                if test is None:
                    raise TemplateRefused(f"the test `{name}`")
                value = _called(test, value, ())
                value = _not(value) if negated else value
            else:
                return value

    def _chained(self, value: Evaluate) -> Evaluate:
        while True:
            if self._sign("."):
                kind, key = self._take()
                if kind not in {"name", "number"}:
                    raise TemplateRefused("`.` without a name")
                if self._next() == "(":
                    if key not in METHODS:
                        raise TemplateRefused(f"the method `{key}`")
                    value = _called(METHODS[key], value, self._arguments())
                else:
                    value = _item(value, _constant(int(key) if kind == "number" else key))
            elif self._sign("["):
                value = _item(value, self.condition())
                self._expect("]")
            else:
                return value

    def _primary(self) -> Evaluate:
        kind, token = self._take()
        if kind == "number":
            return _constant(float(token) if "." in token else int(token))
        if kind == "text":
            return _constant(_unquoted(token))
        if kind == "name":
            return self._variable(token)
        match token:
            case "(":
                value = self.condition()
                self._expect(")")
                return value
            case "[":
                return _list(self._sequence("]"))
            case "{":
                return self._mapping()
            case _:
                raise TemplateRefused(f"{token!r} where a value belongs")

    def _variable(self, name: str) -> Evaluate:
        if name in _WORDS:
            return _constant(_WORDS[name])
        if self._next() == "(":
            if name not in FILTERS:
                raise TemplateRefused(f"the function `{name}`")
            arguments = self._arguments()
            if not arguments:
                raise TemplateRefused(f"`{name}` without a value")
            return _called(FILTERS[name], arguments[0], arguments[1:])
        return lambda scope: scope.get(name, UNDEFINED)

    def _mapping(self) -> Evaluate:
        keys: list[Evaluate] = []
        values: list[Evaluate] = []
        while not self._sign("}"):
            keys.append(self.condition())
            self._expect(":")
            values.append(self.condition())
            if not self._sign(","):
                self._expect("}")
                break
        return lambda scope: {k(scope): v(scope) for k, v in zip(keys, values, strict=True)}

    def _arguments(self) -> tuple[Evaluate, ...]:
        return self._sequence(")") if self._sign("(") else ()

    def _sequence(self, end: str) -> tuple[Evaluate, ...]:
        parts: list[Evaluate] = []
        while not self._sign(end):
            parts.append(self.condition())
            if not self._sign(","):
                self._expect(end)
                break
        return tuple(parts)

    def _next(self, ahead: int = 0) -> str:
        at = self._at + ahead
        if at >= len(self._tokens) or self._tokens[at][0] == "text":
            return ""
        return self._tokens[at][1]

    def _take(self) -> tuple[str, str]:
        if self._at >= len(self._tokens):
            raise TemplateRefused("an expression that ends too early")
        self._at += 1
        return self._tokens[self._at - 1]

    def _name(self) -> str:
        kind, token = self._take()
        if kind != "name":
            raise TemplateRefused(f"{token!r} where a name belongs")
        return token

    def _word(self, word: str) -> bool:
        return self._sign(word)

    def _sign(self, sign: str) -> bool:
        if self._next() != sign:
            return False
        self._at += 1
        return True

    def _expect(self, sign: str) -> None:
        if not self._sign(sign):
            raise TemplateRefused(f"a missing `{sign}`")


def _unquoted(token: str) -> str:
    return re.sub(r"\\(.)", lambda m: _ESCAPES.get(m[1], m[1]), token[1:-1], flags=re.DOTALL)


def _constant(value: object) -> Evaluate:
    return lambda _: value


def _item(value: Evaluate, key: Evaluate) -> Evaluate:
    return lambda scope: item(value(scope), key(scope))


def _list(parts: Sequence[Evaluate]) -> Evaluate:
    return lambda scope: [part(scope) for part in parts]


def _not(value: Evaluate) -> Evaluate:
    return lambda scope: not is_true(value(scope))


def _or(left: Evaluate, right: Evaluate) -> Evaluate:
    def evaluate(scope: Scope) -> object:
        value = left(scope)
        return value if is_true(value) else right(scope)

    return evaluate


def _and(left: Evaluate, right: Evaluate) -> Evaluate:
    def evaluate(scope: Scope) -> object:
        value = left(scope)
        return right(scope) if is_true(value) else value

    return evaluate


def _chosen(value: Evaluate, test: Evaluate, other: Evaluate) -> Evaluate:
    return lambda scope: value(scope) if is_true(test(scope)) else other(scope)


def _binary(sign: str, left: Evaluate, right: Evaluate) -> Evaluate:
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


def _called(function: Function, value: Evaluate, arguments: Sequence[Evaluate]) -> Evaluate:
    if len(arguments) not in function.takes:
        raise TemplateRefused(f"{len(arguments)} arguments where {function.takes} belong")
    call = function.call
    return lambda scope: call(value(scope), *[argument(scope) for argument in arguments])
