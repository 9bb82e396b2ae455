"""Makes what imports for seconds in a thread, without holding up the loop.

The interpreter's lock passes to the loop's thread within the switch interval, after each other
thread that waits for it. So there is one such thread at a time, and the interval is short. What
would keep the lock for longer is dealt with elsewhere: collections by drivers.imports, the
compiling of source by the set-up.
"""

import asyncio
import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import Final, TypeVar

T = TypeVar("T")

SWITCH_S: Final = 0.001
"""How long the thread keeps the lock while the loop waits for it."""


class Workshop:
    """Makes one thing at a time."""

    def __init__(self) -> None:
        self._free = asyncio.Lock()

    async def make(self, make: Callable[[], T]) -> T:
        """Return what `make` returns, called in a thread; raises what it raises."""
        async with self._free:
            with _short_turns():
                return await asyncio.to_thread(make)


@contextlib.contextmanager
def _short_turns() -> Iterator[None]:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_S)
    try:
        yield
    finally:
        sys.setswitchinterval(interval)
