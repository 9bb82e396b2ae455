"""The MQTT driver against a real mosquitto, with aiomqtt as the devices on the other side."""

import asyncio
import contextlib
import json
from asyncio.subprocess import PIPE
from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.mqtt_client import MqttLink
from drivers.mqtt_connection import Broker as BrokerAddress
from drivers.types import (
    Colorful,
    DeviceId,
    Dimmable,
    Measures,
    Refused,
    SetLight,
    SetSwitch,
    SetTemperature,
    Switchable,
    Tunable,
    Unreachable,
)
from tests.drivers.mqtt_rig import CLIMATE, HALL, LAMP, LUX, PLUG, Deaf, driver_at, house, received
from tests.fakes.broker import Broker
from tests.fakes.process import require
from tests.fakes.running import running

pytestmark = pytest.mark.peer


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    with Broker(tmp_path) as running_broker:
        yield running_broker


async def test_devices_are_announced_with_what_they_can_do(broker: Broker) -> None:
    async with running(driver_at(broker.port)) as port:
        lamp = port.devices[LAMP]
        assert lamp.capability(Dimmable) == Dimmable(255)
        assert lamp.capability(Tunable) == Tunable(2200, 6500)
        assert lamp.capability(Colorful)
        assert port.devices[PLUG].capabilities == (Switchable(),)
        assert port.devices[CLIMATE].capability(Measures)
        assert lamp.available
        assert not lamp.simulated


async def test_states_come_in_from_each_dialect(broker: Broker) -> None:
    async with running(driver_at(broker.port)) as port, house(broker.port) as house_:
        await house_.publish("lamp/state", '{"state":"ON","brightness":51,"color_temp":250}')
        await house_.publish("zigbee2mqtt/hall", '{"state":"OFF","brightness":254,"linkquality":9}')
        await house_.publish("plug/state", "ON")
        await house_.publish("climate/status", "online")
        await house_.publish("zigbee2mqtt/climate", '{"temperature":21.5,"occupancy":true}')
        await house_.publish("lux", "312")
        await port.until(lambda: "illuminance" in port.state(LUX).values)
        assert port.state(LAMP).on is True
        assert port.state(LAMP).level == pytest.approx(0.2)
        assert port.state(LAMP).kelvin == 4000
        assert port.state(HALL).on is False
        assert port.state(PLUG).on is True
        assert port.state(CLIMATE).values == {"temperature": 21.5, "occupancy": True}
        assert port.state(LUX).values == {"illuminance": 312.0}


async def test_commands_go_out_in_each_dialect(broker: Broker) -> None:
    driver = driver_at(broker.port)
    async with (
        running(driver),
        house(broker.port, "lamp/set", "zigbee2mqtt/hall/set", "plug/set") as house_,
    ):
        await driver.execute(SetLight(LAMP, level=0.5, xy=(0.3, 0.4), transition_s=2))
        assert await received(house_) == (
            "lamp/set",
            {"state": "ON", "brightness": 128, "color": {"x": 0.3, "y": 0.4}, "transition": 2},
        )
        await driver.execute(SetLight(HALL, level=1.0, kelvin=2500))
        assert await received(house_) == (
            "zigbee2mqtt/hall/set",
            {"state": "ON", "brightness": 254, "color_temp": 400},
        )
        await driver.execute(SetLight(HALL, level=0))
        assert (await received(house_))[1] == {"state": "OFF"}
        await driver.execute(SetSwitch(PLUG, on=False))
        assert await received(house_) == ("plug/set", "OFF")


async def test_what_a_device_cannot_do_is_refused(broker: Broker) -> None:
    driver = driver_at(broker.port)
    async with running(driver):
        for command in (
            SetLight(PLUG, on=True),
            SetLight(HALL, xy=(0.3, 0.3)),
            SetSwitch(CLIMATE, on=True),
            SetTemperature(LAMP, 20.0),
            SetSwitch(DeviceId("mqtt:nothing"), on=True),
        ):
            with pytest.raises(Refused):
                await driver.execute(command)


