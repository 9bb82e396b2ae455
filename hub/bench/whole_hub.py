"""A whole hub in the bench's own process, with its API up on loopback."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from hub.app import Hub
from hub.clock import SystemClock
from hub.settings import Settings

UP_LIMIT_S = 30.0


@asynccontextmanager
async def whole_hub(settings: Settings) -> AsyncIterator[tuple[Hub, int]]:
    """Run a hub; give it and the port of its plain http. Raises TimeoutError, HubError."""
    clock = SystemClock()
    hub = await Hub.create(settings, clock, clock.monotonic())
    hub.counters.acted.set()
    await hub.start()
    try:
        async with asyncio.timeout(UP_LIMIT_S):
            where = await hub.api.up()
        yield hub, int(where["http_port"])
    finally:
        await hub.stop()
