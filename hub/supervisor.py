"""Owns every long-running task of the hub: starts it, restarts it, watches it, stops it in order.

Back-off after a failure is uniform(c/2, c) with c = min(60 s, 2^n s); 30 s of health reset n. A
service that raises NeedsAttention is not retried until the configuration is reloaded. One that
misses its heart-beats is cancelled and, once it has ended, restarted: it never runs twice. A
service's failure never stops another.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import IntEnum, StrEnum

import structlog

from hub.clock import Clock
from hub.driver_words import in_words
from hub.phrase import Phrase

log = structlog.get_logger(__name__)

HEALTHY_AFTER_S = 30.0
MAX_BACKOFF_S = 60.0


class NeedsAttention(Exception):  # noqa: N818 - says what the service needs
    """A person has to mend something; retrying would only hammer. `reason` is safe to show."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Stage(IntEnum):
    """Services stop in this order."""

    SOURCES = 1
    SENSE = 2
    DECIDE = 3
    STORE = 4
    API = 5


STOP_LIMIT_S = {
    Stage.SOURCES: 2.0,
    Stage.SENSE: 5.0,
    Stage.DECIDE: 2.0,
    Stage.STORE: 4.0,
    Stage.API: 1.0,
}
"""Seconds each stage gets; with what hub.app does last, less than the 20 s that SIGTERM allows."""


class State(StrEnum):
    """Where a service stands."""

    STARTING = "starting"
    RUNNING = "running"
    WAITING = "waiting"
    NEEDS_ATTENTION = "needs_attention"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class ServiceHealth:
    """What `moodsync status` shows of a service."""

    name: str
    state: State
    restarts: int
    reason: str


class Service:
    """A supervised task as seen from inside it."""

    def __init__(
        self,
        name: str,
        run: Callable[["Service"], Awaitable[None]],
        stage: Stage,
        max_silence_s: float | None,
        clock: Clock,
    ) -> None:
        self.name = name
        self.stage = stage
        self.state = State.STARTING
        self.restarts = 0
        self.reason = ""
        self._run = run
        self._max_silence_s = max_silence_s
        self._clock = clock
        self._failures = 0
        self._warned = False
        self._last_beat = clock.monotonic()
        self._retry_now = asyncio.Event()

    def beat(self) -> None:
        """Say that the service is alive; needed more often than `max_silence_s`."""
        self._last_beat = self._clock.monotonic()

    def healthy(self) -> None:
        """Say that the service does its job: ends a warning and resets the back-off."""
        self.beat()
        self._retry_now.clear()  # it works: nothing is left to try again
        self._failures = 0
        self.state = State.RUNNING
        self.reason = ""
        if self._warned:
            self._warned = False
            log.info("service_back", service=self.name)

    def retry_now(self) -> None:
        """Cut the back-off short, and try again even if it needed attention."""
        self._retry_now.set()

    def health(self) -> ServiceHealth:
        """Return what there is to show."""
        return ServiceHealth(self.name, self.state, self.restarts, in_words(self.reason))

    async def supervise(self) -> None:
        """Run the service for ever; returns only when cancelled or when its run returns."""
        while True:
            self.state = State.STARTING
            # Not after the attempt: what is mended while one goes on is worth another at once.
            self._retry_now.clear()
            self.beat()
            started = self._clock.monotonic()
            try:
                await self._run_to_its_end()
            except NeedsAttention as err:
                self._lost(err.reason)
                self.state = State.NEEDS_ATTENTION
                await self._retry_now.wait()
            except Exception as err:  # noqa: BLE001 - whatever it was, the others go on
                self._lost(Phrase("service.failed", kind=type(err).__name__, what=str(err)), err)
                if self._clock.monotonic() - started > HEALTHY_AFTER_S:
                    self._failures = 0
                self._failures += 1
                self.state = State.WAITING
                await self._wait_to_retry()
            else:
                self.state = State.STOPPED
                return
            self.restarts += 1

    def _lost(self, reason: str, err: Exception | None = None) -> None:
        self.reason = reason
        if self._warned:
            log.debug("service_still_away", service=self.name, reason=reason)
            return
        self._warned = True
        log.warning("service_lost", service=self.name, reason=reason, exc_info=_surprise(err))

    async def _wait_to_retry(self) -> None:
        ceiling = min(MAX_BACKOFF_S, 2.0 ** min(self._failures - 1, 6))
        try:
            async with asyncio.timeout(random.uniform(ceiling / 2, ceiling)):  # noqa: S311 - jitter
                await self._retry_now.wait()
        except TimeoutError:
            return

    async def _run_to_its_end(self) -> None:
        try:
            await self._run_watched()
        except asyncio.CancelledError as err:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            # Nobody cancelled the service: the word came out of something that it waited for.
            raise RuntimeError("what it waited for was cancelled") from err

    async def _run_watched(self) -> None:
        if self._max_silence_s is None:
            await self._run(self)
            return
        limit = self._max_silence_s
        task = asyncio.ensure_future(self._run(self))
        silence = 0.0
        try:
            while silence <= limit:
                done, _ = await asyncio.wait({task}, timeout=limit / 4)
                if done:
                    task.result()
                    return
                silence = self._clock.monotonic() - self._last_beat
            while not await self._end(task):
                log.error("service_stuck", service=self.name, silent_s=round(silence, 1))
        except asyncio.CancelledError:
            await self._end(task)
            raise
        raise TimeoutError(Phrase("service.no_heartbeat", seconds=round(silence, 1)))

    async def _end(self, task: "asyncio.Future[None]") -> bool:
        """Cancel a run; return False if it has not ended within its stage's limit."""
        task.cancel()
        done, _ = await asyncio.wait({task}, timeout=STOP_LIMIT_S[self.stage])
        if done and not task.cancelled() and (err := task.exception()) is not None:
            log.warning("service_failed_ending", service=self.name, exc_info=err)
        return bool(done)


