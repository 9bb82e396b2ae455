"""Keeps zigpy from writing to its database for every frame, and its queue from growing.

zigpy notes when a device was last heard with each frame, and each value that it reports. A house
that talks much would wear a memory card for nothing: when a device was heard matters to minutes,
and of an attribute's values in some seconds only the newest.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any, Final

from zigpy.application import ControllerApplication

HEARD_EVERY_S: Final = 300.0
VALUES_EVERY_S: Final = 10.0
MOST_WAITING: Final = 1000
_HEARD: Final = "_save_device_last_seen"
_VALUE: Final = "_save_attribute"


class Ledger:
    """Stands before a database's queue. `skipped` counts what a newer one made needless."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.skipped = 0
        self._clock = clock
        self._written: dict[tuple[Any, ...], float] = {}
        self._later: dict[tuple[Any, ...], tuple[Any, ...]] = {}
        """The newest value of each attribute that was written a moment ago."""
        self._enqueue: Callable[..., None] = lambda *_: None
        self._waiting: asyncio.Queue[Any] = asyncio.Queue()
        self._timer: asyncio.TimerHandle | None = None

    def watch(self, application: ControllerApplication) -> None:
        """Take a place before the queue of this application's database."""
        database: Any = application._dblistener  # noqa: SLF001 - zigpy has no setting for it
        if database is not None:
            self._written.clear()
            self._enqueue = database.enqueue
            self._waiting = database._callback_handlers  # noqa: SLF001
            database.enqueue = self._seldom

    def flush(self) -> None:
        """Write what waits."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        later, self._later = self._later, {}
        for key, args in later.items():
            self._written[key] = self._clock()
            self._enqueue(_VALUE, *args)

    def _seldom(self, name: str, *args: Any) -> None:
        key, every_s = _key(name, args)
        if key is None:
            self._enqueue(name, *args)
            return
        recent = self._clock() - self._written.get(key, float("-inf")) < every_s
        if not recent and self._waiting.qsize() < MOST_WAITING:
            self._later.pop(key, None)
            self._written[key] = self._clock()
            self._enqueue(name, *args)
        elif name == _HEARD:
            self.skipped += 1
        else:
            self.skipped += key in self._later
            self._later[key] = args
            if self._timer is None:
                loop = asyncio.get_running_loop()
                self._timer = loop.call_later(VALUES_EVERY_S, self._due)

    def _due(self) -> None:
        self._timer = None
        self.flush()


def _key(name: str, args: tuple[Any, ...]) -> tuple[tuple[Any, ...] | None, float]:
    """Return what is written again and again, and how often it may be; None for all else."""
    if name == _HEARD:
        return (name, args[0]), HEARD_EVERY_S
    if name == _VALUE:
        event = args[0]
        return (
            name,
            event.device_ieee,
            event.endpoint_id,
            event.cluster_id,
            event.attribute_id,
        ), VALUES_EVERY_S
    return None, 0.0
