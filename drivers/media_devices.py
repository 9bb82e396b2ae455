"""Which cameras and microphones this machine has, for asking people before one is used.

Looking switches nothing on. No numpy here: the command line may import this module.
"""

import fcntl
import os
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from drivers.portaudio import InputDevice, inputs
from drivers.source import SourceUnavailable

_VIDIOC_QUERYCAP = 0x80685600
"""linux/videodev2.h: _IOR('V', 0, struct v4l2_capability), 104 bytes."""
_CAP_VIDEO_CAPTURE = 0x1
_CAP_DEVICE_CAPS = 0x80000000


@dataclass(frozen=True, slots=True)
class CameraDevice:
    """A V4L2 camera: `index` and `path` can both stand as a camera's url."""

    index: int
    path: str
    name: str


def list_cameras(
    sys_dir: Path = Path("/sys/class/video4linux"),
    dev_dir: Path = Path("/dev"),
    captures: Callable[[Path], bool] | None = None,
) -> tuple[CameraDevice, ...]:
    """List the V4L2 devices that take pictures, lowest index first.

    Most cameras have a second device for metadata; such are left out, as are those that this user
    may not open. `captures` says whether a device node takes pictures; it asks the kernel.
    """
    found = []
    for entry in sys_dir.glob("video*") if sys_dir.is_dir() else ():
        digits = entry.name.removeprefix("video")
        node = dev_dir / entry.name
        if not digits.isdecimal() or not (captures or takes_pictures)(node):
            continue
        try:
            name = (entry / "name").read_text("utf-8", "replace").strip()
        except OSError:
            name = ""
        found.append(CameraDevice(int(digits), str(node), name or entry.name))
    return tuple(sorted(found, key=lambda device: device.index))


def takes_pictures(node: Path) -> bool:
    """Ask the kernel whether this device node captures video (V4L2 VIDIOC_QUERYCAP)."""
    answer = bytearray(104)
    try:
        fd = os.open(node, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.ioctl(fd, _VIDIOC_QUERYCAP, answer)
    except OSError:
        return False
    finally:
        os.close(fd)
    # driver[16] card[32] bus_info[32] version capabilities device_caps reserved[3]
    everything, this_node = struct.unpack_from("=II", answer, 84)
    capabilities = this_node if everything & _CAP_DEVICE_CAPS else everything
    return bool(capabilities & _CAP_VIDEO_CAPTURE)


def list_microphones(timeout_s: float = 5.0) -> tuple[InputDevice, ...]:
    """List PortAudio's inputs; takes 0.1 to 0.3 s, so not in an event loop.

    Raises SourceUnavailable when PyAudio is missing or the sound system does not answer.
    """
    result: list[tuple[InputDevice, ...] | SourceUnavailable] = []

    def look() -> None:
        try:
            result.append(inputs())
        except SourceUnavailable as err:
            result.append(err)

    # PortAudio waits without limit for a sound server that hangs; hence a thread to leave behind.
    thread = threading.Thread(target=look, name="list microphones", daemon=True)
    thread.start()
    thread.join(timeout_s)
    if not result:
        raise SourceUnavailable("the sound system does not answer", "restart the sound server")
    match result[0]:
        case SourceUnavailable() as err:
            raise err
        case devices:
            return devices
