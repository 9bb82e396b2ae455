"""The expressions of drivers.mqtt_template: from text to functions of the variables."""

from typing import Final

from drivers.mqtt_evaluation import (
    Evaluate,
    call_of,
    choice,
    conjunction,
    constant,
    disjunction,
    item_of,
    list_of,
    negation,
    operation,
)
from drivers.mqtt_filters import FILTERS, METHODS, TESTS
from drivers.mqtt_tokens import TemplateRefused, Tokens, unquoted
from drivers.mqtt_values import UNDEFINED

MAX_DEPTH = 40
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


def parse(source: str) -> Evaluate:
    """Return the function that an expression describes. Raises TemplateRefused."""
    tokens = Tokens(source)
    evaluate = _Parser(tokens).condition()
    tokens.done()
    return evaluate


class _Parser:
    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens
        self._depth = 0

    def condition(self) -> Evaluate:
        """Read `a if b else c`."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise TemplateRefused("an expression that is nested too deeply")
        value = self._either()
        if self._tokens.sign("if"):
            test = self._either()
            other = self.condition() if self._tokens.sign("else") else constant(UNDEFINED)
            value = choice(value, test, other)
        self._depth -= 1
        return value

    def _either(self) -> Evaluate:
        left = self._both()
        while self._tokens.sign("or"):
            left = disjunction(left, self._both())
        return left

    def _both(self) -> Evaluate:
        left = self._negated()
        while self._tokens.sign("and"):
            left = conjunction(left, self._negated())
        return left

    def _negated(self) -> Evaluate:
        negations = 0
        while self._tokens.sign("not"):
            negations += 1
        value = self._binary(0)
        return negation(value) if negations % 2 else value

    def _binary(self, level: int) -> Evaluate:
        if level == len(_LEVELS):
            return self._signed()
        left = self._binary(level + 1)
        while (sign := self._tokens.next()) in _LEVELS[level] or (level == 0 and self._not_in()):
            self._tokens.skip()
            if sign == "not":
                self._tokens.skip()
                left = negation(operation("in", left, self._binary(level + 1)))
            else:
                left = operation(sign, left, self._binary(level + 1))
        return left

    def _not_in(self) -> bool:
        return self._tokens.next() == "not" and self._tokens.next(1) == "in"

    def _signed(self) -> Evaluate:
        signs = 0
        while self._tokens.next() in {"-", "+"}:
            signs += self._tokens.next() == "-"
            self._tokens.skip()
        value = self._filtered(self._chained(self._primary()))
        return operation("-", constant(0), value) if signs % 2 else value

    def _filtered(self, value: Evaluate) -> Evaluate:
        while True:
            if self._tokens.sign("|"):
                name = self._tokens.name()
                function = FILTERS.get(name)
                if function is None:
                    raise TemplateRefused(f"the filter `{name}`")
                value = call_of(function, value, self._arguments())
            elif self._tokens.sign("is"):
                negated = self._tokens.sign("not")
                name = self._tokens.name()
                test = TESTS.get(name)
                if test is None:
                    raise TemplateRefused(f"the test `{name}`")
                value = call_of(test, value, ())
                value = negation(value) if negated else value
            else:
                return value

    def _chained(self, value: Evaluate) -> Evaluate:
        while True:
            if self._tokens.sign("."):
                kind, key = self._tokens.take()
                if kind not in {"name", "number"}:
                    raise TemplateRefused("`.` without a name")
                if self._tokens.next() == "(":
                    if key not in METHODS:
                        raise TemplateRefused(f"the method `{key}`")
                    value = call_of(METHODS[key], value, self._arguments())
                else:
                    value = item_of(value, constant(int(key) if kind == "number" else key))
            elif self._tokens.sign("["):
                value = item_of(value, self.condition())
                self._tokens.expect("]")
            else:
                return value

    def _primary(self) -> Evaluate:
        kind, token = self._tokens.take()
        if kind == "number":
            return constant(float(token) if "." in token else int(token))
        if kind == "text":
            return constant(unquoted(token))
        if kind == "name":
            return self._variable(token)
        match token:
            case "(":
                value = self.condition()
                self._tokens.expect(")")
                return value
            case "[":
                return list_of(self._sequence("]"))
            case "{":
                return self._mapping()
            case _:
                raise TemplateRefused(f"{token!r} where a value belongs")

    def _variable(self, name: str) -> Evaluate:
        if name in _WORDS:
            return constant(_WORDS[name])
        if self._tokens.next() == "(":
            if name not in FILTERS:
                raise TemplateRefused(f"the function `{name}`")
            arguments = self._arguments()
            if not arguments:
                raise TemplateRefused(f"`{name}` without a value")
            return call_of(FILTERS[name], arguments[0], arguments[1:])
        return lambda scope: scope.get(name, UNDEFINED)

    def _mapping(self) -> Evaluate:
        keys: list[Evaluate] = []
        values: list[Evaluate] = []
        while not self._tokens.sign("}"):
            keys.append(self.condition())
            self._tokens.expect(":")
            values.append(self.condition())
            if not self._tokens.sign(","):
                self._tokens.expect("}")
                break
        return lambda scope: {k(scope): v(scope) for k, v in zip(keys, values, strict=True)}

    def _arguments(self) -> tuple[Evaluate, ...]:
        return self._sequence(")") if self._tokens.sign("(") else ()

    def _sequence(self, end: str) -> tuple[Evaluate, ...]:
        parts: list[Evaluate] = []
        while not self._tokens.sign(end):
            parts.append(self.condition())
            if not self._tokens.sign(","):
                self._tokens.expect(end)
                break
        return tuple(parts)
