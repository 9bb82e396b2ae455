"""What a camera's url may be, and what FFmpeg is kept from."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import cv2
import numpy as np
import pytest

from drivers.camera import Camera, fit
from drivers.camera_open import Kind, Limits, Target, open_capture, parse_url
from drivers.pace import Pace
from drivers.source import Lost, SourceUnavailable
from tests.fakes.recorder import Recorder

LIMITS = Limits(640, 480, 10, 2, 2)


@pytest.mark.parametrize(
    ("url", "target"),
    [
        (0, Target(Kind.V4L2, 0)),
        ("2", Target(Kind.V4L2, 2)),
        ("/dev/video1", Target(Kind.V4L2, "/dev/video1")),
        ("/dev/v4l/by-id/usb-cam", Target(Kind.V4L2, "/dev/v4l/by-id/usb-cam")),
        ("/films/a.mp4", Target(Kind.FILE, "/films/a.mp4")),
        ("file:///films/a.mp4", Target(Kind.FILE, "/films/a.mp4")),
        ("rtsp://u:p@10.0.0.9/1", Target(Kind.STREAM, "rtsp://u:p@10.0.0.9/1", "10.0.0.9", 554)),
        ("http://[::1]:8080/v", Target(Kind.STREAM, "http://[::1]:8080/v", "::1", 8080)),
    ],
)
def test_urls(url: str | int, target: Target) -> None:
    assert parse_url(url) == target


@pytest.mark.parametrize("url", ["ftp://cam/a", "https://cam/", "rtsp:///a", "http://cam:99999/"])
def test_what_cannot_be_opened_is_refused_at_once_with_a_mend(url: str) -> None:
    with pytest.raises(SourceUnavailable) as refused:
        Camera("c", url, 640, 480, 10, Recorder().slot, Recorder().on_state)
    assert refused.value.mend
    assert refused.value.reason in str(refused.value)


def test_a_reason_never_holds_the_url() -> None:
    with pytest.raises(Lost) as lost:
        open_capture(parse_url("rtsp://me:secret@127.0.0.1:9/x"), LIMITS)
    assert "secret" not in lost.value.reason


def test_an_absent_camera_says_which() -> None:
    with pytest.raises(Lost, match="/dev/video77"):
        open_capture(parse_url(77), LIMITS)
    with pytest.raises(Lost, match="/dev/no-such-camera"):
        open_capture(parse_url("/dev/no-such-camera"), LIMITS)


def test_a_device_that_is_no_camera_is_said_so() -> None:
    with pytest.raises(Lost, match="is in use or is no camera"):
        open_capture(parse_url("/dev/null"), LIMITS)


def test_a_file_that_is_no_video_is_said_so(tmp_path: Path) -> None:
    junk = tmp_path / "junk.mp4"
    junk.write_bytes(b"\x00" * 5000)
    with pytest.raises(Lost, match="no video"):
        open_capture(parse_url(str(junk)), LIMITS)


def test_ffmpegs_own_protocols_are_not_obeyed_in_a_file_name(tmp_path: Path) -> None:
    picture = tmp_path / "a.jpg"
    cv2.imwrite(str(picture), np.zeros((48, 64, 3), np.uint8))
    for trick in (f"concat:{picture}", f"subfile,,start,0,end,0,,:{picture}", "pipe:0"):
        with pytest.raises(Lost, match="no such file"):
            open_capture(parse_url(trick), LIMITS)


def test_a_playlist_from_the_network_is_not_followed(tmp_path: Path) -> None:
    """A camera's answer must not make FFmpeg fetch other addresses or files."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            body = b"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n/second.ts\n#EXT-X-ENDLIST\n"
            self.send_response(200)
            self.send_header("Content-Type", "application/vnd.apple.mpegurl")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            with pytest.raises(Lost):
                open_capture(parse_url(f"http://127.0.0.1:{server.server_port}/list.m3u8"), LIMITS)
        finally:
            server.shutdown()
            thread.join()
    assert asked
    assert "/second.ts" not in asked


@pytest.mark.parametrize(
    ("shape", "fitted"),
    [
        ((480, 640), (480, 640)),
        ((1080, 1920), (360, 640)),
        ((1920, 1080), (480, 270)),
        ((120, 160), (120, 160)),
        ((4000, 3), (480, 1)),
    ],
)
def test_pictures_shrink_to_fit_and_keep_their_proportions(
    shape: tuple[int, int], fitted: tuple[int, int]
) -> None:
    image = fit(np.full((*shape, 3), 7, np.uint8), 640, 480)
    assert image.shape == (*fitted, 3)
    assert image.dtype == np.uint8
    assert (image == 7).all()


@pytest.mark.parametrize(
    ("camera_hz", "wanted_hz", "expected"), [(15, 10, 10), (30, 1, 1), (5, 10, 5), (10, 10, 10)]
)
def test_pace_keeps_the_wanted_rate(camera_hz: int, wanted_hz: float, expected: int) -> None:
    pace = Pace(wanted_hz)
    random = np.random.default_rng(3)
    # Ten seconds of frames that come a little early or late, as they do.
    times = np.arange(camera_hz * 10) / camera_hz + random.uniform(-0.004, 0.004, camera_hz * 10)
    kept = sum(pace.due(float(t)) for t in times)
    assert expected * 10 - 1 <= kept <= expected * 10 + 1


def test_pace_follows_a_raised_rate_at_once() -> None:
    pace = Pace(1)
    assert pace.due(0.0)
    assert pace.due(0.01)  # the first period is free
    assert not pace.due(0.05)
    pace.rate_hz = 10
    assert not pace.due(0.06)
    assert pace.due(0.17)
