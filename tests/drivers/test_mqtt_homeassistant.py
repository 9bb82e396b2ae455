"""Devices that announce themselves as Home Assistant expects, on a real mosquitto."""

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from structlog.testing import capture_logs

from drivers.mqtt_client import MqttLink
from drivers.mqtt_connection import Broker as BrokerAddress
from drivers.types import (
    Adjusts,
    Blows,
    Covers,
    DeviceId,
    Dimmable,
    Heats,
    Measures,
    Press,
    Refused,
    Selects,
    SetCover,
    SetFan,
    SetLight,
    SetNumber,
    SetOption,
    SetSwitch,
    SetTemperature,
    Switchable,
    Tunable,
)
from tests.drivers.mqtt_announcing import announce, announcements
from tests.drivers.mqtt_rig import Deaf, driver_at, house, received
from tests.fakes.broker import Broker
from tests.fakes.running import running

pytestmark = pytest.mark.peer


def at(key: str) -> DeviceId:
    return DeviceId(f"mqtt:{key}")


DESK, HEAT, FAN = at("ESPlightdesk"), at("attic_heat"), at("attic_fan")


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    with Broker(tmp_path) as running_broker:
        yield running_broker


async def test_announced_devices_appear_with_what_they_can_do(broker: Broker) -> None:
    async with house(broker.port) as house_:
        await announce(house_, "home_assistant")
        driver = driver_at(broker.port, devices={})
        with capture_logs() as logs:
            async with running(driver) as port:
                have = {device.id: device for device in port.devices.values()}
        assert have[DESK].capability(Dimmable) == Dimmable(255)
        assert have[DESK].capability(Tunable) == Tunable(2500, 6536)
        info = have[DESK].info
        assert info is not None
        assert (info.suggested_room, info.manufacturer) == ("Living room", "espressif")
        assert have[DESK].name == "Desk"
        assert have[at("a0b1c2")].capabilities == (Measures(("temperature", "contact")),)
        assert have[HEAT].capability(Heats) == Heats(5, 30, 0.5)
        assert have[FAN].capability(Blows) == Blows(4)
        assert have[at("attic_blind")].capability(Covers) == Covers()
        assert have[at("attic_gate")].capabilities == (Measures(("contact",)),)
        assert have[at("attic_timer")].capability(Adjusts) == Adjusts(0, 120, 5, "min")
        assert have[at("attic_scent")].capability(Selects) == Selects(("none", "pine"))
        assert have[at("attic_plug")].capabilities == (Switchable(),)
        assert at("attic_restart") not in have  # its maker calls it configuration
        # What uses more than our templates know is refused alone, and said once.
        refused = [e for e in logs if e["event"] == "mqtt_announcement_not_used"]
        assert [(e["what"], "states" in e["reason"]) for e in refused] == [("attic_level", True)]


async def test_states_are_read_through_templates(broker: Broker) -> None:
    async with house(broker.port) as house_:
        await announce(house_, "home_assistant")
        async with running(driver_at(broker.port, devices={})) as port:
            assert not port.devices[HEAT].available
            await house_.publish("attic/bridge", '{"state":"online"}')
            await house_.publish("attic/online", "online")
            await port.until(lambda: port.devices[HEAT].available)
            state = {
                "heat": {"target": 20.5, "now": "19.26", "mode": "heat"},
                "blind": 40, "fan": 2, "timer": 15, "scent": "pine", "power": 0.05, "plug": True,
            }  # fmt: skip
            await house_.publish("attic/state", json.dumps(state))
            await port.until(lambda: port.state(at("attic_plug")).on is True)
            assert port.state(HEAT).target_c == 20.5
            assert port.state(HEAT).values == {"temperature": 19.3}
            assert port.state(at("attic_blind")).values == {"position": 0.4}
            assert port.state(FAN).values == {"speed": 0.5}
            assert port.state(FAN).on is True
            assert port.state(at("attic_timer")).values == {"number": 15}
            assert port.state(at("attic_scent")).values == {"option": "pine"}
            assert port.state(at("attic1")).values["power"] == 50
            await house_.publish("desk/sensor/temperature/state", "68.0")
            await house_.publish("desk/binary_sensor/window/state", "ON")
            await port.until(lambda: len(port.state(at("a0b1c2")).values) == 2)
            assert port.state(at("a0b1c2")).values == {"temperature": 20.0, "contact": True}
            rgb = {"state": "ON", "color_mode": "rgb", "color": {"r": 255, "g": 0, "b": 0}}
            await house_.publish("desk/light/desk/state", json.dumps(rgb))
            await port.until(lambda: port.state(DESK).xy is not None)
            assert port.state(DESK).xy == pytest.approx((0.64, 0.33), abs=0.002)
            await house_.publish("attic/bridge", '{"state":"offline"}')
            await port.until(lambda: not port.devices[HEAT].available)


