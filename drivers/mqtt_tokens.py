"""The tokens of an expression of drivers.mqtt_template, and a place among them."""

import re
from typing import Final

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+\.\d+|\d+)|(?P<name>[A-Za-z_]\w*)"
    r"|(?P<text>'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")"
    r"|(?P<sign>==|!=|<=|>=|//|[-+*/%~<>|.,:()\[\]{}]))"
)
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r"}


class TemplateRefused(ValueError):  # noqa: N818 - says what happened
    """The template uses something that is not known here; the text says what."""


class Tokens:
    """A text's tokens, taken one after the other. Raises TemplateRefused for an unknown sign."""

    def __init__(self, source: str) -> None:
        self._tokens = _tokens(source)
        self._at = 0

    def done(self) -> None:
        """Raise TemplateRefused when something is left."""
        if self._at < len(self._tokens):
            raise TemplateRefused(f"{self._tokens[self._at][1]!r} where it does not belong")

    def skip(self) -> None:
        """Take what was looked at."""
        self._at += 1

    def next(self, ahead: int = 0) -> str:
        """Return a token ahead without taking it; empty for a text and at the end."""
        at = self._at + ahead
        if at >= len(self._tokens) or self._tokens[at][0] == "text":
            return ""
        return self._tokens[at][1]

    def take(self) -> tuple[str, str]:
        """Take a token: its kind and itself. Raises TemplateRefused at the end."""
        if self._at >= len(self._tokens):
            raise TemplateRefused("an expression that ends too early")
        self._at += 1
        return self._tokens[self._at - 1]

    def name(self) -> str:
        """Take a name. Raises TemplateRefused."""
        kind, token = self.take()
        if kind != "name":
            raise TemplateRefused(f"{token!r} where a name belongs")
        return token

    def sign(self, sign: str) -> bool:
        """Take a sign or word if it is next; return whether it was."""
        if self.next() != sign:
            return False
        self._at += 1
        return True

    def expect(self, sign: str) -> None:
        """Take a sign. Raises TemplateRefused when another is next."""
        if not self.sign(sign):
            raise TemplateRefused(f"a missing `{sign}`")


def unquoted(token: str) -> str:
    """Return what a text in quotes says."""
    return re.sub(r"\\(.)", lambda m: _ESCAPES.get(m[1], m[1]), token[1:-1], flags=re.DOTALL)


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
