"""Work that ends when something changes."""

import asyncio
from collections.abc import Coroutine
from typing import Any

STOP_LIMIT_S = 5.0


async def until(changed: asyncio.Event, work: Coroutine[Any, Any, None]) -> None:
    """Do the work until it is done or `changed` is set; what it raises is raised."""
    task = asyncio.ensure_future(work)
    waiter = asyncio.ensure_future(changed.wait())
    try:
        await asyncio.wait({task, waiter}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiter.cancel()
        task.cancel()
        await asyncio.wait({task, waiter}, timeout=STOP_LIMIT_S)
    if task.done() and not task.cancelled():
        task.result()
