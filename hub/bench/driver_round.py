"""One round of a driver's latency: connect, switch a device to and fro, wait for each report."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from drivers.types import Device, DeviceId, Driver, Port, Sample, SetSwitch, Switchable, Unreachable

LIMIT_S = 20.0
PEER_LIMIT_S = 150.0
"""How long a peer may take to start."""
WARM_UP = 5
PAUSE_S = 0.01


async def with_driver(
    driver: Driver, batch: int, *, light: bool = False, settle_s: float = 0.0
) -> list[float]:
    """Run a driver and switch its first plug or light; return the ms from command to report.

    `settle_s` is given to what the driver asks of its network at the start.
    """
    async with served(driver) as port:
        async with asyncio.timeout(PEER_LIMIT_S):
            while (device := port.first(light=light)) is None:
                await port.changed()
        await asyncio.sleep(settle_s)
        return await switch(
            batch,
            lambda on: driver.execute(SetSwitch(device, on)),
            lambda on: port.devices[device].state.on is on,
            port.changed,
        )


@contextlib.asynccontextmanager
async def served(driver: Driver) -> AsyncIterator["RoundPort"]:
    """Run a driver during the block, which begins when its peer was reached."""
    port = RoundPort()
    async with ending(asyncio.create_task(keep_running(driver, port))):
        async with asyncio.timeout(PEER_LIMIT_S):
            await port.reached.wait()
        yield port


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


async def keep_running(driver: Driver, port: Port) -> None:
    """Run a driver until cancelled, again whenever its peer is not there."""
    while True:
        with contextlib.suppress(Unreachable):
            await driver.run(port)
        await asyncio.sleep(0.5)


class RoundPort:
    """See drivers.types.Port."""

    def __init__(self) -> None:
        self.devices: dict[DeviceId, Device] = {}
        self.reached = asyncio.Event()
        self._news = asyncio.Event()

    def first(self, *, light: bool) -> DeviceId | None:
        """Return the first device that is there and is a plug, or a light."""
        for name, device in sorted(self.devices.items()):
            switchable = device.capability(Switchable)
            if device.available and switchable is not None and switchable.light is light:
                return name
        return None

    async def changed(self) -> None:
        """Return when something was announced."""
        self._news.clear()
        await self._news.wait()

    def announce(self, device: Device) -> None:
        """Take a device over."""
        self.devices[device.id] = device
        self._news.set()

    def gone(self, device: DeviceId) -> None:
        """Take a device out."""
        self.devices.pop(device, None)

    def sample(self, _sample: Sample) -> None:
        """Note that one was taken."""
        self._news.set()

    def pressed(self, _device: DeviceId, _action: str) -> None:
        """Take no press."""
        return

    def connected(self) -> None:
        """Note that the peer was reached."""
        self.reached.set()


@contextlib.asynccontextmanager
async def ending(task: asyncio.Task[Any]) -> AsyncIterator[None]:
    """Run the block, then end a task."""
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task}, timeout=LIMIT_S)
