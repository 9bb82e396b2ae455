"""Makes what imports for seconds in a thread, without holding up the loop.

The interpreter's lock passes to the loop's thread within its switch interval, unless one step of
the other thread keeps it. An import's long steps are full collections: each walks all that was
imported so far (0.06 s for a Zigbee library, and more than once), to free next to nothing. They are
left out meanwhile, and what has come stays out of the later ones. What remains is the compiling of
source, which the set-up has done.
"""

import asyncio
import contextlib
import gc
import sys
from collections.abc import Callable, Iterator
from typing import Final, TypeVar

T = TypeVar("T")

SWITCH_S: Final = 0.001
"""How long the thread keeps the lock while the loop waits for it."""
NEVER: Final = 1_000_000_000
"""So many collections of the middle generation until a full one."""


class Workshop:
    """Makes one thing at a time: several threads that import take turns with the loop as well."""

    def __init__(self) -> None:
        self._free = asyncio.Lock()

    async def make(self, make: Callable[[], T]) -> T:
        """Return what `make` returns, called in a thread; raises what it raises."""
        async with self._free:
            with without_pauses():
                return await asyncio.to_thread(make)


@contextlib.contextmanager
def without_pauses() -> Iterator[None]:
    """Leave out full collections, and let the loop's thread in more often, until the end."""
    interval, thresholds = sys.getswitchinterval(), gc.get_threshold()
    sys.setswitchinterval(SWITCH_S)
    gc.set_threshold(*thresholds[:2], NEVER)
    try:
        yield
    finally:
        gc.freeze()
        gc.set_threshold(*thresholds)
        sys.setswitchinterval(interval)
