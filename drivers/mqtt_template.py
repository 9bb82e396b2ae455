"""Home Assistant's value and command templates: the part of Jinja2 that devices use, and no more.

Anybody on the broker may send a template, so it is not given to Jinja2: what this file does not
know is refused when a device is found, there are no loops, calls or attributes of Python objects,
and whatever is computed has a bounded size. Known are `{{ }}` with literals, variables, `.name`,
`[key]`, arithmetic, `~`, comparison, `in`, `and or not`, `is`, `a if b else c`, the filters and
methods below, `{% if %}`, `{% set %}`. Source: jinja.palletsprojects.com/templates (precedence).

A template that is one expression yields its value with its type; anything else yields text.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from drivers.mqtt_evaluation import Evaluate, Scope
from drivers.mqtt_expression import parse
from drivers.mqtt_payload import json_of, text_of
from drivers.mqtt_tokens import TemplateRefused
from drivers.mqtt_values import UNDEFINED, bounded, is_true, spoken
from drivers.types import BadPayload

MAX_SOURCE = 4096
_PART = re.compile(r"(\{\{-?.*?-?\}\}|\{%-?.*?-?%\}|\{#.*?#\})", re.DOTALL)
_NAME = re.compile(r"[A-Za-z_]\w*\Z")


@dataclass(frozen=True, slots=True)
class Template:
    """A compiled template."""

    source: str
    _evaluate: Evaluate

    def value(self, payload: bytes) -> object:
        """Return what the template makes of a message. Raises BadPayload."""
        text = text_of(payload)
        scope: dict[str, object] = {"value": text}
        if "value_json" in self.source:
            try:
                scope["value_json"] = json_of(payload)
            except BadPayload:
                scope["value_json"] = UNDEFINED
        return self.render(scope)

    def render(self, variables: Mapping[str, object]) -> object:
        """Return what the template makes of these variables. Raises BadPayload."""
        try:
            return self._evaluate(dict(variables))
        except BadPayload:
            raise
        except (ArithmeticError, TypeError, ValueError, LookupError, RecursionError) as err:
            raise BadPayload(f"the template cannot use it ({type(err).__name__})") from err

    def text(self, variables: Mapping[str, object]) -> str:
        """Return the same as it is written into a payload. Raises BadPayload."""
        return spoken(self.render(variables))


def compile_template(source: str) -> Template:
    """Return the template. Raises TemplateRefused for what is not known here."""
    if len(source) > MAX_SOURCE:
        raise TemplateRefused("a template that is too long")
    pieces = [piece for piece in _PART.split(source) if piece]
    try:
        return Template(source, _Blocks(pieces).whole())
    except RecursionError as err:
        raise TemplateRefused("a template that is nested too deeply") from err


class _Blocks:
    """Turns text, expressions and statements into one function."""

    def __init__(self, pieces: list[str]) -> None:
        self._pieces = _trimmed(pieces)
        self._at = 0

    def whole(self) -> Evaluate:
        body, end = self._until()
        if end:
            raise TemplateRefused(f"`{end}` without its beginning")
        return body

    def _until(self, *ends: str) -> tuple[Evaluate, str]:
        """Return what stands before one of these statements, and that statement."""
        parts: list[Evaluate] = []
        while self._at < len(self._pieces):
            piece = self._pieces[self._at]
            self._at += 1
            if piece.startswith("{{"):
                parts.append(parse(piece[2:-2].strip("-")))
            elif piece.startswith("{%"):
                statement = piece[2:-2].strip("-").strip()
                word, _, rest = statement.partition(" ")
                if word in ends or word in {"elif", "else", "endif"}:
                    return _joined(parts), statement
                parts.append(self._statement(word, rest))
            elif not piece.startswith("{#"):
                parts.append(_constant(piece))
        return _joined(parts), ""

    def _statement(self, word: str, rest: str) -> Evaluate:
        match word:
            case "if":
                return self._if(rest)
            case "set":
                name, marked, expression = rest.partition("=")
                if not marked or not _NAME.match(name.strip()):
                    raise TemplateRefused("a `set` that is not `name = value`")
                return _assigned(name.strip(), parse(expression))
            case _:
                raise TemplateRefused(f"the statement `{word}`")

    def _if(self, condition: str) -> Evaluate:
        test = parse(condition)
        then, end = self._until("elif", "else", "endif")
        word, _, rest = end.partition(" ")
        otherwise: Evaluate = _constant(UNDEFINED)
        match word:
            case "elif":
                otherwise = self._if(rest)
            case "else":
                otherwise, end = self._until("endif")
                if end != "endif":
                    raise TemplateRefused("an `if` without `endif`")
            case "endif":
                pass
            case _:
                raise TemplateRefused("an `if` without `endif`")
        return lambda scope: then(scope) if is_true(test(scope)) else otherwise(scope)


def _trimmed(pieces: list[str]) -> list[str]:
    """Take the white space away that `{{-` and `-%}` ask to, and that is alone beside a block."""
    kept: list[str] = []
    for index, piece in enumerate(pieces):
        if piece.startswith(("{{", "{%", "{#")):
            kept.append(piece)
            continue
        before = pieces[index - 1] if index else ""
        after = pieces[index + 1] if index + 1 < len(pieces) else ""
        text = piece
        if before.endswith(("-}}", "-%}")):
            text = text.lstrip()
        if after.startswith(("{{-", "{%-")):
            text = text.rstrip()
        if text and not (text.isspace() and (before.startswith("{%") or after.startswith("{%"))):
            kept.append(text)
    return kept


def _joined(parts: list[Evaluate]) -> Evaluate:
    if not parts:
        return _constant(UNDEFINED)
    if len(parts) == 1:
        return parts[0]

    def evaluate(scope: Scope) -> object:
        values = [part(scope) for part in parts]
        told = [value for value in values if value is not _NOTHING]
        if len(told) == 1:
            return told[0]
        return bounded("".join(spoken(value) for value in told))

    return evaluate


class _Nothing:
    """What a `set` contributes to the text."""


_NOTHING = _Nothing()


def _assigned(name: str, value: Evaluate) -> Evaluate:
    def evaluate(scope: Scope) -> object:
        scope[name] = value(scope)
        return _NOTHING

    return evaluate


def _constant(value: object) -> Callable[[Scope], object]:
    return lambda _: value