def _surprise(err: Exception | None) -> Exception | None:
    """Return errors whose trace is worth a log line: bugs, not peers that went away."""
    return err if isinstance(err, (TypeError, ValueError, LookupError, AttributeError)) else None


class Supervisor:
    """Runs services and stops them stage by stage."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._services: dict[str, Service] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def add(
        self,
        name: str,
        run: Callable[[Service], Awaitable[None]],
        stage: Stage,
        max_silence_s: float | None = None,
    ) -> Service:
        """Start a service now; names are unique."""
        if name in self._tasks and not self._tasks[name].done():
            raise ValueError(f"service {name!r} runs already")
        service = Service(name, run, stage, max_silence_s, self._clock)
        self._services[name] = service
        self._tasks[name] = asyncio.get_running_loop().create_task(service.supervise(), name=name)
        return service

    def health(self) -> tuple[ServiceHealth, ...]:
        """Return every service's health, in the order of adding."""
        return tuple(service.health() for service in self._services.values())

    def retry_now(self) -> None:
        """Wake every service that waits: the configuration or the network has changed."""
        for service in self._services.values():
            service.retry_now()

    async def stop_one(self, name: str) -> None:
        """Stop one service within its stage's limit."""
        await self._stop([name], STOP_LIMIT_S[self._services[name].stage])

    async def stop(self) -> tuple[str, ...]:
        """Stop all, stage by stage; return the names of those that did not stop in time."""
        late: list[str] = []
        for stage in Stage:
            names = [s.name for s in self._services.values() if s.stage is stage]
            late += await self._stop(names, STOP_LIMIT_S[stage])
        return tuple(late)

    async def _stop(self, names: list[str], limit_s: float) -> list[str]:
        tasks = {self._tasks[name]: name for name in names if not self._tasks[name].done()}
        if not tasks:
            return []
        for task in tasks:
            task.cancel()
        _, pending = await asyncio.wait(tasks, timeout=limit_s)
        late = [tasks[task] for task in pending]
        for name in late:
            log.error("service_late", service=name, limit_s=limit_s)
        for name in names:
            self._services[name].state = State.STOPPED
        return late
