"""Devices with an address each, as processes; a driver of them that runs for a while."""

import asyncio
import atexit
import json
import sys
import urllib.request
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any

import aiohttp
import pytest

from drivers.lan import LanDriver
from drivers.types import Command, Unreachable
from tests.fakes.port import RememberingPort
from tests.fakes.process import Peer, free_port
from tests.fakes.running import open_sockets, running


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
    """Give `tests.fakes.<module>` as new, running, with a port and one for `/test` if it needs it.

    The tests of a session share the process; who kills or freezes it leaves it so.
    """
    one = _started(module, arguments, own_test_port)
    if one.peer._process is None:
        one.peer.start()
    one.peer.thaw()
    reset = urllib.request.Request(f"http://127.0.0.1:{one.test_port}/test/reset", data=b"null")
    with urllib.request.urlopen(reset, timeout=10):
        yield one


def damaged(whole: str, dice: Random) -> str:
    """Return a JSON text in which up to four characters are others."""
    text = list(whole)
    for _ in range(dice.randint(1, 4)):
        text[dice.randrange(len(text))] = dice.choice('{}[]",:0aZ')
    return "".join(text)


async def no_socket_left(before: int) -> None:
    """Wait until as many sockets are open as before; a transport closes its own a turn later."""
    async with asyncio.timeout(10):
        while open_sockets() != before:
            await asyncio.sleep(0.02)


@cache
def _started(module: str, arguments: tuple[str, ...], own_test_port: bool) -> FakeDevice:
    port = free_port()
    test_port = free_port() if own_test_port else port
    ports = [str(port), str(test_port)] if own_test_port else [str(port)]
    peer = Peer([sys.executable, "-m", f"tests.fakes.{module}", *ports, *arguments])
    atexit.register(peer.kill)
    return FakeDevice(peer, port, test_port)


async def freezes(
    driver: LanDriver, one: FakeDevice, command: Command, shorten: Callable[[], None]
) -> None:
    """Freeze a device while its driver runs: commands and the run end, and nothing is left.

    `shorten` makes the driver less patient, once it is connected.
    """
    port, before = RememberingPort(), open_sockets()
    run = asyncio.create_task(driver.run(port))
    await port.until(lambda: port.connections == 1)
    one.peer.freeze()
    shorten()
    with pytest.raises(Unreachable):
        await driver.execute(command)
    with pytest.raises(Unreachable):
        async with asyncio.timeout(20):
            await run
    with pytest.raises(Unreachable):
        await driver.execute(command)
    await no_socket_left(before)


async def vanishes(driver: LanDriver, one: FakeDevice, command: Command) -> None:
    """Kill a device that was asked and has not answered: the command learns of it."""
    async with running(driver):
        one.peer.freeze()
        waiting = asyncio.create_task(driver.execute(command))
        await asyncio.sleep(0.1)
        one.peer.kill()
        with pytest.raises(Unreachable):
            await waiting


async def goes(driver: LanDriver, command: Command, going: Callable[[], Awaitable[Any]]) -> None:
    """Let a device go once its driver runs: everything of it is away, and commands say so."""
    port = RememberingPort()
    run = asyncio.create_task(driver.run(port))
    await port.until(lambda: port.connections == 1)
    await going()
    with pytest.raises(Unreachable):
        await run
    assert not any(device.available for device in port.devices.values())
    with pytest.raises(Unreachable):
        await driver.execute(command)
