"""Holding a network camera for the length of a test."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from drivers.camera import Camera
from drivers.source import Backoff
from tests.fakes.recorder import Recorder


@contextmanager
def watching(url: str, recorder: Recorder, **options: float) -> Iterator[Camera]:
    """A started camera with a short back-off, closed within 2 s at the end."""
    camera = Camera("lounge", url, 640, 480, 10, recorder.slot, recorder.on_state, **options)  # type: ignore[arg-type]
    camera._backoff = Backoff(0.1, 0.4)
    camera.start()
    try:
        yield camera
    finally:
        began = time.monotonic()
        assert camera.stop(2)
        assert time.monotonic() - began < 2
    assert recorder.names[-1] == "off"
