"""What the sensing process does: obeys the hub, switches devices, runs the models in threads.

    cameras     --> newest frame each --> vision thread  --+
    microphones --> 3 s of sound      --> hearing thread --+--> outbox --> socket --> hub
    texts       --> queue of 32       --> text thread    --+
    utterances  --> newest one        --> words thread   --+   (only where words are switched on)

The main thread does what the hub says; each tap's thread opens and closes its device.
"""

import ctypes
import os
import resource
import socket
import threading
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hub.sense.assembly import Assembly, assemble
from hub.sense.framing import TO_SENSE_LIMIT, FrameBuffer
from hub.sense.isolate import Isolation
from hub.sense.message_fields import VERSION, Queue, Reason
from hub.sense.messages_from_sense import Hello, Loaded, Ready, StateChange, Stats, TextRefusal
from hub.sense.messages_to_sense import (
    Allow,
    CameraSocket,
    CameraUnreachable,
    Configure,
    StatsRequest,
    Stop,
    Text,
    ToSense,
    parse_to_sense,
)
from hub.sense.outbox import Outbox
from hub.sense.sources import TEXT
from hub.sense.worker import Worker
from hub.types import SenseState
from models.types import Sense

_END_LIMIT_S = 1.5


class Sensing:
    """One sensing process; `run` serves the hub until it says Stop or is gone."""

    def __init__(self, sock: socket.socket, isolation: Isolation) -> None:
        self._sock = sock
        self._isolation = isolation
        self._outbox = Outbox(sock, self._alive)
        self._made = Assembly()
        self._workers: dict[Sense, Worker[Any]] = {}
        self._loaded: dict[Sense, Loaded] = {}
        self._loading = threading.Lock()

    def run(self) -> None:
        """Serve; when the hub is gone, devices close with the process."""
        self._outbox.start()
        self._outbox.tell(Hello(version=VERSION, pid=os.getpid(), isolation=self._isolation))
        for message, descriptor in _incoming(self._sock):
            if isinstance(message, Stop):
                self._end()
                return
            self._obey(message, descriptor)

    def _obey(self, message: ToSense, descriptor: int | None) -> None:
        match message:
            case Configure():
                self._configure(message)
            case Allow():
                self._allow(frozenset(message.sources))
            case Text():
                self._take_text(message)
            case CameraSocket():
                self._answer_bridge(message.source, descriptor)
            case CameraUnreachable():
                self._answer_bridge(message.source, None)
            case StatsRequest():
                self._outbox.tell(self._stats())

    def _configure(self, wanted: Configure) -> None:
        self._made = assemble(wanted, self._outbox)
        self._workers = {part.sense: Worker(part, self._on_loaded) for part in self._made.parts}
        for worker in self._workers.values():
            worker.start()

    def _on_loaded(self, loaded: Loaded) -> None:
        """Take note that a worker has its models, or has failed, on the worker's thread."""
        if loaded.reason is not Reason.NONE:
            for tap in self._made.taps_of(loaded.sense):
                tap.give_up(loaded.reason)
        with self._loading:
            self._loaded[loaded.sense] = loaded
            complete = self._loaded.keys() == self._workers.keys()
        if loaded.sense is Sense.TEXT:
            self._tell_text()
        if complete:
            _trim_memory()
            self._outbox.tell(Ready(loaded=tuple(self._loaded.values())))

    def _allow(self, sources: frozenset[str]) -> None:
        self._outbox.allow(sources)
        for tap in self._made.taps:
            tap.allow(tap.source in sources)
        self._tell_text()

    def _tell_text(self) -> None:
        """Tell where texts stand: they have no device, only consent and a model."""
        if self._made.reader is None:
            return
        with self._loading:
            loaded = self._loaded.get(Sense.TEXT)
            state, reason = SenseState.OFF, Reason.NONE
            if self._outbox.allowed(TEXT):
                state = SenseState.ON if loaded else SenseState.STARTING
                reason = loaded.reason if loaded else Reason.NONE
            if reason is not Reason.NONE:
                state = SenseState.FAILED
            self._outbox.tell(StateChange(source=TEXT, state=state, reason=reason))

    def _take_text(self, text: Text) -> None:
        loaded = self._loaded.get(Sense.TEXT)
        if self._made.reader is None:
            self._outbox.tell(TextRefusal(id=text.id, reason=Reason.NOT_ALLOWED))
        elif loaded and loaded.reason is not Reason.NONE:
            self._outbox.tell(TextRefusal(id=text.id, reason=loaded.reason))
        else:
            self._made.reader.offer(text)

    def _answer_bridge(self, source: str, descriptor: int | None) -> None:
        camera = None if descriptor is None else socket.socket(fileno=descriptor)
        bridge = self._made.bridges.get(source)
        if bridge is not None:
            bridge.answer(camera)
        elif camera is not None:
            camera.close()

    def _end(self) -> None:
        """Close every device, then tell the last counts."""
        self._allow(frozenset())
        until = time.monotonic() + _END_LIMIT_S
        for tap in self._made.taps:
            tap.settled.wait(max(0.0, until - time.monotonic()))
        if self._made.hearing and self._made.hearing.words:
            self._made.hearing.words.stop(_END_LIMIT_S / 3)
        self._outbox.tell(self._stats())
        self._outbox.close(_END_LIMIT_S)

    def _alive(self) -> bool:
        return not any(worker.stuck() for worker in self._workers.values())

    def _stats(self) -> Stats:
        vision, hearing, reader = self._made.vision, self._made.hearing, self._made.reader
        usage = resource.getrusage(resource.RUSAGE_SELF)
        return Stats(
            frames=vision.frames if vision else 0,
            faces=vision.faces if vision else 0,
            voice_windows=hearing.windows if hearing else 0,
            texts=reader.texts if reader else 0,
            errors=sum(worker.errors for worker in self._workers.values()),
            drops={
                Queue.FRAMES: vision.dropped if vision else 0,
                Queue.AUDIO: hearing.dropped if hearing else 0,
                Queue.TEXTS: reader.dropped if reader else 0,
                Queue.MESSAGES: self._outbox.dropped,
            },
            face_ms=vision.durations.spread() if vision else None,
            voice_ms=hearing.durations.spread() if hearing else None,
            text_ms=reader.durations.spread() if reader else None,
            rss_mb=_resident_mb(),
            cpu_s=round(usage.ru_utime + usage.ru_stime, 3),
            words=hearing.words.stats() if hearing and hearing.words else None,
        )


def _incoming(sock: socket.socket) -> Iterator[tuple[ToSense, int | None]]:
    """Yield messages, CameraSocket with its descriptor, until the hub closes its end."""
    buffer = FrameBuffer(TO_SENSE_LIMIT)
    passed: deque[int] = deque()
    while True:
        # The kernel delivers a descriptor with the first byte of the frame that it belongs to.
        data, descriptors, _, _ = socket.recv_fds(sock, 65_536, 4, socket.MSG_CMSG_CLOEXEC)
        passed.extend(descriptors)
        if not data:
            return
        for body in buffer.feed(data):
            message = parse_to_sense(body)
            belongs = isinstance(message, CameraSocket) and passed
            yield message, passed.popleft() if belongs else None


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return round(pages * resource.getpagesize() / 1e6, 1)


def _trim_memory() -> None:
    """Give back what loading has used: glibc keeps it otherwise. Other C libraries need not."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
