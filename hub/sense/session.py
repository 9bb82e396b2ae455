"""One life of the sensing process as the hub sees it, from Configure to its end."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from typing import Protocol, assert_never

import structlog

from hub.clock import Clock
from hub.errors import ConsentRequired, SchemaViolation, SenseGone
from hub.phrase import Phrase
from hub.sense.child import Child
from hub.sense.connector import CameraConnector
from hub.sense.deadlines import TICK_S, Deadlines
from hub.sense.isolate import Isolation
from hub.sense.message_fields import VERSION, Reason
from hub.sense.messages_from_sense import (
    Beat,
    ConnectRequest,
    Face,
    FromSense,
    Hello,
    Ready,
    StateChange,
    Stats,
    TextRefusal,
    TextResult,
    Voice,
    Words,
    parse_from_sense,
)
from hub.sense.messages_to_sense import (
    Allow,
    Configure,
    StatsRequest,
    Stop,
    ToSense,
    frame_to_sense,
)
from hub.sense.sources import TEXT
from hub.sense.stats import Tally
from hub.sense.text_requests import TextRequests
from hub.sense.wire_reading import WireReading
from hub.supervisor import NeedsAttention
from hub.types import SourceId

log = structlog.get_logger(__name__)

STATS_EVERY_S = 5.0
STOP_LIMIT_S = 2.0
MAX_VIOLATIONS = 10
MAX_WAITING = 64


class Listener(Protocol):
    """What a session tells its owner; both raise SchemaViolation for what cannot be true."""

    def on_ready(self) -> None:
        """Every model is loaded or has failed."""
        ...

    def on_state(self, message: StateChange) -> None:
        """A source was switched or failed."""
        ...

    def on_reading(self, message: Face | Voice | Words) -> None:
        """A face, a voice or spoken words were read."""
        ...


class Session:
    """Speaks to one sensing process and watches it.

    `cameras` maps the network cameras to their addresses: the hub connects to no other. Readings
    of models that are not in `model_ids` are refused.
    """

    def __init__(
        self,
        child: Child,
        listener: Listener,
        *,
        cameras: Mapping[SourceId, tuple[str, int]],
        model_ids: frozenset[str],
        tally: Tally,
        clock: Clock,
    ) -> None:
        self._child = child
        self._listener = listener
        self._model_ids = model_ids
        self._tally = tally
        self._clock = clock
        self._deadlines = Deadlines(clock)
        self._violations = 0
        self._allowed: frozenset[SourceId] = frozenset()
        self._texts = TextRequests(tally.text_dropped)
        self._connector = CameraConnector(cameras, child, lambda source: source in self._allowed)
        self._outgoing: asyncio.Queue[ToSense] = asyncio.Queue(MAX_WAITING)

    async def run(
        self, configure: Configure, allowed: frozenset[SourceId], beat: Callable[[], None]
    ) -> None:
        """Configure the process and serve it, calling `beat` while it lives.

        Raises SenseGone when it ended or had to be killed, NeedsAttention when it speaks another
        version. When cancelled, the process is asked to stop first.
        """
        self._send(configure)
        self.allow(allowed, frozenset())
        # No TaskGroup: on Python 3.11 one whose task failed leaves its parent looking cancelled.
        jobs = [
            asyncio.create_task(self._read(), name="sense read"),
            asyncio.create_task(self._write(), name="sense write"),
            asyncio.create_task(self._watch(beat), name="sense watch"),
            asyncio.create_task(self._connector.run(), name="sense cameras"),
            asyncio.create_task(self._child.read_errors(), name="sense errors"),
        ]
        try:
            done, _ = await asyncio.wait(jobs, return_when=asyncio.FIRST_EXCEPTION)
            for job in done:
                job.result()
        except asyncio.CancelledError:
            await _cancelled(jobs)
            await self._stop()
            raise
        finally:
            self._child.kill()
            try:
                await _cancelled(jobs)
                await self._child.ended()
            finally:
                # Last, and without a wait behind it: who asks again must find no session any more.
                self._texts.fail_all(SenseGone(Phrase("service.sense_has_ended")))

    def allow(self, sources: frozenset[SourceId], closing: frozenset[SourceId]) -> None:
        """Switch sources on and off; those in `closing` must confirm that they are off."""
        self._allowed = sources
        self._deadlines.allow(sources, closing)
        self._send(Allow(sources=tuple(sorted(sources))))
        if TEXT not in sources:
            self._texts.fail_all(ConsentRequired(Phrase("refused.text_off")))

    async def read_text(self, text: str) -> WireReading:
        """Have a text read; raises SenseGone, TextRefused, ConsentRequired. The caller limits."""
        return await self._texts.ask(text, self._send)

    def _send(self, message: ToSense) -> None:
        try:
            self._outgoing.put_nowait(message)
        except asyncio.QueueFull:
            log.error("sense_process_does_not_read", waiting=MAX_WAITING)  # noqa: TRY400
            self._child.kill()

    async def _write(self) -> None:
        while True:
            message = await self._outgoing.get()
            try:
                await self._child.send(frame_to_sense(message))
            except OSError as err:
                raise SenseGone(Phrase("service.sense_takes_none")) from err

    async def _read(self) -> None:
        try:
            async for body in self._child.receive():
                try:
                    self._receive(parse_from_sense(body))
                except SchemaViolation as err:
                    self._violated(err)
        except SchemaViolation as err:
            self._tally.violations += 1
            log.warning("sense_schema_violation", reason=str(err))
            raise SenseGone(Phrase("service.sense_schema", error=str(err))) from None
        raise SenseGone(Phrase("service.sense_ended"))

    def _violated(self, err: SchemaViolation) -> None:
        self._violations += 1
        if self._violations >= MAX_VIOLATIONS:
            raise err
        self._tally.violations += 1
        log.warning("sense_schema_violation", reason=str(err))

    def _receive(self, message: FromSense) -> None:
        match message:
            case Face() | Voice() | Words():
                self._check_model(message.reading)
                self._listener.on_reading(message)
            case StateChange():
                source = SourceId(message.source)
                allowed = source in self._allowed
                self._deadlines.state(source, message.state, allowed=allowed)
                self._listener.on_state(message)
            case TextResult():
                self._take_result(message)
            case TextRefusal():
                self._texts.refuse(message.id, message.reason)
            case ConnectRequest():
                self._connector.request(SourceId(message.source))
            case _:
                self._note(message)

    def _note(self, message: Beat | Stats | Hello | Ready) -> None:
        match message:
            case Beat():
                self._deadlines.heard()
            case Stats():
                self._tally.update(message)
            case Hello():
                self._greet(message)
            case Ready():
                self._note_ready(message)
            case _:
                assert_never(message)

    def _note_ready(self, message: Ready) -> None:
        self._tally.ready(message.loaded, self._deadlines.ready())
        for one in message.loaded:
            if one.reason is not Reason.NONE:
                mend = "run `moodsync models fetch`" if one.reason is Reason.NO_WEIGHTS else ""
                log.error("sense_not_loaded", sense=one.sense, reason=one.reason, mend=mend)
        self._listener.on_ready()

    def _check_model(self, reading: WireReading) -> None:
        if reading.model not in self._model_ids:
            raise SchemaViolation("a reading of a model that is not in the catalog")

    def _greet(self, hello: Hello) -> None:
        if hello.version != VERSION:
            raise NeedsAttention(
                Phrase("service.sense_version", theirs=hello.version, ours=VERSION)
            )
        self._tally.hello(hello.pid, hello.isolation)
        if hello.isolation is Isolation.NONE:
            log.warning("sense_not_isolated", mend="allow user namespaces or run it as root")

    def _take_result(self, message: TextResult) -> None:
        try:
            self._check_model(message.reading)
        except SchemaViolation as err:
            self._texts.fail(message.id, err)
            raise
        self._texts.answer(message.id, message.reading)

    async def _watch(self, beat: Callable[[], None]) -> None:
        next_stats = self._deadlines.started
        while True:
            slept_at = self._clock.monotonic()
            await asyncio.sleep(TICK_S)
            self._deadlines.look(slept_at)
            beat()
            now = self._clock.monotonic()
            if now >= next_stats:
                next_stats = now + STATS_EVERY_S
                self._send(StatsRequest())

    async def _stop(self) -> None:
        """Ask the process to stop and take its last words; the caller kills it if it has not."""
        with contextlib.suppress(TimeoutError, OSError, SchemaViolation):
            async with asyncio.timeout(STOP_LIMIT_S):
                await self._child.send(frame_to_sense(Stop()))
                async for body in self._child.receive():
                    match parse_from_sense(body):
                        case Stats() as stats:
                            self._tally.update(stats)
                        case StateChange() as state:
                            self._listener.on_state(state)
                        case _:
                            pass


async def _cancelled(jobs: list[asyncio.Task[None]]) -> None:
    for job in jobs:
        job.cancel()
    await asyncio.wait(jobs)
