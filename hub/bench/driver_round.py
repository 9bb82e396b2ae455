"""One round of a driver's latency: connect, switch a device to and fro, wait for each report."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from drivers.types import Device, DeviceId, Driver, Sample, SetSwitch, Switchable, Unreachable

LIMIT_S = 20.0
PEER_LIMIT_S = 150.0
"""How long a peer may take to start."""
WARM_UP = 5
PAUSE_S = 0.01


async def with_driver(driver: Driver, batch: int) -> list[float]:
    """Run a driver and switch its first plug; return the times (ms) from command to report."""
    port = _Port()
    run = asyncio.create_task(_until_reached(driver, port))
    try:
        async with asyncio.timeout(PEER_LIMIT_S):
            while (plug := port.plug()) is None:
                await port.changed()
        return await switch(
            batch,
            lambda on: driver.execute(SetSwitch(plug, on)),
            lambda on: port.devices[plug].state.on is on,
            port.changed,
        )
    finally:
        run.cancel()
        await asyncio.wait({run}, timeout=LIMIT_S)


async def switch(
    batch: int,
    command: Callable[[bool], Awaitable[Any]],
    is_so: Callable[[bool], bool],
    changed: Callable[[], Awaitable[None]],
) -> list[float]:
    """Switch to and fro; each time ends when the device's own report has come."""
    times = []
    on = is_so(True)
    for number in range(batch + WARM_UP):
        on = not on
        started = time.perf_counter()
        async with asyncio.timeout(LIMIT_S):
            await command(on)
            while not is_so(on):
                await changed()
        if number >= WARM_UP:
            times.append((time.perf_counter() - started) * 1000)
        await asyncio.sleep(PAUSE_S)
    return times


async def _until_reached(driver: Driver, port: "_Port") -> None:
    while True:
        with contextlib.suppress(Unreachable):
            await driver.run(port)
        await asyncio.sleep(0.5)


class _Port:
    """See drivers.types.Port."""

    def __init__(self) -> None:
        self.devices: dict[DeviceId, Device] = {}
        self._news = asyncio.Event()

    def plug(self) -> DeviceId | None:
        """Return the first device that is there and is a plug."""
        for name, device in sorted(self.devices.items()):
            switchable = device.capability(Switchable)
            if device.available and switchable is not None and not switchable.light:
                return name
        return None

    async def changed(self) -> None:
        self._news.clear()
        await self._news.wait()

    def announce(self, device: Device) -> None:
        self.devices[device.id] = device
        self._news.set()

    def gone(self, device: DeviceId) -> None:
        self.devices.pop(device, None)

    def sample(self, _sample: Sample) -> None:
        return

    def pressed(self, _device: DeviceId, _action: str) -> None:
        return

    def connected(self) -> None:
        return


@contextlib.asynccontextmanager
async def ending(task: asyncio.Task[Any]) -> AsyncIterator[None]:
    """Run the block, then end a task."""
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task}, timeout=LIMIT_S)
