import asyncio
import sys
import threading

import pytest

from drivers.registry import NotInstalled
from drivers.simulated import SimulatedDriver
from drivers.simulated_settings import SimulatedSettings
from hub.act.drivers import Drivers
from hub.act.workshop import Workshop
from hub.clock import ManualClock
from hub.supervisor import Service, Stage
from tests.fakes.port import RememberingPort
from tests.fakes.waiting import eventually


async def test_turns_are_short_only_while_something_is_made() -> None:
    before = sys.getswitchinterval()
    assert await Workshop().make(sys.getswitchinterval) < before
    assert sys.getswitchinterval() == before

    def fail() -> None:
        raise NotInstalled("run: scripts/setup hub toaster")

    with pytest.raises(NotInstalled):
        await Workshop().make(fail)
    assert sys.getswitchinterval() == before


async def test_one_thing_is_made_at_a_time() -> None:
    workshop, at_work, most = Workshop(), [0], [0]

    def make() -> None:
        at_work[0] += 1
        most[0] = max(most[0], at_work[0])
        threading.Event().wait(0.01)
        at_work[0] -= 1

    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        for _ in range(5):
            group.create_task(workshop.make(make))
    assert most == [1]


async def test_a_light_driver_does_not_wait_for_a_heavy_one() -> None:
    drivers, port, done = Drivers(), RememberingPort(), threading.Event()

    def light() -> SimulatedDriver:
        return SimulatedDriver(SimulatedSettings(devices={}), lambda: 0.0)

    def heavy() -> SimulatedDriver:
        assert done.wait(20)
        return light()

    service = Service("any", _idle, Stage.SOURCES, None, ManualClock())
    waiting = asyncio.create_task(drivers.run("zigbee", heavy, port, service))
    running = asyncio.create_task(drivers.run("simulated", light, port, service))
    try:
        await eventually(lambda: "simulated" in drivers)
        assert "zigbee" not in drivers
        done.set()
        await eventually(lambda: "zigbee" in drivers)
    finally:
        done.set()
        for task in (waiting, running):
            task.cancel()
        await asyncio.wait({waiting, running}, timeout=10)


async def _idle(_: Service) -> None: ...
