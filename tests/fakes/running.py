"""A driver that runs for a while, and the proof that it left nothing behind."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from drivers.types import BadCredentials, Driver, Unreachable
from tests.fakes.port import RememberingPort
from tests.fakes.waiting import LIMIT_S, eventually


@asynccontextmanager
async def running(driver: Driver) -> AsyncIterator[RememberingPort]:
    """Run a driver until its peer answers, and to the end of the block."""
    port = RememberingPort()
    task = asyncio.create_task(driver.run(port), name=f"{driver.name} driver")
    task.add_done_callback(lambda _: port.wake())
    try:
        await port.until(lambda: port.connections == 1 or task.done())
        if task.done():
            await task
        yield port
    finally:
        task.cancel()
        await asyncio.wait({task}, timeout=LIMIT_S)
        assert task.done(), "the driver did not stop"
        if not task.cancelled():
            task.exception()  # its peer may have gone: what then comes is the test's to look for


async def outcome(driver: Driver, limit_s: float = 15.0) -> BaseException:
    """Run a driver to its end and return what it raised."""
    async with asyncio.timeout(limit_s):
        try:
            await driver.run(RememberingPort())
        except (BadCredentials, Unreachable) as err:
            return err
    raise AssertionError("the driver returned")


@asynccontextmanager
async def nothing_left() -> AsyncIterator[None]:
    """Wait at the end until there are no more tasks, sockets and threads than at the start."""
    before = _held()
    yield
    with contextlib.suppress(TimeoutError):
        await eventually(lambda: all(now <= was for now, was in zip(_held(), before, strict=True)))
    tasks, sockets, threads = _held()
    assert tasks <= before[0], asyncio.all_tasks()
    assert sockets <= before[1], f"{sockets - before[1]} sockets left open"
    assert threads <= before[2], threading.enumerate()


def _held() -> tuple[int, int, int]:
    return len(asyncio.all_tasks()), open_sockets(), own_threads()


def open_sockets() -> int:
    """Count this process's sockets."""
    count = 0
    for descriptor in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # the listing's own
            count += str(descriptor.readlink()).startswith("socket:")
    return count


def own_threads() -> int:
    """Count threads without those of the loop's own pool, which grows by use and is shared."""
    return sum(not thread.name.startswith("asyncio_") for thread in threading.enumerate())
