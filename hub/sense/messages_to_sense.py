"""What the hub may say to the sensing process: what to load, what may be on, a text to read."""

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter, ValidationError

from hub.sense.framing import TO_SENSE_LIMIT, encode
from hub.sense.message_fields import VERSION, Message, RequestId, SourceName, violation

MAX_TEXT = 4000


class CameraSetup(Message):
    """A camera to hold ready. `url` may carry the camera's password."""

    source: SourceName
    url: str | int
    width: int
    height: int
    max_fps: float


class MicrophoneSetup(Message):
    """A microphone to hold ready."""

    source: SourceName
    device: str | int


class Configure(Message):
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


class Allow(Message):
    """The sources that may be on; every other one is closed and confirmed as off."""

    t: Literal["allow"] = "allow"
    sources: tuple[SourceName, ...]


class Text(Message):
    """A text to read; it is answered once, by TextResult or TextRefusal."""

    t: Literal["text"] = "text"
    id: RequestId
    text: Annotated[str, Field(min_length=1, max_length=MAX_TEXT)]


class CameraSocket(Message):
    """The connection that was asked for comes with this message as a file descriptor."""

    t: Literal["camera_socket"] = "camera_socket"
    source: SourceName


class CameraUnreachable(Message):
    """The connection that was asked for could not be made."""

    t: Literal["camera_unreachable"] = "camera_unreachable"
    source: SourceName


class StatsRequest(Message):
    """Ask for Stats now."""

    t: Literal["stats_request"] = "stats_request"


class Stop(Message):
    """Close every device, send the last Stats and end."""

    t: Literal["stop"] = "stop"


ToSense = Annotated[
    Configure | Allow | Text | CameraSocket | CameraUnreachable | StatsRequest | Stop,
    Field(discriminator="t"),
]

_TO_SENSE: TypeAdapter[ToSense] = TypeAdapter(ToSense)


def frame_to_sense(message: ToSense) -> bytes:
    """Return the frame of a message to the sensing process."""
    return encode(message.model_dump_json().encode(), TO_SENSE_LIMIT)


def parse_to_sense(body: bytes) -> ToSense:
    """Return the hub's message; raises SchemaViolation."""
    try:
        return _TO_SENSE.validate_json(body)
    except ValidationError as err:
        raise violation(err) from None
