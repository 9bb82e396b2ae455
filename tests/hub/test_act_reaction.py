"""From a sensor's message to a lamp's command, through the real broker and the real driver."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from drivers.mqtt import MqttDriver
from drivers.mqtt_client import MqttLink
from drivers.mqtt_connection import Broker as BrokerAddress
from drivers.mqtt_settings import MqttSettings
from hub.act.devices import Devices
from hub.act.dispatch import Dispatcher
from hub.act.drivers import run_driver
from hub.act.engine import Actor
from hub.act.override import Overrides
from hub.bus import Bus
from hub.clock import SystemClock
from hub.settings import Settings
from hub.supervisor import Stage, State, Supervisor
from hub.types import Decision, DeviceChanged, RoomId, SceneGoal, Trigger
from tests.fakes.broker import Broker

pytestmark = pytest.mark.peer

DEVICES = {
    "sensor": {"kind": "sensor", "state_topic": "sensor", "measures": ["value"]},
    "lamp": {"kind": "light", "dialect": "json_light", "state_topic": "lamp"},
}
CONFIG: dict[str, Any] = {
    "rooms": {"den": {"devices": ["mqtt:sensor", "mqtt:lamp"]}},
    "scenes": {"up": {"lights": {"level": 0.9}}, "down": {"lights": {"level": 0.1}}},
}


class House:
    """The other side: a sensor that sends and a lamp that counts."""

    def __init__(self) -> None:
        self.commands = 0
        self.news = asyncio.Event()

    def message(self, topic: str, payload: bytes, retained: bool) -> None:
        self.commands += 1
        self.news.set()

    def skipped(self) -> None: ...

    def turn_over(self) -> None: ...


class Hub:
    """The acting half of a hub, with one rule: another value, another scene."""

    def __init__(self, port: int) -> None:
        self.driver = MqttDriver(MqttSettings.model_validate({"port": port, "devices": DEVICES}))
        settings = Settings.model_validate(CONFIG)
        clock = SystemClock()
        self.bus = Bus(lambda where, err: pytest.fail(f"{where}: {err!r}"))
        self.devices = Devices(settings, self.bus, clock)
        overrides = Overrides(self.bus, clock)
        drivers = {"mqtt": self.driver}
        self.dispatcher = Dispatcher(drivers, self.devices, overrides, self.bus, clock)
        self.actor = Actor(settings, self.devices, self.dispatcher, self.bus, clock)
        self.decisions = 0
        self.supervisor = Supervisor(clock)
        self.bus.on(DeviceChanged, self._rule)

    def _rule(self, event: DeviceChanged) -> None:
        value = event.device.state.values.get("value")
        if event.device.id != "mqtt:sensor" or value is None:
            return
        self.decisions += 1
        goal = SceneGoal("up" if float(value) > 50 else "down")
        self.bus.publish(
            Decision(
                *(self.decisions, RoomId("den"), "rule", goal, Trigger.SENSOR, "because"),
                *(1.0, None, event.at, event.at + 10),
            )
        )


@asynccontextmanager
async def running(broker: Broker) -> AsyncIterator[tuple[Hub, House, MqttLink]]:
    hub, house = Hub(broker.port), House()
    hub.supervisor.add("act", hub.actor.run, Stage.DECIDE)
    port = hub.devices.port("mqtt")
    service = hub.supervisor.add("mqtt", partial(run_driver, hub.driver, port), Stage.SOURCES)
    address = BrokerAddress("127.0.0.1", broker.port, "house", 30, 1000)
    async with asyncio.timeout(10):
        while service.state is not State.RUNNING:
            await asyncio.sleep(0.01)
    async with MqttLink.open(address, house) as link:
        await link.subscribe(["lamp/set"])
        yield hub, house, link
    assert await hub.supervisor.stop() == ()


async def test_a_value_becomes_a_command_within_the_blink_of_an_eye(tmp_path: Path) -> None:
    with Broker(tmp_path) as broker:
        async with running(broker) as (_, house, link):
            took_ms = []
            for number in range(60):
                started = time.perf_counter()
                link.send("sensor", b"90" if number % 2 else b"10")
                async with asyncio.timeout(5):
                    await house.news.wait()
                house.news.clear()
                took_ms.append((time.perf_counter() - started) * 1000)
            assert sorted(took_ms)[30] < 25  # far over what it takes, far under what is seen


@pytest.mark.slow
async def test_a_flood_is_acted_on_or_counted_and_costs_little(tmp_path: Path) -> None:
    with Broker(tmp_path) as broker:
        async with running(broker) as (hub, house, link):
            count = 3000
            started = time.process_time()
            for number in range(count):
                link.send("sensor", b"90" if number % 2 else b"10")
                if number % 20 == 0:
                    await asyncio.sleep(0.01)
            await link.publish("nothing", b"")

            def accounted() -> int:
                merged = hub.driver.stats.coalesced + hub.actor.replaced
                return house.commands + merged + hub.dispatcher.overtaken

            async with asyncio.timeout(20):
                while accounted() < count:
                    await asyncio.sleep(0.02)
            cpu_ms = (time.process_time() - started) * 1000 / count
            await asyncio.sleep(0.1)
            assert accounted() == count  # none is lost, none is made up
            assert house.commands > 10
            assert cpu_ms < 2.5  # the house on the other side included
