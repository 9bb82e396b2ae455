"""Everything that may be said on the sense socket; whatever is not here is refused.

The sensing process answers in numbers, labels and codes only: no field can hold words, sound or a
picture. Times are seconds of CLOCK_MONOTONIC, which both processes share.

    hub -> sense    Configure, Allow, Text, CameraSocket, CameraUnreachable, StatsRequest, Stop
    sense -> hub    Hello, Ready, StateChange, Face, Voice, Words, TextResult, TextRefusal,
                    ConnectRequest, Stats, Beat
"""

import math
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, field_validator

from hub.errors import SchemaViolation
from hub.sense.framing import FROM_SENSE_LIMIT, TO_SENSE_LIMIT, encode
from hub.sense.isolate import Isolation
from hub.types import SenseState
from models.types import EMOTIONS, Affect, Reading, Sense

VERSION = 2
MAX_TEXT = 4000

SourceName = Annotated[str, Field(pattern=r"^((camera|microphone):[a-z][a-z0-9_]{0,39}|text)$")]
ModelId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Unit = Annotated[float, Field(ge=0, le=1)]
Axis = Annotated[float, Field(ge=-1, le=1)]
_UNKNOWING = 4.0
"""The variance of [-1, 1] itself is 1/3; so wide a reading says nothing, and a wider no less."""
Variance = Annotated[float, Field(ge=0, le=_UNKNOWING)]
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


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


# Hub to sensing process --------------------------------------------------------------------


class CameraSetup(_Message):
    """A camera to hold ready. `url` may carry the camera's password."""

    source: SourceName
    url: str | int
    width: int
    height: int
    max_fps: float


class MicrophoneSetup(_Message):
    """A microphone to hold ready."""

    source: SourceName
    device: str | int


class Configure(_Message):
    """The first message: what to load. Nothing is sensed before Allow."""

    t: Literal["configure"] = "configure"
    version: int = VERSION
    cameras: tuple[CameraSetup, ...]
    microphones: tuple[MicrophoneSetup, ...]
    text: bool
    words: bool
    threads: Annotated[int, Field(ge=1, le=8)]
    licence: Literal["any", "open"]
    voice: Literal["auto", "full", "light"]


class Allow(_Message):
    """The sources that may be on; every other one is closed and confirmed as off."""

    t: Literal["allow"] = "allow"
    sources: tuple[SourceName, ...]


class Text(_Message):
    """A text to read; it is answered once, by TextResult or TextRefusal."""

    t: Literal["text"] = "text"
    id: RequestId
    text: Annotated[str, Field(min_length=1, max_length=MAX_TEXT)]


class CameraSocket(_Message):
    """The connection that was asked for comes with this message as a file descriptor."""

    t: Literal["camera_socket"] = "camera_socket"
    source: SourceName


class CameraUnreachable(_Message):
    """The connection that was asked for could not be made."""

    t: Literal["camera_unreachable"] = "camera_unreachable"
    source: SourceName


class StatsRequest(_Message):
    """Ask for Stats now."""

    t: Literal["stats_request"] = "stats_request"


class Stop(_Message):
    """Close every device, send the last Stats and end."""

    t: Literal["stop"] = "stop"


ToSense = Annotated[
    Configure | Allow | Text | CameraSocket | CameraUnreachable | StatsRequest | Stop,
    Field(discriminator="t"),
]


# Sensing process to hub --------------------------------------------------------------------


class Hello(_Message):
    """The first message: which process answers, and whether it has a network."""

    t: Literal["hello"] = "hello"
    version: Count
    pid: Annotated[int, Field(ge=1, le=1 << 31)]
    isolation: Isolation


class Loaded(_Message):
    """What became of one sense's models."""

    sense: Sense
    models: Annotated[tuple[ModelId, ...], Field(max_length=8)]
    reason: Reason
    took_ms: Millis


class Ready(_Message):
    """Every configured model is loaded, or has failed with a reason."""

    t: Literal["ready"] = "ready"
    loaded: Annotated[tuple[Loaded, ...], Field(max_length=3)]


class StateChange(_Message):
    """A source was switched or failed. `off` confirms that its device is closed."""

    t: Literal["state"] = "state"
    source: SourceName
    state: SenseState
    reason: Reason


