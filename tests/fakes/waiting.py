"""Waiting for what comes to be so in its own time."""

import asyncio
from collections.abc import Callable

LIMIT_S = 10.0
"""Generous: a machine under load may take seconds for what is otherwise done at once."""


async def eventually(condition: Callable[[], object], limit_s: float = LIMIT_S) -> None:
    """Wait until something is so. Raises TimeoutError when it is not within the limit."""
    async with asyncio.timeout(limit_s):
        while not condition():
            await asyncio.sleep(0.01)
