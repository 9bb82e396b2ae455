"""A Zigbee lamp is switched: by zigpy alone, and by the driver, on the same simulated stick."""

import asyncio
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from drivers import registry
from drivers.operations import Operable
from drivers.types import Driver
from drivers.zigbee_settings import ZigbeeSettings
from hub.bench.driver_round import served, switch, with_driver
from hub.bench.processes import peer

SETTLE_S = 1.0
"""For what is asked of the lamp at the start."""
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
    await _join(driver)
    bare, ours = [], []
    for _ in range(rounds):
        bare.append(await _alone(path, folder, batch))
        ours.append(await with_driver(driver, batch, light=True, settle_s=SETTLE_S))
    return bare, ours


async def _join(driver: Driver) -> None:
    """Let the lamp in."""
    assert isinstance(driver, Operable)
    async with served(driver):
        permit = next(o for o in driver.operations() if o.name == "permit_join")
        await permit.run(permit.arguments.model_validate({"seconds": 1}), lambda _: None)


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
        await asyncio.sleep(SETTLE_S)
        own = application.state.node_info.ieee
        node = next(n for ieee, n in application.devices.items() if ieee != own)
        cluster = node.endpoints[1].in_clusters[ON_OFF]
        news = asyncio.Event()
        cluster.on_event("attribute_report", lambda _: news.set())

        async def changed() -> None:
            news.clear()
            await news.wait()

        return await switch(
            batch, lambda on: cluster.command(int(on)), lambda on: cluster.get(0) == on, changed
        )
    finally:
        await application.shutdown()