class WireReading(_Message):
    """A Reading without its sense, which the message's type tells."""

    v: Axis
    a: Axis
    vv: Variance
    av: Variance
    p: Annotated[tuple[Unit, ...], Field(max_length=len(EMOTIONS))]
    quality: Unit
    model: ModelId

    @field_validator("p")
    @classmethod
    def _is_distribution(cls, p: tuple[float, ...]) -> tuple[float, ...]:
        if p and (len(p) != len(EMOTIONS) or not math.isclose(sum(p), 1.0, abs_tol=1e-3)):
            raise ValueError("probabilities are eight and sum to 1, or there are none")
        return p

    @classmethod
    def of(cls, reading: Reading) -> "WireReading":
        """Return what travels of a reading, rounded to what it can mean."""
        affect = reading.affect
        return cls(
            v=round(affect.valence, 4),
            a=round(affect.arousal, 4),
            vv=round(min(affect.valence_var, _UNKNOWING), 5),
            av=round(min(affect.arousal_var, _UNKNOWING), 5),
            p=tuple(round(p, 5) for p in reading.probabilities),
            quality=round(reading.quality, 4),
            model=reading.model,
        )

    def reading(self, sense: Sense) -> Reading:
        """Return the reading of this sense."""
        return Reading(
            sense, Affect(self.v, self.a, self.vv, self.av), self.p, self.quality, self.model
        )


class Face(_Message):
    """One face in one picture taken at `at`; the box is x, y, width, height in [0, 1]."""

    t: Literal["face"] = "face"
    source: SourceName
    at: Moment
    track: Count
    box: tuple[Unit, Unit, Unit, Unit]
    reading: WireReading


class Voice(_Message):
    """One voiced window of sound that ended at `at`."""

    t: Literal["voice"] = "voice"
    source: SourceName
    at: Moment
    speech: Unit
    level_db: Annotated[float, Field(ge=-200, le=20)]
    reading: WireReading


class Words(_Message):
    """What the words of an utterance that ended at `at` say; the words themselves go nowhere."""

    t: Literal["words"] = "words"
    source: SourceName
    at: Moment
    reading: WireReading


class TextResult(_Message):
    """What a text says."""

    t: Literal["text_result"] = "text_result"
    id: RequestId
    reading: WireReading


class TextRefusal(_Message):
    """A text was not read."""

    t: Literal["text_refusal"] = "text_refusal"
    id: RequestId
    reason: Reason


class ConnectRequest(_Message):
    """Ask the hub to connect to this network camera and to pass the connection."""

    t: Literal["connect"] = "connect"
    source: SourceName


class Spread(_Message):
    """Median and 95th percentile of recent durations."""

    p50: Millis
    p95: Millis


class Usage(_Message):
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


class Stats(_Message):
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


class Beat(_Message):
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

_TO_SENSE: TypeAdapter[ToSense] = TypeAdapter(ToSense)
_FROM_SENSE: TypeAdapter[FromSense] = TypeAdapter(FromSense)


def frame_to_sense(message: ToSense) -> bytes:
    """Return the frame of a message to the sensing process."""
    return encode(message.model_dump_json().encode(), TO_SENSE_LIMIT)


def frame_from_sense(message: FromSense) -> bytes:
    """Return the frame of a message to the hub."""
    return encode(message.model_dump_json().encode(), FROM_SENSE_LIMIT)


def parse_to_sense(body: bytes) -> ToSense:
    """Return the hub's message; raises SchemaViolation."""
    try:
        return _TO_SENSE.validate_json(body)
    except ValidationError as err:
        raise _violation(err) from None


def parse_from_sense(body: bytes) -> FromSense:
    """Return the sensing process's message; raises SchemaViolation."""
    try:
        return _FROM_SENSE.validate_json(body)
    except ValidationError as err:
        raise _violation(err) from None


def _violation(err: ValidationError) -> SchemaViolation:
    """Name the kinds of the errors; the refused values and keys stay out of logs."""
    kinds = sorted({str(problem["type"]) for problem in err.errors(include_input=False)})
    return SchemaViolation(f"not in the schema: {', '.join(kinds[:5])}")