async def test_availability_topics_and_wills_are_obeyed(broker: Broker) -> None:
    async with running(driver_at(broker.port)) as port, house(broker.port) as house_:
        assert not port.devices[CLIMATE].available
        await house_.publish("climate/status", "online")
        await port.until(lambda: port.devices[CLIMATE].available)
        await house_.publish("zigbee2mqtt/hall/availability", '{"state":"offline"}')
        await port.until(lambda: not port.devices[HALL].available)

        await house_.publish("climate/status", "online", retain=True)
        await port.until(lambda: port.devices[CLIMATE].available)
        program = require("mosquitto_sub", "mosquitto-clients")
        will = ("--will-topic", "climate/status", "--will-payload", "offline")
        device = await asyncio.create_subprocess_exec(
            *(program, "-p", str(broker.port), "-t", "alive", "-C", "2", *will), stdout=PIPE
        )
        assert device.stdout
        while not device.stdout.at_eof():
            await house_.publish("alive", "yes")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.1):
                    await device.stdout.readline()
                    break
        device.kill()  # the power goes: no goodbye
        await device.wait()
        await port.until(lambda: not port.devices[CLIMATE].available)


async def test_a_device_without_kept_availability_is_there_once_it_reports(broker: Broker) -> None:
    async with running(driver_at(broker.port)) as port, house(broker.port) as house_:
        await house_.publish("zigbee2mqtt/climate", '{"temperature":20}')
        await port.until(lambda: port.devices[CLIMATE].available)


async def test_messages_that_say_nothing_are_counted_and_change_nothing(broker: Broker) -> None:
    driver = driver_at(broker.port)
    async with running(driver) as port, house(broker.port) as house_:
        await house_.publish("climate/status", "online")
        await house_.publish("climate/status", "perhaps")
        await house_.publish("lux", b"", qos=1)  # a kept message is deleted
        await house_.publish("lux", "1")
        await port.until(lambda: port.state(LUX).values == {"illuminance": 1.0})
        assert port.devices[CLIMATE].available
        assert driver.stats.malformed == 1


async def test_the_hub_says_when_it_comes_and_goes(broker: Broker) -> None:
    async with house(broker.port, "moodsync-hub/availability") as house_:
        async with running(driver_at(broker.port)):
            assert await received(house_) == ("moodsync-hub/availability", "online")
        assert await received(house_) == ("moodsync-hub/availability", "offline")


async def test_kept_states_come_at_connect(broker: Broker) -> None:
    async with house(broker.port) as house_:
        await house_.publish("lux", "80", retain=True, qos=1)
    async with running(driver_at(broker.port)) as port:
        await port.until(lambda: port.state(LUX).values == {"illuminance": 80.0})


async def test_commands_without_a_connection_are_unreachable() -> None:
    driver = driver_at(1)
    with pytest.raises(Unreachable):
        await driver.execute(SetSwitch(PLUG, on=True))


async def test_a_slower_reader_coalesces_readings_but_no_edges(broker: Broker) -> None:
    driver = driver_at(broker.port)
    crowd = BrokerAddress("127.0.0.1", broker.port, "crowd", 30, 1000)
    async with running(driver) as port, house(broker.port) as house_:
        await house_.publish("climate/status", "online")
        await port.until(lambda: port.devices[CLIMATE].available)
        port.history.clear()
        count = 3000
        async with MqttLink.open(crowd, Deaf()) as burst:  # more at once than one turn can take
            for number in range(count):
                burst.send("lux", str(number).encode())
                if number % 100 == 0:
                    pressed = "single" if number % 200 else "double"
                    burst.send("zigbee2mqtt/climate", json.dumps({"action": pressed}).encode())
            await burst.publish("over", b"")
        await port.until(lambda: port.state(LUX).values == {"illuminance": count - 1.0})
        readings = [d for d in port.history if d.id == LUX]
        presses = [d.state.values["action"] for d in port.history if d.id == CLIMATE]
        assert driver.stats.coalesced > 0
        assert len(readings) + driver.stats.coalesced == count
        assert presses == ["double", "single"] * (count // 200)


async def test_too_large_payloads_are_counted_and_skipped(broker: Broker) -> None:
    driver = driver_at(broker.port, max_payload_bytes=1024)
    async with running(driver) as port, house(broker.port) as house_:
        await house_.publish("lux", b"1" * 2000)
        await house_.publish("lux", b"1" * 20_000_000, qos=1)
        await house_.publish("lux", "7")
        await port.until(lambda: port.state(LUX).values == {"illuminance": 7.0})
        assert driver.stats.oversize == 2
