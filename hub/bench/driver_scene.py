"""A scene of fifty lamps on three networks: when is every command out, and who waits for whom.

The hub's own registry, dispatcher and drivers; the peers are the simulated Zigbee stick, the real
Z-Wave JS driver on its emulated stick, and a broker with lamps that say back what they were told.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final

from drivers import registry
from drivers.operations import Operable
from drivers.types import Command, Device, DeviceId, Dimmable, Driver, DriverError, SetLight, Status
from hub.act.devices import Devices
from hub.act.dispatch import By, Dispatcher
from hub.act.override import Overrides
from hub.bench.driver_round import PEER_LIMIT_S, ending
from hub.bench.figures import Figure, at_least, at_most, plain
from hub.bench.processes import broker, peer
from hub.bus import Bus
from hub.clock import SystemClock
from hub.settings import Settings
from hub.types import DeviceChanged

LAMPS: Final = {"zigbee": 30, "zwave": 10, "mqtt": 10}
OUT_MS: Final = 300.0


class Timed:
    """A driver that notes when each command reached it; all else is the driver's own."""

    def __init__(self, driver: Driver) -> None:
        self.name = driver.name
        self.out_s: dict[DeviceId, float] = {}
        self._driver = driver
        self.run = driver.run

    async def execute(self, command: Command) -> None:
        """See Driver."""
        self.out_s.setdefault(command.device, time.perf_counter())
        await self._driver.execute(command)


class TimedTogether(Timed):
    """The same for a driver that changes several lights in one go."""

    async def execute_together(self, commands: Sequence[SetLight]) -> Sequence[DriverError | None]:
        """See Together."""
        now = time.perf_counter()
        for command in commands:
            self.out_s.setdefault(command.device, now)
        return await self._driver.execute_together(commands)  # type: ignore[attr-defined,no-any-return]


def measure(*, quick: bool) -> list[Figure]:
    """Measure a scene's way to fifty lamps."""
    del quick
    with (
        tempfile.TemporaryDirectory() as folder,
        peer(sys.executable, "-m", "tests.fakes.znp", str(LAMPS["zigbee"])) as stick,
        peer(sys.executable, "-m", "tests.fakes.zwave_server", str(LAMPS["zwave"])) as zwave,
        broker(Path(folder)) as port,
    ):
        sections: dict[str, dict[str, Any]] = {
            "zigbee": {"path": stick, "channel": 15},
            "zwave": {"url": zwave},
            "mqtt": {"port": port, "devices": {f"l{n}": _json_lamp(n) for n in range(10)}},
        }
        return asyncio.run(_measure(sections, Path(folder)))


def _json_lamp(number: int) -> dict[str, Any]:
    return {"kind": "light", "dialect": "json_light", "state_topic": f"l/{number}"}


async def _measure(sections: dict[str, dict[str, Any]], folder: Path) -> list[Figure]:
    bus, clock = Bus(lambda *_: None), SystemClock()
    devices = Devices(Settings(), bus, clock)
    drivers: dict[str, Timed] = {}
    changed = asyncio.Event()
    bus.on(DeviceChanged, lambda _: changed.set())
    async with AsyncExitStack() as stack:
        for name, section in sections.items():
            place = registry.Place(time.monotonic, folder / name)
            made = registry.create(
                name, registry.KNOWN[name].settings.model_validate(section), place
            )
            timed = TimedTogether if hasattr(made, "execute_together") else Timed
            drivers[name] = timed(made)
            await stack.enter_async_context(
                ending(asyncio.create_task(_keep(made, devices.port(name))))
            )
            if name == "zigbee":
                await _let_in(made)
        async with asyncio.timeout(PEER_LIMIT_S):
            while not all(len(_lamps(devices, name)) >= many for name, many in LAMPS.items()):
                changed.clear()
                await changed.wait()
        overrides = Overrides(bus, clock)
        dispatcher = Dispatcher(drivers, devices, overrides, bus, clock)
        lamps = [lamp for name, many in LAMPS.items() for lamp in _lamps(devices, name)[:many]]
        commands = [SetLight(lamp.id, level=0.6) for lamp in lamps]
        started = time.perf_counter()
        batches = dispatcher.batches(commands)
        outcomes = await asyncio.gather(
            *(dispatcher.execute(c, By.PERSON, batch=batches.get(c.device)) for c in commands)
        )
    out = {
        name: [(at - started) * 1000 for at in driver.out_s.values()]
        for name, driver in drivers.items()
    }
    done = sum(outcome.status is Status.DONE for outcome in outcomes)
    figures = [
        at_most("scene_out", max(max(times) for times in out.values()), "ms", OUT_MS, "50 lamps"),
        at_least("scene_done", done, "lamps", len(commands)),
    ]
    for name in LAMPS:
        took = [o.took_ms for o in outcomes if o.command.device.startswith(f"{name}:")]
        figures.append(plain(f"scene_{name}_done", max(took), "ms", "the slowest of its lamps"))
    return figures


async def _keep(driver: Driver, port: Any) -> None:
    await driver.run(port)


async def _let_in(driver: Driver) -> None:
    assert isinstance(driver, Operable)
    permit = next(one for one in driver.operations() if one.name == "permit_join")
    async with asyncio.timeout(PEER_LIMIT_S):
        while True:
            try:
                await permit.run(permit.arguments.model_validate({"seconds": 5}), lambda _: None)
            except DriverError:  # the stick is still being asked who it is
                await asyncio.sleep(0.2)
            else:
                return


def _lamps(devices: Devices, driver: str) -> list[Device]:
    return [
        device
        for device in devices.all()
        if device.driver == driver and device.available and device.capability(Dimmable)
    ]
