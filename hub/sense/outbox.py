"""The sensing process's one way out: a bounded queue, its thread, and the gate of consent."""

import socket
import threading
import time
from collections import deque
from collections.abc import Callable

from hub.sense.message_fields import SourceName
from hub.sense.messages_from_sense import Beat, Face, FromSense, Voice, Words, frame_from_sense

BEAT_S = 0.5
MAX_READINGS = 64


class Outbox:
    """Sends messages in order; readings only while their source is allowed.

    `reading` never blocks: when the hub does not read, the oldest reading goes and `dropped`
    counts it. Other messages are few by nature (answers to requests, changes of state). A beat is
    sent every half second while `alive` says that no thread is stuck.
    """

    def __init__(self, sock: socket.socket, alive: Callable[[], bool]) -> None:
        self._sock = sock
        self._alive = alive
        self._changed = threading.Condition()
        self._messages: deque[FromSense] = deque()
        self._readings: deque[Face | Voice | Words] = deque()
        self._allowed: frozenset[SourceName] = frozenset()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="outbox", daemon=True)
        self.dropped = 0

    def start(self) -> None:
        """Start the thread that writes."""
        self._thread.start()

    def allow(self, sources: frozenset[SourceName]) -> None:
        """Let through readings of these sources only; waiting ones of others are thrown away."""
        with self._changed:
            self._allowed = sources
            self._readings = deque(r for r in self._readings if r.source in sources)

    def allowed(self, source: SourceName) -> bool:
        """Tell whether readings of this source may be sent now."""
        return source in self._allowed

    def reading(self, message: Face | Voice | Words) -> None:
        """Send a reading if its source is allowed at this moment."""
        with self._changed:
            if message.source not in self._allowed:
                return
            if len(self._readings) == MAX_READINGS:
                self._readings.popleft()
                self.dropped += 1
            self._readings.append(message)
            self._changed.notify()

    def tell(self, message: FromSense) -> None:
        """Send anything but a reading."""
        with self._changed:
            self._messages.append(message)
            self._changed.notify()

    def close(self, timeout_s: float) -> None:
        """Send what waits and end the thread."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join(timeout_s)

    def _run(self) -> None:
        next_beat = time.monotonic()
        while True:
            batch, closing = self._take(next_beat)
            if time.monotonic() >= next_beat:
                next_beat = time.monotonic() + BEAT_S
                if self._alive():
                    batch.append(Beat())
            try:
                self._sock.sendall(b"".join(frame_from_sense(message) for message in batch))
            except OSError:
                return  # the hub is gone; the thread that reads sees it too and ends the process
            if closing:
                return

    def _take(self, until: float) -> tuple[list[FromSense], bool]:
        with self._changed:
            self._changed.wait_for(
                lambda: self._messages or self._readings or self._closing,
                max(0.0, until - time.monotonic()),
            )
            batch: list[FromSense] = [*self._messages, *self._readings]
            self._messages.clear()
            self._readings.clear()
            return batch, self._closing
