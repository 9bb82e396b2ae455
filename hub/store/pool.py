"""Threads for what only reads, or is rare: queries, checks, exports, copies of files."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from hub.errors import StoreError

T = TypeVar("T")

THREADS = 3
"""An export and a check of the whole file may take minutes; queries go on beside them."""


class Pool:
    """The store's own threads, so that nobody else's work makes a query wait."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="store-pool")
        self._closed = False

    async def run(self, job: Callable[[], T]) -> T:
        """Return what the job returns. A caller that is cancelled leaves it running.

        Raises StoreError once the pool is closed.
        """
        if self._closed:
            raise StoreError("the store is closed")
        return await asyncio.get_running_loop().run_in_executor(self._threads, job)

    def close(self) -> None:
        """Let the threads end when they have finished."""
        self._closed = True
        self._threads.shutdown(wait=False)