async def test_commands_go_out_as_announced(broker: Broker) -> None:
    driver = driver_at(broker.port, devices={})
    topics = ("attic/+/set", "attic/+/+/set", "attic/heat/+", "attic/fan/speed", "attic/chime")
    async with house(broker.port, *topics, "desk/light/+/command", "old/#") as house_:
        async with running(driver) as port:
            async with MqttLink.open(_crowd(broker), Deaf()) as link:
                for topic, payload in announcements("home_assistant").items():
                    await link.publish(topic, json.dumps(payload).encode(), retain=True)
            await port.until(lambda: at("old_lamp") in port.devices)
            for command, topic, payload in (
                (SetTemperature(HEAT, 21.5), "attic/heat/target", "21.5"),
                (SetSwitch(HEAT, on=False), "attic/heat/mode", "off"),
                (SetCover(at("attic_blind"), 0.25), "attic/blind/position/set", "25"),
                (SetNumber(at("attic_timer"), 30), "attic/timer/set", "30"),
                (SetOption(at("attic_scent"), "pine"), "attic/scent/set", "pine"),
                (Press(at("attic_chime")), "attic/chime", "GO"),
                (SetSwitch(at("attic_plug"), on=True), "attic/plug/set", "True"),
            ):
                await driver.execute(command)
                assert await received(house_) == (topic, payload)
            await driver.execute(SetFan(FAN, 0.5))
            assert await received(house_) == ("attic/fan/set", "ON")
            assert await received(house_) == ("attic/fan/speed", {"speed": 2})
            await driver.execute(SetLight(DESK, level=0.5, xy=(0.64, 0.33), transition_s=1))
            body = {"state": "ON", "brightness": 128, "color": {"r": 255, "g": 0, "b": 0}}
            assert (await received(house_))[1] == {**body, "transition": 1.0}
            await driver.execute(SetLight(at("old_lamp"), level=0.5, xy=(0.64, 0.33)))
            assert await received(house_) == ("old/brightness/set", "50")
            assert await received(house_) == ("old/rgb/set", "255,0,0")
            assert await received(house_) == ("old/switch", "ON")
            with pytest.raises(Refused):
                await driver.execute(SetCover(at("attic_gate"), 1.0))


async def test_an_emptied_announcement_takes_the_device_away(broker: Broker) -> None:
    async with house(broker.port) as house_:
        await announce(house_, "home_assistant")
        driver = driver_at(broker.port, devices={})
        async with running(driver) as port:
            await house_.publish("homeassistant/light/old_lamp/config", "", retain=True, qos=1)
            await port.until(lambda: at("old_lamp") not in port.devices)
            assert port.removed == [at("old_lamp")]
            slim = announcements("home_assistant")["homeassistant/device/attic/config"]
            slim["cmps"]["fan"] = {"p": "fan"}
            await house_.publish("homeassistant/device/attic/config", json.dumps(slim), qos=1)
            await port.until(lambda: FAN not in port.devices)
            assert HEAT in port.devices
            with pytest.raises(Refused):
                await driver.execute(SetFan(FAN, 0.5))


async def test_the_hubs_own_announcements_and_configured_ids_are_left_alone(
    broker: Broker,
) -> None:
    own = {"o": {"name": "MoodSync Hub"}, "stat_t": "x", "uniq_id": "mood"}
    taken = {"uniq_id": "plug", "cmd_t": "other/set"}
    async with house(broker.port) as house_:
        await house_.publish("homeassistant/sensor/mood/config", json.dumps(own), retain=True)
        await house_.publish("homeassistant/switch/plug/config", json.dumps(taken), retain=True)
        async with running(driver_at(broker.port)) as port:
            assert at("mood") not in port.devices
            assert port.devices[at("plug")].name == "plug"


@pytest.mark.slow
async def test_ten_thousand_malformed_announcements_and_states(broker: Broker) -> None:
    random = Random(5)
    whole = [(t, json.dumps(p).encode()) for t, p in announcements("home_assistant").items()]
    driver = driver_at(broker.port, devices={})
    async with running(driver) as port, MqttLink.open(_crowd(broker), Deaf()) as link:
        for number in range(10_000):
            topic, good = whole[number % len(whole)]
            link.send(topic if number % 2 else "attic/state", damaged(random, good))
            if number % 100 == 0:
                await link.publish("nowhere", b"")
        for topic, payload in whole:
            await link.publish(topic, payload)
        await link.publish("attic/state", b'{"plug": true}', retain=True)
        plug = at("attic_plug")
        await port.until(lambda: plug in port.devices and port.state(plug).on is True)
        assert port.connections == 1
    assert driver.stats.malformed > 1000
    assert driver.stats.broke == 0


def damaged(random: Random, good: bytes) -> bytes:
    cut = bytearray(good)
    for _ in range(random.randint(1, 5)):
        match random.randrange(4):
            case 0:
                cut[random.randrange(len(cut))] = random.randrange(256)
            case 1:
                del cut[random.randint(1, len(cut)) :]
            case 2:
                word = random.choice([b"null", b"[]", b"{}", b"1e999", b"-1", b'"+#"', b"true"])
                spot = cut.find(b": ", random.randrange(len(cut)))
                end = cut.find(b",", spot)
                if spot >= 0 and end > spot:
                    cut[spot + 2 : end] = word
            case _:
                cut += random.randbytes(3)
    return bytes(cut)


def _crowd(broker: Broker) -> BrokerAddress:
    return BrokerAddress("127.0.0.1", broker.port, "crowd", 30, 1000)
