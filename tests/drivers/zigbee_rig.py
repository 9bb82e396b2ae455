"""A Zigbee house with a real zigpy on the other side, and its devices joined."""

import atexit
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from drivers import registry
from drivers.operations import Operation
from drivers.types import DeviceId
from drivers.zigbee.driver import ZigbeeDriver
from drivers.zigbee_settings import ZigbeeSettings
from tests.fakes.running import running
from tests.fakes.znp.house import House, Saved
from tests.fakes.znp.kinds import Alarm, Blind, Button, Lamp, Plug, Sensor, Thermostat
from tests.fakes.znp.node import Node

BASE = 0x00158D00_01020000


def address(number: int) -> int:
    return BASE + number


def device(number: int, endpoint: int | None = None) -> DeviceId:
    tail = "" if endpoint is None else f"-{endpoint}"
    return DeviceId(f"zigbee:{address(number):016x}{tail}")


LAMP, PLUG, SENSOR, DOOR, REMOTE, VALVE, BLIND = (device(number) for number in range(1, 8))


def household() -> list[Node]:
    return [
        Lamp(address(1), place="Kitchen"),
        Plug(address(2)),
        Sensor(address(3)),
        Alarm(address(4), "contact"),
        Button(address(5)),
        Thermostat(address(6)),
        Blind(address(7)),
    ]


def driver_for(house: House, folder: Path, **more: Any) -> ZigbeeDriver:
    settings = ZigbeeSettings.model_validate({"path": house.path, "channel": 15, **more})
    made = registry.create("zigbee", settings, registry.Place(time.monotonic, folder / "own"))
    assert isinstance(made, ZigbeeDriver)
    return made


def operation(driver: ZigbeeDriver, name: str) -> Operation:
    return next(o for o in driver.operations() if o.name == name)


async def operate(driver: ZigbeeDriver, name: str, **given: Any) -> dict[str, Any]:
    wanted = operation(driver, name)
    lines: list[str] = []
    answer = await wanted.run(wanted.arguments.model_validate(given), lines.append)
    return {**answer, "lines": lines}


async def join(driver: ZigbeeDriver, house: House, nodes: Sequence[Node]) -> None:
    """Let nodes in, and wait until they are set up."""
    answer = await operate(driver, "permit_join", seconds=1)
    assert not answer["failed"]
    assert all(node.network is not None for node in nodes), house.stick.unknown


_saved: list[tuple[Saved, Path]] = []


@asynccontextmanager
async def joined(folder: Path, **more: Any) -> AsyncIterator[tuple[House, ZigbeeDriver]]:
    """Yield a house whose nodes are all set up, and its driver, not running.

    The first one is really joined; later ones start from what it remembered.
    """
    with House(household()) as house:
        driver = driver_for(house, folder, **more)
        if not _saved:
            async with running(driver):
                await join(driver, house, house.nodes)
            kept = Path(tempfile.mkdtemp(prefix="zigbee-"))
            atexit.register(shutil.rmtree, kept, ignore_errors=True)
            shutil.copytree(folder / "own", kept / "own")
            _saved.append((house.saved(), kept))
        else:
            saved, kept = _saved[0]
            house.restore(saved)
            shutil.copytree(kept / "own", folder / "own")
        yield house, driver
