"""A camera as a source of fresh pictures: V4L2, file, RTSP, or MJPEG over HTTP.

One thread takes every frame off the stream, so that what it hands on is never old, and hands on
only as many a second as were asked for. Pictures stay in memory; nothing here opens a file to
write.
"""

import time
import zlib
from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from drivers.camera_cut import cut_connections
from drivers.camera_open import Kind, Limits, Target, open_capture, parse_url
from drivers.demo_camera import DemoCamera
from drivers.media import Frame
from drivers.pace import Pace
from drivers.source import CameraStats, Lost, Source, StateCallback

MIN_FPS, MAX_FPS = 1.0, 10.0

_FAILURES_IN_A_ROW = 30
"""So many undecodable frames in a row end a stream; a damaged one is passed over."""
_QUICK_S = 0.2
"""So many failures within this time are no damaged frames but the end of the stream."""


def open_camera(
    source: str,
    url: str | int,
    width: int,
    height: int,
    max_fps: float,
    slot: Callable[[Frame], None],
    on_state: StateCallback,
    *,
    loop: bool = False,
    seed: int = 1,
) -> "Camera | DemoCamera":
    """Return the source for `url`, not yet started; `demo:` is the demonstration.

    Args:
        seed: what the demonstration does is the same for the same seed.
    """
    if url == "demo:":
        return DemoCamera(source, width, height, max_fps, slot, on_state, seed=seed)
    return Camera(source, url, width, height, max_fps, slot, on_state, loop=loop)


class Camera(Source):
    """One camera.

    Args:
        source: its name in the configuration.
        url: see drivers.camera_open. Raises SourceUnavailable when it cannot be one.
        width: pictures are shrunk to fit in width x height pixels, never enlarged.
        height: see width.
        max_fps: the most pictures a second, 1 to 10; `set_rate` goes lower.
        slot: gets each picture, on the camera's thread; newest wins there, it must not block.
        on_state: gets state and reason, on the same thread.
        loop: play a file again from its start; otherwise its end is the state `ended`.
        frozen_after_s: when pictures stay exactly equal for so long the camera counts as lost;
            None (default) for cameras whose pictures may stand still, as test pictures do.
        open_timeout_s: for network streams.
        read_timeout_s: no picture for so long means that the stream is lost.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        source: str,
        url: str | int,
        width: int,
        height: int,
        max_fps: float,
        slot: Callable[[Frame], None],
        on_state: StateCallback,
        *,
        loop: bool = False,
        frozen_after_s: float | None = None,
        open_timeout_s: float = 5.0,
        read_timeout_s: float = 3.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__("camera", source, on_state)
        self._target: Target = parse_url(url)
        self._max_fps = min(max(max_fps, MIN_FPS), MAX_FPS)
        self._limits = Limits(width, height, self._max_fps, open_timeout_s, read_timeout_s)
        self._slot = slot
        self._loop = loop
        self._frozen_after_s = frozen_after_s
        self._clock = clock
        self._pace = Pace(self._max_fps)
        self._grabbed = self._delivered = self._corrupt = self._opened = 0
        self._decoded_s = 0.0

    def set_rate(self, fps: float) -> None:
        """Hand on at most `fps` pictures a second from now on (held within 1 and max_fps)."""
        self._pace.rate_hz = min(max(fps, MIN_FPS), self._max_fps)

    def stats(self) -> CameraStats:
        """Return the counts so far."""
        return CameraStats(
            self._grabbed, self._delivered, self._corrupt, self._opened, self._losses
        )

    def _session(self) -> None:
        while not self._stopping.is_set():
            before = self._grabbed
            capture = open_capture(self._target, self._limits)
            try:
                self._opened += 1
                self._pump(capture)
            finally:
                capture.release()
            if self._grabbed == before and not self._stopping.is_set():
                raise Lost("no picture came")
            if not self._loop:
                return

    def _interrupt(self) -> None:
        if self._target.kind is Kind.STREAM:
            cut_connections(self._target.host, self._target.port)

    def _pump(self, capture: cv2.VideoCapture) -> None:
        """Take frames until stopped or at a file's end; raise Lost when a stream breaks."""
        good_s = self._decoded_s = self._clock()
        playback = _Playback(capture, good_s) if self._target.kind is Kind.FILE else None
        still = _Still(self._frozen_after_s)
        failures = 0
        while not self._stopping.is_set():
            if not _grab(capture):
                failures += 1
                waited_s = self._clock() - good_s
                if failures >= _FAILURES_IN_A_ROW or waited_s >= self._limits.read_timeout_s:
                    self._broken_off(failures, waited_s)
                    return
                continue
            now = self._clock()
            # Failures before a good frame were damaged frames; those at an end are just the end.
            self._corrupt += failures
            failures, good_s = 0, now
            self._grabbed += 1
            if self._pace.due(now):
                self._hand_on(capture, now, still)
            if playback:
                self._stopping.wait(playback.until_next_s(self._clock()))

    def _broken_off(self, failures: int, waited_s: float) -> None:
        if self._stopping.is_set() or self._target.kind is Kind.FILE:
            return
        if failures < _FAILURES_IN_A_ROW:
            raise Lost(f"no picture for {waited_s:.0f} s")
        if waited_s < _QUICK_S:
            raise Lost(
                "the stream ended" if self._target.kind is Kind.STREAM else "the camera went away"
            )
        self._corrupt += failures
        raise Lost("the pictures cannot be decoded")

    def _hand_on(self, capture: cv2.VideoCapture, now: float, still: "_Still") -> None:
        image = _decode(capture)
        if image is None:
            self._corrupt += 1
            if now - self._decoded_s >= self._limits.read_timeout_s:
                raise Lost("the pictures cannot be decoded")
            return
        self._decoded_s = now
        if still.too_long(image, now):
            raise Lost("the picture stands still")
        picture = fit(image, self._limits.width, self._limits.height)
        self._delivered += 1
        self._arrived()
        self._slot(Frame(self.source, picture, now, self._delivered))


