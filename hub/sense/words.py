"""Spoken words to readings: waits for whole utterances and has the words process read them.

    hearing thread -> [newest utterance] -> words thread <-> words process (hub.sense.words_process)

The process starts with the first utterance and ends when no microphone is allowed any more.
"""

import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from hub.sense.durations import Durations
from hub.sense.message_fields import Reason
from hub.sense.messages_from_sense import Usage, Words, WordsStats
from hub.sense.outbox import Outbox
from hub.sense.words_process import WordsReady, WordsReply
from models.utterance import Utterances

PROGRAM: Final = (sys.executable, "-P", "-X", "faulthandler", "-m", "hub.sense.words_process")
START_LIMIT_S: Final = 60.0
READ_LIMIT_S: Final = 20.0
_END_LIMIT_S: Final = 1.0
_IDLE_S: Final = 0.5
_AGAIN_S: Final = 30.0
"""After a failure the process is not started again for so long."""
_LINE_LIMIT: Final = 4096
_NOTHING: Final = Usage(rss_mb=0.0, cpu_s=0.0)


@dataclass(frozen=True, slots=True)
class _Utterance:
    source: str
    samples: NDArray[np.float32]
    ended_s: float


class _Failed(Exception):  # noqa: N818 - a state, caught right here
    """The process ended, was late, or said what it may not."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


class WordListener:
    """The microphones' utterances, one at a time; when a newer one comes, a waiting one goes.

    `hear` and `forget` belong to the hearing thread; `start` starts the thread that reads.
    """

    def __init__(self, sources: Sequence[str], threads: int, outbox: Outbox) -> None:
        self._threads = threads
        self._outbox = outbox
        self._collecting = {source: Utterances() for source in sources}
        self._waiting: _Utterance | None = None
        self._changed = threading.Condition()
        self._process: _Process | None = None
        self._not_before_s = 0.0
        self._reason = Reason.NONE
        self._usage = self._ended_usage = _NOTHING
        self._utterances = self._read = self._dropped = self._errors = 0
        self._durations = Durations()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="words", daemon=True)

    def start(self) -> None:
        """Start the thread that reads."""
        self._thread.start()

    def stop(self, timeout_s: float) -> None:
        """End the thread and the words process; the process is killed in the midst of its work."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        process = self._process
        if process is not None:
            process.kill()
        self._thread.join(timeout_s)

    def hear(
        self, source: str, block: NDArray[np.float32], voiced: bool, monotonic_s: float
    ) -> None:
        """Take a microphone's next block; never blocks."""
        spoken = self._collecting[source](block, voiced)
        if spoken is None:
            return
        with self._changed:
            self._dropped += self._waiting is not None
            self._utterances += 1
            self._waiting = _Utterance(source, spoken, monotonic_s)
            self._changed.notify()

    def forget(self, source: str) -> None:
        """Throw away what this microphone has heard."""
        self._collecting[source].forget()
        with self._changed:
            if self._waiting is not None and self._waiting.source == source:
                self._waiting = None
            self._changed.notify()

    def stats(self) -> WordsStats:
        """Return the counts; memory and time are the words process's own."""
        return WordsStats(
            utterances=self._utterances,
            read=self._read,
            dropped=self._dropped,
            errors=self._errors,
            ms=self._durations.spread(),
            rss_mb=self._usage.rss_mb,
            cpu_s=round(self._ended_usage.cpu_s + self._usage.cpu_s, 3),
            reason=self._reason,
        )

    def _run(self) -> None:
        while not self._closing:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting is not None or self._closing, _IDLE_S)
                utterance, self._waiting = self._waiting, None
            if self._process and not any(map(self._outbox.allowed, self._collecting)):
                self._end()
            if utterance is None or not self._outbox.allowed(utterance.source):
                continue
            try:
                self._handle(utterance)
            except _Failed as err:
                self._errors += 1
                self._reason = err.reason
                self._not_before_s = time.monotonic() + _AGAIN_S
                self._end()
        self._end()

    def _handle(self, utterance: _Utterance) -> None:
        if self._process is None:
            if time.monotonic() < self._not_before_s:
                self._dropped += 1
                return
            self._process = _Process(self._threads)
            self._usage = self._process.wait_ready()
            self._reason = Reason.NONE
        started = time.monotonic()
        reply = self._process.ask(utterance.samples)
        self._durations.add(time.monotonic() - started)
        self._usage = reply.usage
        if reply.reading is not None:
            self._read += 1
            self._outbox.reading(
                Words(source=utterance.source, at=utterance.ended_s, reading=reply.reading)
            )

    def _end(self) -> None:
        if self._process is not None:
            self._process.end()
            self._process = None
        spent = self._ended_usage.cpu_s + self._usage.cpu_s
        self._usage, self._ended_usage = _NOTHING, Usage(rss_mb=0.0, cpu_s=spent)


class _Process:
    """A running words process; the words thread owns it."""

    def __init__(self, threads: int) -> None:
        try:
            self._popen = subprocess.Popen(  # noqa: S603 - a fixed program
                [*PROGRAM, f"--parent={os.getpid()}", f"--threads={threads}"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                bufsize=0,
                # Restored, SIGXFSZ would end it where no file may grow.
                restore_signals=False,
            )
        except OSError as err:
            raise _Failed(Reason.INTERNAL) from err
        self._rest = b""

    def wait_ready(self) -> Usage:
        """Wait until the models are loaded; raises _Failed."""
        try:
            ready = WordsReady.model_validate_json(self._line(START_LIMIT_S))
        except ValidationError as err:
            raise _Failed(Reason.BROKEN) from err
        if ready.reason is not Reason.NONE:
            raise _Failed(ready.reason)
        return ready.usage

    def ask(self, samples: NDArray[np.float32]) -> WordsReply:
        """Have an utterance read; raises _Failed."""
        assert self._popen.stdin is not None
        raw = samples.size.to_bytes(4, "little") + np.asarray(samples, "<f4").tobytes()
        try:
            # The process reads an utterance before it does anything else.
            view = memoryview(raw)
            while view:
                view = view[self._popen.stdin.write(view) :]
            return WordsReply.model_validate_json(self._line(READ_LIMIT_S))
        except OSError as err:
            raise _Failed(Reason.INTERNAL) from err
        except ValidationError as err:
            raise _Failed(Reason.BROKEN) from err

    def kill(self) -> None:
        """End it at once: it keeps nothing that could be lost. Any thread may."""
        self._popen.kill()

    def end(self) -> None:
        """End it and wait for that."""
        assert self._popen.stdin is not None
        assert self._popen.stdout is not None
        self._popen.kill()
        self._popen.wait(_END_LIMIT_S)
        self._popen.stdin.close()
        self._popen.stdout.close()

    def _line(self, limit_s: float) -> bytes:
        assert self._popen.stdout is not None
        until = time.monotonic() + limit_s
        while b"\n" not in self._rest:
            left_s = max(0.0, until - time.monotonic())
            ready, _, _ = select.select([self._popen.stdout], [], [], left_s)
            data = self._popen.stdout.read(_LINE_LIMIT) if ready else b""
            if not ready:
                raise _Failed(Reason.TIMEOUT)
            if not data or len(self._rest) > _LINE_LIMIT:
                raise _Failed(Reason.INTERNAL)
            self._rest += data
        line, self._rest = self._rest.split(b"\n", 1)
        return line
