"""Devices with an address each, as processes; a driver of them that runs for a while."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

from drivers.lan import LanDriver
from tests.fakes.port import RememberingPort
from tests.fakes.process import Peer, free_port


@dataclass
class FakeDevice:
    """One device in a process of its own; `test_port` is where a hand reaches it."""

    peer: Peer
    port: int
    test_port: int

    async def test(self, what: str, body: Any = None) -> Any:
        """Do something at the device, as a hand or its own app would; return how it is then."""
        async with (
            aiohttp.ClientSession() as session,
            session.post(
                f"http://127.0.0.1:{self.test_port}/test/{what}", data=json.dumps(body)
            ) as answer,
        ):
            return await answer.json()


@contextmanager
def device(module: str, *arguments: str, own_test_port: bool = False) -> Iterator[FakeDevice]:
    """Start `tests.fakes.<module>` with its port, and one for `/test` if it needs its own."""
    port = free_port()
    test_port = free_port() if own_test_port else port
    ports = [str(port), str(test_port)] if own_test_port else [str(port)]
    with Peer([sys.executable, "-m", f"tests.fakes.{module}", *ports, *arguments]) as peer:
        yield FakeDevice(peer, port, test_port)


@asynccontextmanager
async def running(driver: LanDriver) -> AsyncIterator[RememberingPort]:
    port = RememberingPort()
    task = asyncio.create_task(driver.run(port))
    task.add_done_callback(lambda _: port.wake())
    try:
        await port.until(lambda: port.connections == 1 or task.done())
        yield port
    finally:
        task.cancel()
        await asyncio.wait({task}, timeout=1.0)
        assert task.done(), "the driver did not stop within a second"