def fit(image: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """Return the BGR image shrunk to fit in width x height with its proportions kept."""
    rows, columns = image.shape[:2]
    scale = min(width / columns, height / rows)
    if scale >= 1:
        return image
    size = (max(1, round(columns * scale)), max(1, round(rows * scale)))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def _grab(capture: cv2.VideoCapture) -> bool:
    try:
        return capture.grab()
    except cv2.error:
        return False


def _decode(capture: cv2.VideoCapture) -> NDArray[np.uint8] | None:
    """Return the frame that was grabbed, or None when it is no BGR picture."""
    try:
        ok, raw = capture.retrieve()
    except cv2.error:
        return None
    if not ok or raw is None or raw.ndim != 3 or raw.shape[2] != 3:  # noqa: PLR2004
        return None
    return np.asarray(raw, np.uint8)


class _Playback:
    """Holds a file back to the speed it was taken at."""

    def __init__(self, capture: cv2.VideoCapture, now: float) -> None:
        fps = capture.get(cv2.CAP_PROP_FPS)
        # Raw streams without time stamps report anything, among it 0 and 90000.
        self._period_s = 1 / fps if 1 <= fps <= 120 else 1 / 25  # noqa: PLR2004
        self._due_s = now

    def until_next_s(self, now: float) -> float:
        self._due_s = max(self._due_s + self._period_s, now)
        return self._due_s - now


class _Still:
    """Notices a picture that does not change by a single bit in a sample of its pixels."""

    def __init__(self, limit_s: float | None) -> None:
        self._limit_s = limit_s
        self._print: int | None = None
        self._since_s = 0.0

    def too_long(self, image: NDArray[np.uint8], now: float) -> bool:
        if self._limit_s is None:
            return False
        print_ = zlib.crc32(image[::4, ::4].tobytes())
        if print_ != self._print:
            self._print, self._since_s = print_, now
        return now - self._since_s >= self._limit_s
