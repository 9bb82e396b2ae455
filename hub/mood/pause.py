"""A sleep that an event can cut short."""

import asyncio


async def pause(wake: asyncio.Event, limit_s: float) -> None:
    """Return when `wake` is set, at the latest after so many seconds; the event stays as it is."""
    try:
        async with asyncio.timeout(limit_s):
            await wake.wait()
    except TimeoutError:
        return
