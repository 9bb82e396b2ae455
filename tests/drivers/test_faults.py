"""Faults that every driver lives through in the same way, each on its real peer."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import pytest
import time_machine

from drivers.types import Device, DeviceId, SetSwitch, Unreachable
from hub.act.devices import Devices
from hub.act.drivers import run_driver
from hub.bus import Bus
from hub.clock import SystemClock
from hub.settings import Settings
from hub.supervisor import Service, Stage, State, Supervisor
from tests.drivers.fault_house import House
from tests.drivers.fault_rigs import HOUSES
from tests.fakes.port import RememberingPort
from tests.fakes.running import nothing_left, running
from tests.fakes.waiting import eventually

pytestmark = pytest.mark.peer
DAY_S = 86_400.0
RECOVERY_LIMIT_S = 60.0
"""The back-off's waits, and the peer's own start."""


@pytest.fixture(params=sorted(HOUSES))
async def house(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[House]:
    async with HOUSES[request.param](tmp_path) as ready:
        yield ready


async def told(house: House, port: RememberingPort, on: bool) -> None:
    """Let the device tell of itself, and wait until the driver has heard it."""
    await house.say(on)
    await port.until(lambda: shown(house, port) is on)


def shown(house: House, port: RememberingPort) -> bool | None:
    device = port.devices.get(house.device)
    return house.shows(device) if device is not None and device.available else None


@pytest.mark.fault("cancelled")
async def test_a_connection_to_a_frozen_peer_can_be_given_up(house: House) -> None:
    async with running(house.driver):
        pass  # a first use may open what stays open on purpose
    async with nothing_left():
        await asyncio.to_thread(house.freeze)
        for pause_s in (0.0, 0.05, 0.3):
            run = asyncio.create_task(house.driver.run(RememberingPort()))
            await asyncio.sleep(pause_s)
            run.cancel()
            with contextlib.suppress(asyncio.CancelledError, Unreachable):
                async with asyncio.timeout(10):
                    await run
        await asyncio.to_thread(house.thaw)
    async with running(house.driver) as port:
        await told(house, port, True)
        await told(house, port, False)


@pytest.mark.fault("vanished")
async def test_a_peer_that_dies_with_a_command_in_hand_is_told(house: House) -> None:
    if not house.obeys:
        return  # there is nothing to command; see test_a_lost_strap_is_away_and_comes_back
    async with running(house.driver):
        pass
    async with nothing_left():
        port = RememberingPort()
        run = asyncio.create_task(house.driver.run(port))
        await port.until(lambda: port.connections == 1 and house.device in port.devices)
        await asyncio.to_thread(house.freeze)
        command = asyncio.create_task(house.driver.execute(SetSwitch(house.device, on=True)))
        await asyncio.sleep(0.1)
        await asyncio.to_thread(house.kill)
        for ending in (run, command):
            with pytest.raises(Unreachable):
                async with asyncio.timeout(20):
                    await ending
    with pytest.raises(Unreachable):
        await house.driver.execute(SetSwitch(house.device, on=True))


@pytest.mark.fault("unordered")
async def test_news_told_twice_or_by_strangers_changes_nothing(house: House) -> None:
    async with running(house.driver) as port:
        await told(house, port, False)
        already = len(port.history)
        known = set(port.devices)
        for on in (True, False, True):
            await told(house, port, on)
            await house.say(on)
            await house.stray()
            await house.say(on)
        await told(house, port, False)
        values = [
            house.shows(device) for device in port.history[already:] if device.id == house.device
        ]
        changes = [
            now for before, now in zip([False, *values], values, strict=False) if now is not before
        ]
        assert changes == [True, False, True, False]
        assert set(port.devices) == known
        assert port.connections == 1


@pytest.mark.fault("clock")
async def test_a_clock_that_jumps_changes_nothing(house: House) -> None:
    async with running(house.driver) as port:
        await told(house, port, False)
        for jump_d in (400, -900, 0):
            with time_machine.travel(time.time() + jump_d * DAY_S, tick=True):
                if house.obeys:
                    await house.driver.execute(SetSwitch(house.device, on=True))
                await told(house, port, True)
                await told(house, port, False)
        assert port.connections == 1


class Home:
    """All drivers under one supervisor, and what each of its devices was seen to be."""

    def __init__(self, houses: dict[str, House]) -> None:
        clock = SystemClock()
        self.houses = houses
        self.losses: dict[str, int] = dict.fromkeys(houses, 0)
        """How often a driver's device was seen to go away."""
        self.bus = Bus(lambda *_: None)
        self.devices = Devices(Settings(), self.bus, clock)
        self.supervisor = Supervisor(clock)
        self.services: dict[str, Service] = {}

    def start(self) -> None:
        for name, house in self.houses.items():
            run = partial(run_driver, house.driver, self.devices.port(name))
            self.services[name] = self.supervisor.add(name, run, Stage.SOURCES)

    def away(self, name: str) -> bool:
        return not self.there(name)

    def there(self, name: str) -> bool:
        device = self.devices.get(self.houses[name].device)
        return (
            device is not None and device.available and self.services[name].state is State.RUNNING
        )

    async def works(self, name: str) -> None:
        """Change a driver's device from the other side, and see the hub know it."""
        house = self.houses[name]
        for on in (True, False):
            await house.say(on)
            await eventually(lambda: self._shows(house) is on, RECOVERY_LIMIT_S)  # noqa: B023 - at once

    def _shows(self, house: House) -> bool | None:
        device: Device | None = self.devices.get(DeviceId(house.device))
        return None if device is None else house.shows(device)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.fault("killed", "restarted", "neighbours")
async def test_each_peer_dies_and_comes_back_and_the_others_never_notice(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        houses: dict[str, House] = {}
        for name, opened in HOUSES.items():
            folder = tmp_path / name
            folder.mkdir()
            houses[name] = await stack.enter_async_context(opened(folder))
        home = Home(houses)
        async with nothing_left():
            home.start()
            try:
                for name in houses:
                    await eventually(partial(home.there, name), RECOVERY_LIMIT_S)
                for name, house in houses.items():
                    others = {other: home.services[other] for other in houses if other != name}
                    before = {other: service.restarts for other, service in others.items()}
                    await asyncio.to_thread(house.kill)
                    await eventually(partial(home.away, name), RECOVERY_LIMIT_S)
                    assert not [other for other in others if home.away(other)], name
                    async with asyncio.TaskGroup() as group:
                        for other in others:
                            group.create_task(home.works(other), name=f"{other} works")
                    await asyncio.to_thread(house.start)
                    home.services[name].retry_now()
                    await eventually(partial(home.there, name), RECOVERY_LIMIT_S)
                    await home.works(name)
                    assert {o: service.restarts for o, service in others.items()} == before
            finally:
                assert await home.supervisor.stop() == ()
