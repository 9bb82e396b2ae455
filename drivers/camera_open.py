"""From a configured `url` to an open `cv2.VideoCapture`, with every wait limited.

Sources: a V4L2 camera (index, `/dev/video0`, `/dev/v4l/by-id/...`), a video file, `rtsp://`, and
MJPEG over `http://`. FFmpeg gets short lists of protocols and formats, so that neither a playlist
nor a stream can make it read other files or addresses.
"""

import os
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from urllib.parse import urlsplit

import cv2

from drivers.source import Lost, SourceUnavailable

DEFAULT_PORTS = {"rtsp": 554, "http": 80}

_FFMPEG_OPTIONS = {
    # UDP would need ports of its own; network cameras come through one byte stream.
    "rtsp_transport": "tcp",
    # Half a second of looking at the stream; FFmpeg's default takes over two at 15 fps.
    "analyzeduration": "500000",
    # Frames seen while looking are dropped, or every later frame would be that much older. (A file
    # loses its first frame by it: the options are one for the whole process.)
    "fflags": "nobuffer",
    "protocol_whitelist": "file,http,tcp,rtp",
    "format_whitelist": (
        "rtsp,rtp,sdp,mpjpeg,mjpeg,jpeg_pipe,mov,matroska,webm,avi,mpegts,h264,hevc"
    ),
}


class Kind(Enum):
    """What a url stands for."""

    V4L2 = "v4l2"
    FILE = "file"
    STREAM = "stream"


@dataclass(frozen=True, slots=True)
class Target:
    """A parsed url. `host` and `port` are those of a stream."""

    kind: Kind
    address: str | int
    host: str = ""
    port: int = 0


@dataclass(frozen=True, slots=True)
class Limits:
    """How large, how fast, how long to wait (seconds)."""

    width: int
    height: int
    fps: float
    open_timeout_s: float
    read_timeout_s: float


def parse_url(url: str | int) -> Target:
    """Say what `url` stands for. Raises SourceUnavailable for what cannot be opened here."""
    if isinstance(url, int) or url.isdecimal():
        return Target(Kind.V4L2, int(url))
    if url.startswith("/dev/"):
        return Target(Kind.V4L2, url)
    if "://" not in url:
        return Target(Kind.FILE, url)
    parts = urlsplit(url)
    if parts.scheme == "file":
        return Target(Kind.FILE, parts.path)
    if parts.scheme not in DEFAULT_PORTS:
        raise SourceUnavailable(
            f"cameras cannot be read by {parts.scheme}://",
            "give a V4L2 index, a video file, rtsp:// or http:// (MJPEG)",
        )
    try:
        port = parts.port or DEFAULT_PORTS[parts.scheme]
    except ValueError as err:
        raise SourceUnavailable("the camera's port is no port", "give one up to 65535") from err
    if not parts.hostname:
        raise SourceUnavailable("the camera's url names no host", "give scheme://host/path")
    return Target(Kind.STREAM, url, parts.hostname, port)


def open_capture(target: Target, limits: Limits) -> cv2.VideoCapture:
    """Open it; blocks up to the open time-out. Raises Lost with a reason that is safe to log.

    A capture object whose stream broke never recovers: open a new one.
    """
    quieten()
    match target.kind:
        case Kind.V4L2:
            capture = cv2.VideoCapture(target.address, cv2.CAP_V4L2, _v4l2_parameters(limits))
        case Kind.FILE:
            if not Path(str(target.address)).is_file():
                raise Lost("there is no such file")
            # The prefix keeps a name such as `pipe:0` or `concat:a|b` from being obeyed.
            address = f"file:{target.address}"
            capture = cv2.VideoCapture(address, cv2.CAP_FFMPEG, _ffmpeg_parameters(limits))
        case Kind.STREAM:
            capture = cv2.VideoCapture(target.address, cv2.CAP_FFMPEG, _ffmpeg_parameters(limits))
    if not capture.isOpened():
        capture.release()
        raise Lost(_why_not(target))
    return capture


def quieten() -> None:
    """Set what OpenCV and FFmpeg read from the environment: options, and silence.

    FFmpeg's own messages would put urls, which may hold a password, into the log.
    """
    os.environ["OPENCV_FFMPEG_CAPTURE_OPTIONS"] = "|".join(
        f"{key};{value}" for key, value in _FFMPEG_OPTIONS.items()
    )
    os.environ["OPENCV_FFMPEG_LOGLEVEL"] = "-8"
    # V4L2's wait for a frame, in whole seconds; the default of 10 is too long for stop().
    os.environ["OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT"] = "1"
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)


def _v4l2_parameters(limits: Limits) -> list[int]:
    return [
        *(cv2.CAP_PROP_FRAME_WIDTH, limits.width),
        *(cv2.CAP_PROP_FRAME_HEIGHT, limits.height),
        *(cv2.CAP_PROP_FPS, round(limits.fps)),
    ]


def _ffmpeg_parameters(limits: Limits) -> list[int]:
    return [
        *(cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, round(limits.open_timeout_s * 1000)),
        *(cv2.CAP_PROP_READ_TIMEOUT_MSEC, round(limits.read_timeout_s * 1000)),
        # Frame threads hold back one frame each; one thread decodes 640x480 at 30 fps easily.
        *(cv2.CAP_PROP_N_THREADS, 1),
    ]


def _why_not(target: Target) -> str:
    match target.kind:
        case Kind.V4L2:
            path = Path(
                f"/dev/video{target.address}" if isinstance(target.address, int) else target.address
            )
            if not path.exists():
                return f"there is no camera at {path}"
            if not os.access(path, os.R_OK | os.W_OK):
                return f"no permission to open {path} (is the user in the group video?)"
            return f"{path} is in use or is no camera"
        case Kind.FILE:
            return "the file is no video that can be read"
        case Kind.STREAM:
            return "the camera does not answer with a video stream"
