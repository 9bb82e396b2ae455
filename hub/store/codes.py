"""How values are made small: enum codes, fixed-point numbers, sentences split from their figures.

The tuples are a file format: members are only ever appended, whatever the enums' order becomes.
"""

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TypeVar

from drivers.types import Status
from hub.types import SenseState, Trigger
from models.types import Emotion, Sense

SENSES = (Sense.FACE, Sense.VOICE, Sense.TEXT, Sense.BODY, Sense.CONTEXT)
LABELS = (
    Emotion.ANGER,
    Emotion.CONTEMPT,
    Emotion.DISGUST,
    Emotion.FEAR,
    Emotion.HAPPINESS,
    Emotion.NEUTRAL,
    Emotion.SADNESS,
    Emotion.SURPRISE,
)
TRIGGERS = (Trigger.MOOD, Trigger.SENSOR, Trigger.TIME, Trigger.PERSON)
STATUSES = (
    Status.DONE,
    Status.REFUSED,
    Status.TIMEOUT,
    Status.UNREACHABLE,
    Status.FAILED,
    Status.SUPERSEDED,
)
SENSE_STATES = (SenseState.OFF, SenseState.STARTING, SenseState.ON, SenseState.FAILED)

MILLI = 1000
SHARE = 255
MAX_TEXT = 500
"""Longer sentences are cut; they would be a defect of whoever wrote them."""

E = TypeVar("E", bound=StrEnum)

_NUMBER = re.compile(r"(?<!\w)-?\d+(?:\.\d+)?")
"""Numbers, but not the digits within a name ("mira2")."""
_GAP = "\x1a"
"""Stands for a number in a template (ASCII SUB, which no sentence holds)."""


def milli(value: float) -> int:
    """Return thousandths. Raises ValueError or OverflowError unless the value is finite."""
    return round(value * MILLI)


def unmilli(value: int) -> float:
    """Undo `milli`."""
    return value / MILLI


def pack_shares(values: Sequence[float]) -> bytes:
    """Return numbers in [0, 1] as a byte each (steps of 1/255)."""
    return bytes(min(SHARE, max(0, round(value * SHARE))) for value in values)


def unpack_shares(packed: bytes) -> tuple[float, ...]:
    """Undo `pack_shares`, to three decimals."""
    return tuple(round(byte / SHARE, 3) for byte in packed)


def pack_weights(weights: Mapping[Sense, float]) -> bytes:
    """Return the weight of each sense in the order of SENSES."""
    return pack_shares([weights.get(sense, 0.0) for sense in SENSES])


def unpack_weights(packed: bytes) -> dict[Sense, float]:
    """Undo `pack_weights`; senses without weight are left out."""
    shares = zip(SENSES, unpack_shares(packed), strict=False)
    return {sense: share for sense, share in shares if share > 0}


def split_numbers(text: str) -> tuple[str, str | None]:
    """Return a sentence as its template, which is stored once, and its figures as written.

    `join_numbers` gives back the very same text.
    """
    text = text[:MAX_TEXT]
    if _GAP in text:
        return text, None
    numbers = _NUMBER.findall(text)
    if not numbers:
        return text, None
    return _NUMBER.sub(_GAP, text), " ".join(numbers)


def join_numbers(template: str, numbers: str | None) -> str:
    """Undo `split_numbers`."""
    if numbers is None:
        return template
    parts = template.split(_GAP)
    figures = [*numbers.split(" "), ""]
    return "".join(part + figure for part, figure in zip(parts, figures, strict=True))
