"""What a test hands to a camera or microphone, and how it waits for what comes."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from drivers.media import AudioBlock, Frame
from drivers.source import SourceState


class Recorder:
    """Keeps everything that a source says, and wakes those who wait for it."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.blocks: list[AudioBlock] = []
        self.states: list[tuple[SourceState, str]] = []
        self._changed = threading.Condition()

    def slot(self, frame: Frame) -> None:
        with self._changed:
            self.frames.append(frame)
            self._changed.notify_all()

    def deliver(self, block: AudioBlock) -> None:
        with self._changed:
            self.blocks.append(block)
            self._changed.notify_all()

    def on_state(self, state: SourceState, reason: str) -> None:
        with self._changed:
            self.states.append((state, reason))
            self._changed.notify_all()

    @property
    def names(self) -> list[str]:
        """The states so far, without reasons; repeated ones once."""
        names = [state.value for state, _ in self.states]
        return [name for i, name in enumerate(names) if i == 0 or names[i - 1] != name]

    @property
    def sound(self) -> NDArray[np.float32]:
        return np.concatenate([block.samples for block in self.blocks])

    def wait(self, what: Callable[["Recorder"], object], limit_s: float = 20.0) -> None:
        """Wait until `what` holds; fail with what came instead."""
        with self._changed:
            met = self._changed.wait_for(lambda: what(self), limit_s)
        assert met, f"not within {limit_s} s: {len(self.frames)} frames, {self.states}"

    def wait_frames(self, count: int, limit_s: float = 20.0) -> None:
        """Wait for `count` frames more than there are now."""
        target = len(self.frames) + count
        self.wait(lambda r: len(r.frames) >= target, limit_s)

    def wait_state(self, name: str, limit_s: float = 20.0) -> None:
        self.wait(lambda r: r.states and r.states[-1][0] == name, limit_s)


def fds() -> set[str]:
    """Return this process's open descriptors with what they lead to."""
    found = set()
    for entry in Path("/proc/self/fd").iterdir():
        try:
            found.add(f"{entry.name} {entry.readlink()}")
        except OSError:  # the descriptor of the listing itself
            continue
    return {one for one in found if "/proc/" not in one}


def tasks() -> int:
    """Return the number of this process's threads, those of C libraries included."""
    return sum(1 for _ in Path("/proc/self/task").iterdir())


@contextmanager
def no_leaks(limit_s: float = 20.0) -> Iterator[None]:
    """Fail when threads or descriptors remain; C threads may take a moment to end."""
    fds_before, tasks_before = fds(), tasks()
    yield
    deadline = time.monotonic() + limit_s
    while (fds() - fds_before or tasks() > tasks_before) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not fds() - fds_before
    assert tasks() <= tasks_before, f"{tasks() - tasks_before} threads remain"
