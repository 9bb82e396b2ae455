"""What the messages of the sense socket are made of; whatever is not in them is refused.

The sensing process answers in numbers, labels and codes only: no field can hold words, sound or a
picture. Times are seconds of CLOCK_MONOTONIC, which both processes share.

    hub -> sense    hub.sense.messages_to_sense
    sense -> hub    hub.sense.messages_from_sense
"""

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hub.errors import SchemaViolation

VERSION = 2

SourceName = Annotated[str, Field(pattern=r"^((camera|microphone):[a-z][a-z0-9_]{0,39}|text)$")]
ModelId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Unit = Annotated[float, Field(ge=0, le=1)]
Axis = Annotated[float, Field(ge=-1, le=1)]
UNKNOWING = 4.0
"""The variance of [-1, 1] itself is 1/3; so wide a reading says nothing, and a wider no less."""
Variance = Annotated[float, Field(ge=0, le=UNKNOWING)]
Moment = Annotated[float, Field(ge=0, le=1e10)]
Count = Annotated[int, Field(ge=0, le=1 << 53)]
Millis = Annotated[float, Field(ge=0, le=1e7)]
RequestId = Annotated[int, Field(ge=0, le=1 << 53)]


class Reason(StrEnum):
    """Why a source or a text failed; the hub turns codes into sentences."""

    NONE = ""
    UNAVAILABLE = "unavailable"
    NO_DEVICE = "no_device"
    DENIED = "denied"
    BUSY = "busy"
    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    BROKEN = "broken"
    ENDED = "ended"
    NO_LIBRARY = "no_library"
    NO_WEIGHTS = "no_weights"
    NOT_ALLOWED = "not_allowed"
    INTERNAL = "internal"


class Queue(StrEnum):
    """The bounded queues of the sensing process, as its drops are counted."""

    FRAMES = "frames"
    AUDIO = "audio"
    TEXTS = "texts"
    WORDS = "words"
    MESSAGES = "messages"


class Message(BaseModel):
    """Nothing else, nothing other: unknown keys and values of other types are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


def violation(err: ValidationError) -> SchemaViolation:
    """Name the kinds of the errors; the refused values and keys stay out of logs."""
    kinds = sorted({str(problem["type"]) for problem in err.errors(include_input=False)})
    return SchemaViolation(f"not in the schema: {', '.join(kinds[:5])}")
