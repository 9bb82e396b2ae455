"""A WLED strip is switched: by wled alone, and by the driver, on the same strip.

The strip tells both by its WebSocket what it shows.
"""

import asyncio

from drivers import web
from hub.bench.driver_lan import HOST, MAC, lan_pairs
from hub.bench.driver_round import ending, switch


def pairs(rounds: int, batch: int) -> tuple[list[list[float]], list[list[float]]]:
    """Return the times of wled alone and of the driver (ms), round by round."""
    return lan_pairs("wled", ("wled_strip", MAC.lower(), "rgb"), _alone, rounds, batch, light=True)


async def _alone(port: int, batch: int) -> list[float]:
    from wled import WLED  # noqa: PLC0415 - an optional package

    async with web.session(port) as http:
        strip = WLED(HOST, session=http)
        on_now = (await strip.update()).state.on
        news = asyncio.Event()

        def told(device: object) -> None:
            nonlocal on_now
            on_now = device.state.on  # type: ignore[attr-defined]
            news.set()

        async def changed() -> None:
            news.clear()
            await news.wait()

        await strip.connect()
        try:
            async with ending(asyncio.create_task(strip.listen(told))):
                return await switch(
                    batch, lambda on: strip.master(on=on), lambda on: on_now is on, changed
                )
        finally:
            await strip.disconnect()
