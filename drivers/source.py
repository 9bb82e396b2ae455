"""What camera, microphone and their demonstrations share: one thread, its states, its retries.

A source lives for one activation: `start()` once, `stop()` for good. Everything that touches the
device happens on the source's own thread, which also closes it; so "the thread has ended" is the
proof that the device is released, and `stop()` answers from that alone.

    opening --first sample--> on --device away--> lost --sample again--> on
       '--device away--> lost            a file's end --> ended, a fault of ours --> failed
    any --device closed--> off          (always the last word)

No numpy here: the hub's side may import this module.
"""

import random
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import structlog

from drivers.types import DriverError

log = structlog.get_logger(__name__)


class SourceState(StrEnum):
    """Where a source stands."""

    OPENING = "opening"
    ON = "on"
    LOST = "lost"
    ENDED = "ended"
    FAILED = "failed"
    OFF = "off"


StateCallback = Callable[[SourceState, str], None]
"""Told of each change and its reason ("" when all is well), on the source's thread."""


@dataclass(frozen=True, slots=True)
class CameraStats:
    """Counts since the start: frames taken off, handed on, undecodable; openings and losses."""

    grabbed: int
    delivered: int
    corrupt: int
    opened: int
    lost: int


@dataclass(frozen=True, slots=True)
class MicrophoneStats:
    """Counts since the start: blocks, those after lost sound, those clipped; openings, losses."""

    blocks: int
    overflows: int
    clipped: int
    opened: int
    lost: int


class SourceUnavailable(DriverError):  # noqa: N818 - says what it is
    """This source cannot work here until a person mends something; `mend` says what."""

    def __init__(self, reason: str, mend: str) -> None:
        super().__init__(reason)
        self.mend = mend

    def __str__(self) -> str:
        """Return reason and mend as one sentence."""
        return f"{self.reason}: {self.mend}"


class Lost(DriverError):  # noqa: N818
    """The device is absent, silent or gone; opening it again may help."""


class Backoff:
    """Waits that double from `first_s` to `limit_s`, each shortened by up to half at random."""

    def __init__(self, first_s: float = 0.5, limit_s: float = 30.0) -> None:
        self._first_s = first_s
        self._limit_s = limit_s
        self._ceiling_s = first_s

    def next_s(self) -> float:
        """Return how long to wait now, and double the next wait."""
        ceiling = self._ceiling_s
        self._ceiling_s = min(self._limit_s, ceiling * 2)
        return random.uniform(ceiling / 2, ceiling)  # noqa: S311 - jitter

    def reset(self) -> None:
        """Start small again."""
        self._ceiling_s = self._first_s


class Source(ABC):
    """A device on a thread of its own, reopened for as long as it is wanted."""

    simulated = False
    """True when what it delivers was made up; shown wherever its readings are shown."""

    healthy_after_s = 10.0
    """A session at least this long starts the back-off anew; a flapping device keeps its wait."""

    def __init__(self, kind: str, source: str, on_state: StateCallback) -> None:
        self.source = source
        self._kind = kind
        self._on_state = on_state
        self._state = SourceState.OPENING
        self._reason = ""
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._backoff = Backoff()
        self._losses = 0

    @property
    def state(self) -> SourceState:
        """Where it stands now; ON means that samples arrive."""
        return self._state

    def start(self) -> None:
        """Begin. May raise SourceUnavailable; everything later is told by states.

        The thread is a daemon so that a device stuck in the kernel cannot keep a process alive
        that has been told to end.
        """
        if self._thread is not None or self._stopping.is_set():
            raise RuntimeError("a source is started once")
        self._prepare()
        self._thread = threading.Thread(
            target=self._main, name=f"{self._kind} {self.source}", daemon=True
        )
        self._thread.start()

    def stop(self, timeout_s: float = 2.0) -> bool:
        """Close the device; True only when it is closed and the thread has ended.

        False means that the device's own code did not return in time: only ending the process
        closes it then. Safe to call again, and before `start()`; not from a callback.
        """
        self._stopping.set()
        thread = self._thread
        if thread is None:
            return True
        if thread is threading.current_thread():
            raise RuntimeError("a source cannot be stopped from its own callback")
        deadline = time.monotonic() + timeout_s
        while thread.is_alive() and (left := deadline - time.monotonic()) > 0:
            # Again and again: a connection may be made just after the last look.
            self._interrupt()
            thread.join(min(left, 0.1))
        return not thread.is_alive()

    def _prepare(self) -> None:  # noqa: B027 - most sources have nothing to check
        """Check what can be checked before the thread starts; raise SourceUnavailable."""

    @abstractmethod
    def _session(self) -> None:
        """Open, deliver until stopped, close. Return at the end of the matter; raise Lost."""

    def _interrupt(self) -> None:  # noqa: B027 - most sources never block for long
        """Make a blocking call of the session return, where there is a way."""

    def _arrived(self) -> None:
        """Note that a sample came: the source is on."""
        if self._state is SourceState.LOST:
            log.info("source_back", kind=self._kind, source=self.source)
        self._report(SourceState.ON)

    def _report(self, state: SourceState, reason: str = "") -> None:
        if (state, reason) == (self._state, self._reason):
            return
        self._state, self._reason = state, reason
        self._on_state(state, reason)

    def _main(self) -> None:
        try:
            self._on_state(SourceState.OPENING, "")
            self._repeat()
        except Exception as err:
            # A fault of ours or of a callback: say so and close, rather than die in silence.
            log.exception("source_failed", kind=self._kind, source=self.source)
            self._tell_last(SourceState.FAILED, type(err).__name__)
        self._tell_last(SourceState.OFF, "")

    def _repeat(self) -> None:
        while not self._stopping.is_set():
            began = time.monotonic()
            try:
                self._session()
            except Lost as err:
                if self._stopping.is_set():
                    return
                self._note_loss(err.reason)
                if time.monotonic() - began >= self.healthy_after_s:
                    self._backoff.reset()
                self._stopping.wait(self._backoff.next_s())
            else:
                if not self._stopping.is_set():
                    self._report(SourceState.ENDED)
                return

    def _note_loss(self, reason: str) -> None:
        if self._state is not SourceState.LOST:
            self._losses += 1
            log.warning("source_lost", kind=self._kind, source=self.source, reason=reason)
        self._report(SourceState.LOST, reason)

    def _tell_last(self, state: SourceState, reason: str) -> None:
        try:
            self._report(state, reason)
        except Exception:
            log.exception("source_callback_failed", kind=self._kind, source=self.source)
