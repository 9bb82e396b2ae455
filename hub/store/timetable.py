"""When the store does what is not done at once: commits, the hourly upkeep, the daily copy."""

from collections.abc import Awaitable, Callable
from functools import partial

from hub.clock import Clock
from hub.errors import DiskFull
from hub.settings import StoreSettings
from hub.store.history import History
from hub.store.pool import Pool
from hub.store.reserve import Reserve
from hub.store.upkeep import COPY_EVERY_S, Upkeep

UPKEEP_EVERY_S = 3600.0
FIRST_UPKEEP_S = 120.0
"""After the start, when the hub has found its feet; hubs that never run an hour get theirs too."""


class Timetable:
    """Knows what was done when, and does what is due. Times are monotonic seconds."""

    def __init__(
        self,
        settings: StoreSettings,
        history: History,
        upkeep: Upkeep,
        reserve: Reserve,
        pool: Pool,
        clock: Clock,
    ) -> None:
        self._commit_every_s = settings.commit_every_s
        self._history = history
        self._upkeep = upkeep
        self._reserve = reserve
        self._pool = pool
        self._clock = clock
        self._committed_at = self._upkept_at = self._copied_at = clock.monotonic()

    def start(self) -> None:
        """Count from now: the files have just been opened, and config.db copied if need be."""
        now = self._clock.monotonic()
        self._committed_at = self._copied_at = now
        self._upkept_at = now - UPKEEP_EVERY_S + FIRST_UPKEEP_S

    def upkeep_soon(self) -> None:
        """Have the upkeep done at the next tick."""
        self._upkept_at = self._clock.monotonic() - UPKEEP_EVERY_S

    async def tick(self, beat: Callable[[], None]) -> None:
        """Do what is due now; `beat` is called now and then if it takes long. Raises StoreError."""
        now = self._clock.monotonic()
        if self._reserve.full:
            await self._pool.run(self._reserve.keep)
        due = now - self._committed_at >= self._commit_every_s
        if due or self._history.many_wait.is_set():
            self._history.many_wait.clear()
            self._committed_at = now
            await self._as_space_allows(self._history.commit)
        if now - self._upkept_at >= UPKEEP_EVERY_S:
            self._upkept_at = now
            await self._as_space_allows(partial(self._upkeep.run, beat))
        if now - self._copied_at >= COPY_EVERY_S:
            self._copied_at = now
            await self._as_space_allows(self._upkeep.copy)

    async def _as_space_allows(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do something that can wait when the disk is full; what it was for is tried again."""
        try:
            await work()
        except DiskFull:
            await self._pool.run(self._reserve.release)
