"""A heart strap sends a beat: until bleak alone hands it on, and until the driver has told of it.

There is nothing to command on these devices. The strap is the tests' own Bluetooth service on a
real D-Bus daemon; it runs in a thread here, so both pay for its share of the interpreter.
"""

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from drivers import registry
from drivers.bluetooth_settings import BluetoothSettings
from hub.bench.driver_round import LIMIT_S, PAUSE_S, WARM_UP, served
from hub.bench.processes import checkout

ADDRESS = "C0:FF:EE:00:00:0A"
SCAN_S = 10.0


def pairs(rounds: int, batch: int) -> tuple[list[list[float]], list[list[float]]]:
    """Return the times of bleak alone and of the driver (ms), round by round."""
    checkout()
    from tests.fakes.bluez_on_bus import bluez  # noqa: PLC0415 - the tests' own
    from tests.fakes.bluez_peripheral import HEART_MEASUREMENT, strap  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder, bluez(Path(folder)) as service:
        worn = strap(ADDRESS)
        service.bring(worn)

        def beat(bpm: int) -> None:
            service.notify(worn, HEART_MEASUREMENT, bytes((0, bpm)))

        return asyncio.run(_pairs(beat, rounds, batch))


async def _pairs(
    beat: Callable[[int], None], rounds: int, batch: int
) -> tuple[list[list[float]], list[list[float]]]:
    bare, ours = [], []
    for _ in range(rounds):
        bare.append(await _alone(beat, batch))
        ours.append(await _driven(beat, batch))
    return bare, ours


async def _alone(beat: Callable[[int], None], batch: int) -> list[float]:
    from bleak import BleakClient, BleakScanner  # noqa: PLC0415 - an optional package

    from drivers.bluetooth_gatt import HEART_RATE_MEASUREMENT  # noqa: PLC0415 - imports bleak

    news = asyncio.Event()

    def told(*_: Any) -> None:
        news.set()

    async def changed() -> None:
        news.clear()
        await news.wait()

    device = await BleakScanner.find_device_by_address(ADDRESS, timeout=SCAN_S)
    if device is None:
        raise TimeoutError("the strap was not found")
    async with BleakClient(device) as client:
        await client.start_notify(HEART_RATE_MEASUREMENT, told)
        return await _beats(batch, beat, changed)


async def _driven(beat: Callable[[int], None], batch: int) -> list[float]:
    section = {"devices": {"strap": {"address": ADDRESS, "kind": "heart_rate"}}}
    settings = BluetoothSettings.model_validate(section)
    driver = registry.create("bluetooth", settings, registry.Place(time.monotonic, Path()))
    async with served(driver) as port, asyncio.timeout(LIMIT_S * batch):
        while not any(device.available for device in port.devices.values()):
            await port.changed()
        return await _beats(batch, beat, port.changed)


async def _beats(
    batch: int, beat: Callable[[int], None], changed: Callable[[], Awaitable[None]]
) -> list[float]:
    times = []
    for number in range(batch + WARM_UP):
        await asyncio.sleep(PAUSE_S)
        waiting = asyncio.ensure_future(changed())
        await asyncio.sleep(0)
        started = time.perf_counter()
        sending = asyncio.create_task(asyncio.to_thread(beat, 60 + number % 60))
        async with asyncio.timeout(LIMIT_S):
            await waiting
        if number >= WARM_UP:
            times.append((time.perf_counter() - started) * 1000)
        await sending
    return times
