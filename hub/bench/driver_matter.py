"""A Matter plug is switched: by plain aiohttp, and by the driver, on the same server.

The server is the tests' own, which answers at once: what is measured is the driver's share.
"""

import asyncio
import itertools
import socket
import sys
import time
from pathlib import Path
from typing import Any

import aiohttp

from drivers import registry
from drivers.matter_settings import MatterSettings
from hub.bench.driver_round import LIMIT_S, switch, with_driver
from hub.bench.processes import peer

PLUG, ON_OFF = 2, 6


def pairs(rounds: int, batch: int) -> tuple[list[list[float]], list[list[float]]]:
    """Return the times of aiohttp alone and of the driver (ms), round by round."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    with peer(sys.executable, "-m", "tests.fakes.matter_server", port, "commissioned") as url:
        return asyncio.run(_pairs(url, rounds, batch))


async def _pairs(url: str, rounds: int, batch: int) -> tuple[list[list[float]], list[list[float]]]:
    place = registry.Place(time.monotonic, Path())
    driver = registry.create("matter", MatterSettings(url=url), place)
    bare, ours = [], []
    for _ in range(rounds):
        bare.append(await _alone(url, batch))
        ours.append(await with_driver(driver, batch))
    return bare, ours


async def _alone(url: str, batch: int) -> list[float]:
    state: dict[str, Any] = {}
    answered: set[str] = set()
    numbers = itertools.count()
    async with aiohttp.ClientSession() as session, session.ws_connect(url) as server:

        async def take() -> None:
            """Take one message in."""
            async with asyncio.timeout(LIMIT_S):
                message = await server.receive_json()
            if message.get("event") == "attribute_updated":
                _, path, value = message["data"]
                state[path] = value
            elif "message_id" in message:
                answered.add(message["message_id"])
                for node in message["result"] or ():
                    state.update(node["attributes"])

        async def ask(command: str, **args: Any) -> None:
            number = str(next(numbers))
            await server.send_json({"message_id": number, "command": command, "args": args})
            while number not in answered:
                await take()

        await take()
        await ask("start_listening")
        path = f"{PLUG}/{ON_OFF}/0"

        async def command(on: bool) -> None:
            where = {"node_id": 1, "endpoint_id": PLUG, "cluster_id": ON_OFF, "payload": {}}
            await ask("device_command", command_name="On" if on else "Off", **where)

        return await switch(batch, command, lambda on: state[path] is on, take)
