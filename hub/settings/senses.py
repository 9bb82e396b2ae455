"""What may be sensed, and where from."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from drivers.settings import Strict
from hub.setting_types import Name


class Camera(Strict):
    """A camera. `url` is a V4L2 index (0), a file, rtsp:// or http:// (MJPEG), or demo:.

    Other schemes, https:// and rtsps:// among them, are refused: the process that decodes has no
    network and could not check a certificate.
    """

    room: Name
    url: str | int
    max_fps: Annotated[float, Field(ge=1, le=10)] = 5
    width: Annotated[int, Field(ge=160, le=1920)] = 640
    height: Annotated[int, Field(ge=120, le=1080)] = 480

    @field_validator("url")
    @classmethod
    def _can_be_read(cls, url: str | int) -> str | int:
        scheme, marked, rest = str(url).partition("://")
        if not marked or scheme == "file":
            return url
        if scheme not in ("rtsp", "http"):
            raise ValueError(
                f"cameras cannot be read by {scheme}://; give a V4L2 index, a video file, "
                "rtsp:// or http:// (MJPEG)"
            )
        parts = urlsplit(f"{scheme}://{rest}")
        if not parts.hostname or parts.port == 0:  # a port that is no number raises by itself
            raise ValueError(f"give the camera's address as {scheme}://host:port/path")
        return url


class Microphone(Strict):
    """A microphone by PortAudio name or index; empty means the default input."""

    room: Name
    device: str | int = ""


class Wearable(Strict):
    """A body sensor's wearer."""

    device: str
    """Device id of the strap or band."""
    person: Name
    room: Name


class TextSense(Strict):
    """What people type."""

    enabled: bool = True
    room: Name | None = None
    """Where typed text counts when it does not say; the first room if not given."""


class VoiceSense(Strict):
    """What is done with voices besides hearing their tone."""

    words: bool = False
    """Read spoken English words too, in a process of their own (needs the extra `words`)."""


class Senses(Strict):
    """What may be sensed. Each also needs consent before it is switched on."""

    cameras: dict[Name, Camera] = {}
    microphones: dict[Name, Microphone] = {}
    wearables: dict[Name, Wearable] = {}
    voice: VoiceSense = VoiceSense()
    text: TextSense = TextSense()
