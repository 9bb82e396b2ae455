"""A scene of fifty lamps on three networks: when is every command out, and who waits for whom.

The hub's own registry, dispatcher and drivers; the peers are the simulated Zigbee stick, the real
Z-Wave JS driver on its emulated stick, and a broker with lamps that say back what they were told.
Then once more with a lamp that stands still for SLOW_S: nobody may wait for it.
"""

import asyncio
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from drivers import registry
from drivers.operations import Operable
from drivers.types import (
    Command,
    Device,
    DeviceId,
    Dimmable,
    Driver,
    DriverError,
    Outcome,
    SetLight,
    Status,
)
from hub.act.devices import Devices
from hub.act.dispatch import By, Dispatcher
from hub.act.override import Overrides
from hub.bench.driver_round import PEER_LIMIT_S, ending, keep_running
from hub.bench.figures import Figure, at_least, at_most, plain
from hub.bench.processes import broker, checkout, free_port, peer, running
from hub.bus import Bus
from hub.clock import SystemClock
from hub.settings import Settings
from hub.types import DeviceChanged

LAMPS: Final = {"zigbee": 30, "zwave": 10, "mqtt": 10}
OUT_MS: Final = 300.0
SLOW: Final = "wled"
SLOW_S: Final = 3.0


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
        slow_lamp() as (slow_port, slow),
    ):
        sections: dict[str, dict[str, Any]] = {
            "zigbee": {"path": stick, "channel": 15},
            "zwave": {"url": zwave},
            "mqtt": {"port": port, "devices": {f"l{n}": _json_lamp(n) for n in range(10)}},
            SLOW: {"devices": {"slow": {"host": "127.0.0.1", "port": slow_port}}},
        }
        return asyncio.run(_measure(sections, Path(folder), slow))


@contextmanager
def slow_lamp() -> Iterator[tuple[int, int]]:
    """Run a WLED strip; yield its port and its process, which can be made to stand still."""
    port = free_port()
    command = (sys.executable, "-m", "tests.fakes.wled_strip", str(port), "02005e005311", "rgb")
    with running(*command, environment={"PYTHONPATH": str(checkout())}) as process:
        try:
            yield port, process
        finally:
            os.kill(process, signal.SIGCONT)


def _json_lamp(number: int) -> dict[str, Any]:
    return {"kind": "light", "dialect": "json_light", "state_topic": f"l/{number}"}


async def _measure(sections: dict[str, dict[str, Any]], folder: Path, slow: int) -> list[Figure]:
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
                ending(asyncio.create_task(keep_running(made, devices.port(name))))
            )
            if name == "zigbee":
                await _let_in(made)
        async with asyncio.timeout(PEER_LIMIT_S):
            while not all(
                len(_lamps(devices, name)) >= many for name, many in (LAMPS | {SLOW: 1}).items()
            ):
                changed.clear()
                await changed.wait()
        dispatcher = Dispatcher(drivers, devices, Overrides(bus, clock), bus, clock)
        lamps = [lamp for name, many in LAMPS.items() for lamp in _lamps(devices, name)[:many]]
        quick = await _play(dispatcher, drivers, [SetLight(one.id, level=0.6) for one in lamps])
        lamps += _lamps(devices, SLOW)
        os.kill(slow, signal.SIGSTOP)
        asyncio.get_running_loop().call_later(SLOW_S, os.kill, slow, signal.SIGCONT)
        held = await _play(dispatcher, drivers, [SetLight(one.id, level=0.3) for one in lamps])
    beside = f"beside a lamp that stands still for {SLOW_S:.0f} s"
    return [
        *_figures(quick, "scene", "50 lamps", "the slowest of its lamps"),
        *_figures(held, "scene_slow", f"50 lamps {beside}", beside),
        plain("scene_slow_lamp_done", held.slowest_ms(SLOW), "ms", "that lamp itself"),
    ]


def _figures(played: "_Played", name: str, out: str, done: str) -> list[Figure]:
    return [
        at_most(f"{name}_out", played.out_ms, "ms", OUT_MS, out),
        at_least(f"{name}_done", played.done(), "lamps", len(played.outcomes)),
        *(plain(f"{name}_{one}_done", played.slowest_ms(one), "ms", done) for one in LAMPS),
    ]


@dataclass(frozen=True, slots=True)
class _Played:
    """A scene's outcomes, and when the last command had reached its driver (ms)."""

    out_ms: float
    outcomes: Sequence[Outcome]

    def done(self) -> int:
        """Count the lamps that confirmed."""
        return sum(outcome.status is Status.DONE for outcome in self.outcomes)

    def slowest_ms(self, driver: str) -> float:
        """Return what a network's slowest lamp took."""
        return max(
            outcome.took_ms
            for outcome in self.outcomes
            if outcome.command.device.startswith(f"{driver}:")
        )


async def _play(
    dispatcher: Dispatcher, drivers: dict[str, Timed], commands: Sequence[SetLight]
) -> _Played:
    for driver in drivers.values():
        driver.out_s.clear()
    started = time.perf_counter()
    batches = dispatcher.batches(commands)
    outcomes = await asyncio.gather(
        *(dispatcher.execute(c, By.PERSON, batch=batches.get(c.device)) for c in commands)
    )
    out = max(at for driver in drivers.values() for at in driver.out_s.values())
    return _Played((out - started) * 1000, outcomes)


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
