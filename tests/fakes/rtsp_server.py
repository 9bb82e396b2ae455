"""A real RTSP camera: GStreamer's RTSP server with H.264, run by the system's Python.

Run as a script it is the server (`/usr/bin/python3 tests/fakes/rtsp_server.py PORT`); it imports
nothing of the project, since the system's Python has GStreamer's bindings and nothing else.
"""

import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.fakes.process import Peer

SYSTEM_PYTHON = "/usr/bin/python3"
PACKAGES = (
    "gir1.2-gst-rtsp-server-1.0 python3-gi gstreamer1.0-plugins-good gstreamer1.0-plugins-ugly"
)

_PIPELINE = (
    "( videotestsrc is-live=true pattern=ball ! video/x-raw,width=640,height=480,framerate=15/1 "
    "! x264enc tune=zerolatency speed-preset=ultrafast key-int-max=15 "
    "! rtph264pay name=pay0 pt=96 )"
)
_PROBE = """
import gi
gi.require_version("Gst", "1.0"); gi.require_version("GstRtspServer", "1.0")
from gi.repository import Gst, GstRtspServer
Gst.init(None)
assert Gst.ElementFactory.find("x264enc") and Gst.ElementFactory.find("rtph264pay")
"""


def rtsp_camera() -> tuple["Peer", str]:
    """Return the peer, not yet started, and its url; fail with what to install if it cannot run."""
    from tests.fakes.process import Peer, free_port  # noqa: PLC0415 - not for the system's Python

    probe = subprocess.run(
        [SYSTEM_PYTHON, "-c", _PROBE], capture_output=True, timeout=30, check=False
    )
    assert probe.returncode == 0, (
        f"this test needs an RTSP server: install it with `apt-get install {PACKAGES}`"
    )
    port = free_port()
    return Peer([SYSTEM_PYTHON, __file__, str(port)]), f"rtsp://127.0.0.1:{port}/cam"


def main() -> None:
    import gi  # type: ignore[import-not-found]  # noqa: PLC0415 - the system's Python has it

    gi.require_version("Gst", "1.0")
    gi.require_version("GstRtspServer", "1.0")
    from gi.repository import (  # type: ignore[import-not-found]  # noqa: PLC0415
        GLib,
        Gst,
        GstRtspServer,
    )

    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(sys.argv[1])
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(_PIPELINE)
    factory.set_shared(True)
    server.get_mount_points().add_factory("/cam", factory)
    assert server.attach(None)
    print("ready", flush=True)
    GLib.MainLoop().run()


if __name__ == "__main__":
    main()
