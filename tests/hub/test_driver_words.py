"""Drivers speak plain English; what they say is told in the reader's language all the same."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.driver_words import in_words
from hub.phrase import Phrase

DRIVERS = Path(__file__).resolve().parents[2] / "drivers"
SAID = {"BadCredentials": 0, "Refused": 0, "Unreachable": 0, "progress": 0, "Operation": 1}
"""What is told to people, and which argument it is."""
BOUND = {"{}: {}"}
"""Nothing but other words; `BadPayload` is for the log alone."""


def sentences() -> Iterator[tuple[str, str]]:
    """Yield each sentence that a driver may tell, with a word in each of its places."""
    for file in sorted(DRIVERS.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
                continue
            place = SAID.get(node.func.id)
            if place is None or len(node.args) <= place:
                continue
            match node.args[place]:
                case ast.Constant(value=str(text)):
                    yield f"{file.name}:{node.lineno}", text
                case ast.JoinedStr(values=parts):
                    yield (
                        f"{file.name}:{node.lineno}",
                        "".join(
                            str(one.value) if isinstance(one, ast.Constant) else "{}"
                            for one in parts
                        ),
                    )


def test_every_sentence_of_a_driver_is_in_the_catalogues() -> None:
    found = [(where, text) for where, text in sentences() if text not in BOUND]
    assert len(found) > 180
    foreign = [
        (where, text)
        for where, text in found
        if not isinstance(in_words(text.replace("{}", "x1")), Phrase)
    ]
    assert foreign == []


@pytest.mark.parametrize(
    ("said", "german"),
    [
        ("the broker does not answer", "der Broker antwortet nicht"),
        ("192.0.2.7 does not answer", "192.0.2.7 antwortet nicht"),
        ("the Zigbee stick does not answer", "der Zigbee-Stick antwortet nicht"),
        (
            "there is no device simulated:x on the Zigbee network",
            "im Zigbee-Netz gibt es kein Gerät simulated:x",
        ),
        ("the network is open for 60 s", "das Netz ist 60 s lang offen"),
        ("it takes 1 to 5", "es nimmt 1 bis 5"),
    ],
)
def test_the_most_telling_sentence_counts(said: str, german: str) -> None:
    word = in_words(said)
    assert isinstance(word, Phrase)
    assert word == said
    assert word.in_language("de") == german


def test_what_no_driver_of_ours_says_stays_as_it_is() -> None:
    for text in ("", "[Errno 5] something odd", "a" * 10_000, "Nicht erreichbar"):
        assert in_words(text) == text
        assert not isinstance(in_words(text), Phrase)
    phrase = Phrase("driver.no_answer")
    assert in_words(phrase) is phrase
