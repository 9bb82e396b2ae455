"""A Zigbee lamp is switched: by zigpy alone, and by the driver, on the same simulated stick."""

import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from drivers import registry
from drivers.operations import Operable
from drivers.types import Device, DeviceId, Driver, Sample, SetSwitch
from drivers.zigbee_settings import ZigbeeSettings
from hub.bench.processes import peer

LIMIT_S = 20.0
ON_OFF = 0x0006


def pairs(rounds: int, batch: int) -> tuple[list[list[float]], list[list[float]]]:
    """Return the times of zigpy alone and of the driver (ms), round by round."""
    with (
        tempfile.TemporaryDirectory() as folder,
        peer(sys.executable, "-m", "tests.fakes.znp", "1") as path,
    ):
        return asyncio.run(_pairs(path, Path(folder), rounds, batch))


async def _pairs(
    path: str, folder: Path, rounds: int, batch: int
) -> tuple[list[list[float]], list[list[float]]]:
    settings = ZigbeeSettings(path=path, channel=15)
    driver = registry.create("zigbee", settings, registry.Place(time.monotonic, folder))
    await _with_driver(driver, join=True, batch=0)
    bare, ours = [], []
    for _ in range(rounds):
        bare.append(await _alone(path, folder, batch))
        ours.append(await _with_driver(driver, join=False, batch=batch))
    return bare, ours


async def _with_driver(driver: Driver, *, join: bool, batch: int) -> list[float]:
    port = _Port()
    run = asyncio.create_task(driver.run(port))
    try:
        async with asyncio.timeout(LIMIT_S):
            await port.ready.wait()
        if join and isinstance(driver, Operable):
            permit = next(o for o in driver.operations() if o.name == "permit_join")
            await permit.run(permit.arguments.model_validate({"seconds": 1}), lambda _: None)
            return []
        await asyncio.sleep(1.0)  # what was asked at the start is answered
        lamp = next(iter(port.devices))
        return await _switch(
            batch,
            lambda on: driver.execute(SetSwitch(lamp, on)),
            lambda on: port.devices[lamp].state.on is on,
            port.news,
        )
    finally:
        run.cancel()
        await asyncio.wait({run}, timeout=LIMIT_S)


async def _alone(path: str, folder: Path, batch: int) -> list[float]:
    # Its own copy of the driver's configuration, over the same database.
    from zigpy_znp.zigbee.application import (  # noqa: PLC0415 - seconds: only when measured
        ControllerApplication,
    )

    application: Any = await ControllerApplication.new(
        {
            "device": {"path": path},
            "database_path": str(folder / "zigbee.db"),
            "ota": {"enabled": False},
            "topology_scan_enabled": False,
            "znp_config": {"skip_bootloader": False},
        },
        auto_form=False,
    )
    try:
        await asyncio.sleep(1.0)
        own = application.state.node_info.ieee
        node = next(n for ieee, n in application.devices.items() if ieee != own)
        cluster = node.endpoints[1].in_clusters[ON_OFF]
        news = asyncio.Event()
        cluster.on_event("attribute_report", lambda _: news.set())
        return await _switch(
            batch, lambda on: cluster.command(int(on)), lambda on: cluster.get(0) == on, news
        )
    finally:
        await application.shutdown()


async def _switch(
    batch: int,
    command: Callable[[bool], Awaitable[Any]],
    is_so: Callable[[bool], bool],
    news: asyncio.Event,
) -> list[float]:
    """Switch to and fro; each time ends when the lamp's own report has come."""
    times = []
    on = is_so(True)
    for number in range(batch + 5):
        on = not on
        started = time.perf_counter()
        async with asyncio.timeout(LIMIT_S):
            await command(on)
            while not is_so(on):
                news.clear()
                await news.wait()
        if number >= 5:  # noqa: PLR2004 - the first ones warm up
            times.append((time.perf_counter() - started) * 1000)
        await asyncio.sleep(0.01)
    return times


class _Port:
    """See drivers.types.Port."""

    def __init__(self) -> None:
        self.devices: dict[DeviceId, Device] = {}
        self.ready = asyncio.Event()
        self.news = asyncio.Event()

    def announce(self, device: Device) -> None:
        self.devices[device.id] = device
        self.news.set()

    def gone(self, device: DeviceId) -> None:
        self.devices.pop(device, None)

    def sample(self, _sample: Sample) -> None:
        return

    def pressed(self, _device: DeviceId, _action: str) -> None:
        return

    def connected(self) -> None:
        self.ready.set()
