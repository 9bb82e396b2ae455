"""Threads for what only reads, or is rare: queries, checks, exports, copies of files."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")

THREADS = 3
"""An export and a check of the whole file may take minutes; queries go on beside them."""


class Pool:
    """The store's own threads, so that nobody else's work makes a query wait."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="store-pool")

    async def run(self, job: Callable[[], T]) -> T:
        """Return what the job returns. A caller that is cancelled leaves it running."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, job)

    def close(self) -> None:
        """Let the threads end when they have finished."""
        self._threads.shutdown(wait=False)
