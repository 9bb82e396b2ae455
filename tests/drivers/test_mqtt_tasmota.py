"""Tasmota's own announcements on a real mosquitto, and its devices' messages by hand."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiomqtt
import pytest

from drivers.types import (
    Blows,
    Colorful,
    Covers,
    DeviceId,
    Dimmable,
    Measures,
    Refused,
    SetCover,
    SetFan,
    SetLight,
    SetSwitch,
    Switchable,
    Tunable,
)
from tests.drivers.mqtt_announcing import announce, announcements
from tests.drivers.mqtt_rig import driver_at, house, received
from tests.fakes.broker import Broker
from tests.fakes.port import RememberingPort
from tests.fakes.running import running

pytestmark = pytest.mark.peer


def at(key: str) -> DeviceId:
    return DeviceId(f"mqtt:dc4f220a000{key}")


PLUG, LEFT, RIGHT, STRIP = at("1"), at("2_1"), at("2_2"), at("3")
WEATHER, BLIND, WALL, FAN = at("4"), at("5"), at("6"), at("7_fan")
COLOUR, WHITE = at("8_1"), at("8_2")


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    with Broker(tmp_path) as running_broker:
        yield running_broker


async def say(client: aiomqtt.Client, topic: str, **said: Any) -> None:
    await client.publish(topic, json.dumps(said), qos=1)


async def everything(port: RememberingPort) -> None:
    await port.until(lambda: {PLUG, WEATHER, WHITE, BLIND, FAN, WALL} <= port.devices.keys())


async def test_devices_appear_with_what_they_can_do(broker: Broker) -> None:
    async with house(broker.port, "cmnd/weather/STATUS") as house_:
        await announce(house_, "tasmota")
        async with running(driver_at(broker.port, devices={})) as port:
            await everything(port)
            have = dict(port.devices)
            # How it is it does not keep: it is asked.
            assert {(await received(house_))[1] for _ in range(2)} == {"10", "11"}
        assert have[PLUG].capabilities == (
            Switchable(), Measures(("energy", "power", "voltage", "current")),
        )  # fmt: skip
        assert (have[LEFT].name, have[RIGHT].name) == ("Hall ceiling", "Hall mirror")
        assert have[STRIP].capabilities == (
            Switchable(light=True), Dimmable(100), Tunable(2000, 6536), Colorful(),
        )  # fmt: skip
        measures = ("temperature", "humidity", "illuminance", "temperature_ds18b20_1")
        assert have[WEATHER].capabilities == (Measures(measures),)
        assert have[BLIND].capabilities == (Covers(),)
        assert have[FAN].capability(Blows) == Blows(3)
        assert have[at("7_1")].capability(Switchable) == Switchable(light=True)
        assert have[COLOUR].capability(Tunable) is None
        assert have[WHITE].capability(Colorful) is None
        info = have[STRIP].info
        assert info is not None
        assert (info.model, info.version, info.suggested_room) == (
            "MagicHome", "12.5.0", "Living room",
        )  # fmt: skip
        assert not have[PLUG].available


async def test_states_and_values_are_read_wherever_they_are_told(broker: Broker) -> None:
    async with house(broker.port) as house_:
        await announce(house_, "tasmota")
        for name in ("kitchen_plug", "strip", "weather"):
            await house_.publish(f"tele/{name}/LWT", "Online", qos=1, retain=True)
        async with running(driver_at(broker.port, devices={})) as port:
            await port.until(lambda: WHITE in port.devices and port.devices[WEATHER].available)
            await say(house_, "stat/kitchen_plug/STATUS11", StatusSTS={"POWER": "ON"})
            await say(house_, "tele/kitchen_plug/SENSOR", ENERGY={"Power": 12, "Total": 1.5})
            await say(house_, "home/dual/tele/STATE", POWER1="OFF", POWER2="ON", Wifi={"RSSI": 80})
            await say(house_, "stat/strip/RESULT", POWER="ON", Dimmer=50, CT=250,
                      HSBColor="30,0,50", Channel=[0, 0, 0, 30, 20])  # fmt: skip
            await say(house_, "stat/weather/STATUS10", StatusSNS={
                "DHT22": {"Temperature": 70.7, "Humidity": None}, "TempUnit": "F",
                "DS18B20-1": {"Id": "01191ED79190", "Temperature": 32}})  # fmt: skip
            await say(house_, "stat/blind/RESULT", Shutter1={"Position": 30, "Direction": 1})
            await say(house_, "tele/ifan/STATE", POWER1="OFF", FanSpeed=2)
            await say(house_, "tele/split/STATE", POWER1="ON", POWER2="OFF", Dimmer1=40, Dimmer2=0,
                      HSBColor="0,100,40", CT=400)  # fmt: skip
            await port.until(lambda: port.state(COLOUR).on is True)
            assert port.state(PLUG).on is True
            assert port.state(PLUG).values == {"power": 12, "energy": 1.5}
            assert (port.state(LEFT).on, port.state(RIGHT).on) == (False, True)
            strip = port.state(STRIP)
            assert (strip.on, strip.level, strip.kelvin, strip.xy) == (True, 0.5, 4000, None)
            assert port.state(WEATHER).values == {
                "temperature": 21.5, "temperature_ds18b20_1": 0,
            }  # fmt: skip
            assert port.state(BLIND).values == {"position": 0.3}
            assert port.state(FAN).values["speed"] == pytest.approx(2 / 3)
            assert port.state(COLOUR).level == 0.4
            assert port.state(COLOUR).xy == pytest.approx((0.64, 0.33), abs=0.002)
            assert (port.state(WHITE).on, port.state(WHITE).kelvin) == (False, 2500)
            await house_.publish("tele/strip/LWT", "Offline", qos=1, retain=True)
            await port.until(lambda: not port.devices[STRIP].available)


async def test_commands_reach_the_devices(broker: Broker) -> None:
    driver = driver_at(broker.port, devices={})
    taken = ("cmnd/+/POWER1", "home/dual/cmnd/POWER2", "cmnd/+/Backlog", "cmnd/+/ShutterPosition1",
             "cmnd/+/FanSpeed")  # fmt: skip
    async with house(broker.port, *taken) as house_:
        await announce(house_, "tasmota")
        async with running(driver) as port:
            await everything(port)
            for command, topic, body in (
                (SetSwitch(PLUG, on=True), "cmnd/kitchen_plug/POWER1", "ON"),
                (SetSwitch(RIGHT, on=False), "home/dual/cmnd/POWER2", "OFF"),
                (SetLight(STRIP, level=0.5, kelvin=4000, transition_s=2), "cmnd/strip/Backlog",
                 ("NoDelay;Fade 1;NoDelay;Speed 4;NoDelay;CT 250;NoDelay;Dimmer 50;"
                  "NoDelay;POWER1 ON")),
                (SetLight(STRIP, xy=(0.64, 0.33)), "cmnd/strip/Backlog",
                 "NoDelay;Fade 0;NoDelay;HSBColor1 0;NoDelay;HSBColor2 100;NoDelay;POWER1 ON"),
                (SetLight(STRIP, level=0), "cmnd/strip/Backlog",
                 "NoDelay;Fade 0;NoDelay;POWER1 OFF"),
                (SetLight(WHITE, level=1.0), "cmnd/split/Backlog",
                 "NoDelay;Dimmer2 100;NoDelay;POWER2 ON"),
                (SetCover(BLIND, 0.25), "cmnd/blind/ShutterPosition1", "25"),
                (SetFan(FAN, 0.1), "cmnd/ifan/FanSpeed", "1"),
                (SetFan(FAN, 0), "cmnd/ifan/FanSpeed", "0"),
            ):  # fmt: skip
                await driver.execute(command)
                assert await received(house_) == (topic, body)
            with pytest.raises(Refused):
                await driver.execute(SetLight(WHITE, xy=(0.3, 0.3)))
            with pytest.raises(Refused):
                await driver.execute(SetSwitch(WEATHER, on=True))


async def test_buttons_that_are_detached_tell_of_presses(broker: Broker) -> None:
    async with house(broker.port) as house_:
        await announce(house_, "tasmota")
        async with running(driver_at(broker.port, devices={})) as port:
            await everything(port)
            await say(house_, "tele/wall/LWT")  # something else than its words: nothing
            for button, action in (("Button1", "SINGLE"), ("Button2", "HOLD"), ("Button1", "?")):
                await say(house_, "stat/wall/RESULT", **{button: {"Action": action}})
            await say(house_, "stat/wall/RESULT", Button1={"Action": "DOUBLE"})
            await port.until(lambda: len(port.presses) == 3)
            assert port.presses == [(WALL, "single"), (WALL, "2_hold"), (WALL, "double")]


async def test_a_deleted_announcement_takes_the_device_away(broker: Broker) -> None:
    async with house(broker.port) as house_:
        await announce(house_, "tasmota")
        driver = driver_at(broker.port, devices={})
        async with running(driver) as port:
            await everything(port)
            for what in ("config", "sensors"):
                topic = f"tasmota/discovery/DC4F220A0001/{what}"
                await house_.publish(topic, "", qos=1, retain=True)
            await port.until(lambda: PLUG not in port.devices)
            # One relay less: the other stays, now under the device's own id.
            topic = "tasmota/discovery/DC4F220A0002/config"
            slim = announcements("tasmota")[topic] | {"rl": [1, 0, 0, 0, 0, 0, 0, 0]}
            await house_.publish(topic, json.dumps(slim), qos=1, retain=True)
            await port.until(lambda: RIGHT not in port.devices and at("2") in port.devices)
            assert PLUG in port.removed


async def test_it_can_be_turned_off(broker: Broker) -> None:
    async with house(broker.port) as house_:
        await announce(house_, "tasmota")
        off = {"tasmota": False}
        async with running(driver_at(broker.port, devices={}, discovery=off)) as port:
            await house_.publish("homeassistant/switch/x/config", '{"cmd_t": "x", "uniq_id": "x"}')
            await port.until(lambda: DeviceId("mqtt:x") in port.devices)
            assert len(port.devices) == 1
