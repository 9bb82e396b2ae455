"""A Z-Wave plug is switched: by the client library alone, and by the driver, on the same server."""

import asyncio
import sys
import time
from pathlib import Path
from typing import Any

import aiohttp

from drivers import registry
from drivers.zwave_settings import ZwaveSettings
from hub.bench.driver_round import LIMIT_S, ending, switch, with_driver
from hub.bench.processes import peer

BINARY_SWITCH = 37


def pairs(rounds: int, batch: int) -> tuple[list[list[float]], list[list[float]]]:
    """Return the times of the library alone and of the driver (ms), round by round."""
    with peer(sys.executable, "-m", "tests.fakes.zwave_server") as url:
        return asyncio.run(_pairs(url, rounds, batch))


async def _pairs(url: str, rounds: int, batch: int) -> tuple[list[list[float]], list[list[float]]]:
    place = registry.Place(time.monotonic, Path())
    driver = registry.create("zwave", ZwaveSettings(url=url), place)
    await with_driver(driver, 0)  # waits until the network is there
    bare, ours = [], []
    for _ in range(rounds):
        bare.append(await _alone(url, batch))
        ours.append(await with_driver(driver, batch))
    return bare, ours


async def _alone(url: str, batch: int) -> list[float]:
    from zwave_js_server.client import Client  # noqa: PLC0415 - an optional package

    async with aiohttp.ClientSession() as session:
        client = Client(url, session)
        await client.connect()
        ready = asyncio.Event()
        async with ending(asyncio.create_task(client.listen(ready))):
            async with asyncio.timeout(LIMIT_S):
                await ready.wait()
            assert client.driver is not None
            return await _switched(client.driver.controller.nodes, batch)


async def _switched(nodes: dict[int, Any], batch: int) -> list[float]:
    """Switch the plug that the driver takes: the first by its device's name."""
    node, now = min(
        (
            (node, value)
            for node in nodes.values()
            for value in node.values.values()
            if value.command_class == BINARY_SWITCH and value.property_ == "currentValue"
        ),
        key=lambda pair: f"{pair[0].node_id}",
    )
    target = now.value_id.replace("currentValue", "targetValue")
    news = asyncio.Event()
    node.on("value updated", lambda _: news.set())

    async def changed() -> None:
        news.clear()
        await news.wait()

    return await switch(
        batch, lambda on: node.async_set_value(target, on), lambda on: now.value is on, changed
    )
