"""What the sensing process may say to the hub: readings, states of sources, counters."""

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter, ValidationError

from hub.sense.framing import FROM_SENSE_LIMIT, encode
from hub.sense.isolate import Isolation
from hub.sense.message_fields import (
    Count,
    Message,
    Millis,
    ModelId,
    Moment,
    Queue,
    Reason,
    RequestId,
    SourceName,
    Unit,
    violation,
)
from hub.sense.wire_reading import WireReading
from hub.types import SenseState
from models.types import Sense


class Hello(Message):
    """The first message: which process answers, and whether it has a network."""

    t: Literal["hello"] = "hello"
    version: Count
    pid: Annotated[int, Field(ge=1, le=1 << 31)]
    isolation: Isolation


class Loaded(Message):
    """What became of one sense's models."""

    sense: Sense
    models: Annotated[tuple[ModelId, ...], Field(max_length=8)]
    reason: Reason
    took_ms: Millis


class Ready(Message):
    """Every configured model is loaded, or has failed with a reason."""

    t: Literal["ready"] = "ready"
    loaded: Annotated[tuple[Loaded, ...], Field(max_length=3)]


class StateChange(Message):
    """A source was switched or failed. `off` confirms that its device is closed."""

    t: Literal["state"] = "state"
    source: SourceName
    state: SenseState
    reason: Reason


class Face(Message):
    """One face in one picture taken at `at`; the box is x, y, width, height in [0, 1]."""

    t: Literal["face"] = "face"
    source: SourceName
    at: Moment
    track: Count
    box: tuple[Unit, Unit, Unit, Unit]
    reading: WireReading


class Voice(Message):
    """One voiced window of sound that ended at `at`."""

    t: Literal["voice"] = "voice"
    source: SourceName
    at: Moment
    speech: Unit
    level_db: Annotated[float, Field(ge=-200, le=20)]
    reading: WireReading


class Words(Message):
    """What the words of an utterance that ended at `at` say; the words themselves go nowhere."""

    t: Literal["words"] = "words"
    source: SourceName
    at: Moment
    reading: WireReading


class TextResult(Message):
    """What a text says."""

    t: Literal["text_result"] = "text_result"
    id: RequestId
    reading: WireReading


class TextRefusal(Message):
    """A text was not read."""

    t: Literal["text_refusal"] = "text_refusal"
    id: RequestId
    reason: Reason


class ConnectRequest(Message):
    """Ask the hub to connect to this network camera and to pass the connection."""

    t: Literal["connect"] = "connect"
    source: SourceName


class Spread(Message):
    """Median and 95th percentile of recent durations."""

    p50: Millis
    p95: Millis


class Usage(Message):
    """What a process uses."""

    rss_mb: Annotated[float, Field(ge=0, le=1e6)]
    cpu_s: Annotated[float, Field(ge=0, le=1e9)]


class WordsStats(Usage):
    """The reading of spoken words: of `utterances`, `read` gave words, `dropped` came too fast.

    Memory and time are the words process's own; memory is 0 while it does not run. `reason` says
    why it could not.
    """

    utterances: Count
    read: Count
    dropped: Count
    errors: Count
    ms: Spread | None
    reason: Reason


class Stats(Message):
    """Counters since the process started, and recent durations in milliseconds."""

    t: Literal["stats"] = "stats"
    frames: Count
    faces: Count
    voice_windows: Count
    texts: Count
    errors: Count
    drops: dict[Queue, Count]
    face_ms: Spread | None
    voice_ms: Spread | None
    text_ms: Spread | None
    rss_mb: Annotated[float, Field(ge=0, le=1e6)]
    cpu_s: Annotated[float, Field(ge=0, le=1e9)]
    words: WordsStats | None


class Beat(Message):
    """The process is alive and none of its threads is stuck."""

    t: Literal["beat"] = "beat"


FromSense = Annotated[
    Hello
    | Ready
    | StateChange
    | Face
    | Voice
    | Words
    | TextResult
    | TextRefusal
    | ConnectRequest
    | Stats
    | Beat,
    Field(discriminator="t"),
]

_FROM_SENSE: TypeAdapter[FromSense] = TypeAdapter(FromSense)


def frame_from_sense(message: FromSense) -> bytes:
    """Return the frame of a message to the hub."""
    return encode(message.model_dump_json().encode(), FROM_SENSE_LIMIT)


def parse_from_sense(body: bytes) -> FromSense:
    """Return the sensing process's message; raises SchemaViolation."""
    try:
        return _FROM_SENSE.validate_json(body)
    except ValidationError as err:
        raise violation(err) from None
