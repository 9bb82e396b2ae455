"""A Zigbee2MQTT bridge on a real mosquitto: its lists as it publishes them, its devices by hand."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiomqtt
import pytest
from structlog.testing import capture_logs

from drivers.mqtt_rooms import suggested_room
from drivers.types import (
    Blows,
    Colorful,
    Covers,
    Device,
    DeviceId,
    Dimmable,
    Heats,
    Measures,
    Refused,
    SetCover,
    SetFan,
    SetLight,
    SetSwitch,
    SetTemperature,
    Switchable,
    Tunable,
)
from tests.drivers.mqtt_announcing import announce, announcements
from tests.drivers.mqtt_rig import driver_at, house, received
from tests.fakes.broker import Broker
from tests.fakes.port import RememberingPort
from tests.fakes.running import running

pytestmark = pytest.mark.peer

BASE = "zigbee2mqtt"


def at(key: str) -> DeviceId:
    return DeviceId(f"mqtt:{key}")


CEILING, HUE = at("0x000b57fffedbb9f3"), at("0x0017880100d845bc")
CLIMATE, TRV = at("0x00158d000303c3e9"), at("0x5c0272fffe1f1b2c")
REMOTE, SWITCH = at("0x000b57fffe2afd4c"), at("0x00158d0002b4f1aa")
BLIND, LOCK, DOOR = at("0x00158d0002e1c0de"), at("0x000d6f0011223344"), at("0x00158d0001a2b3c4")
FAN = at("0x943469fffe65b1c0")


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    with Broker(tmp_path) as running_broker:
        yield running_broker


def listed() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = announcements("zigbee2mqtt")[f"{BASE}/bridge/devices"]
    return found


async def tell(client: aiomqtt.Client, devices: list[dict[str, Any]]) -> None:
    await client.publish(f"{BASE}/bridge/devices", json.dumps(devices), qos=1, retain=True)


async def say(client: aiomqtt.Client, name: str, **state: Any) -> None:
    await client.publish(f"{BASE}/{name}", json.dumps(state), qos=1)


async def test_the_bridges_devices_appear_with_what_they_can_do(broker: Broker) -> None:
    async with house(broker.port, f"{BASE}/+/+/get", f"{BASE}/+/get") as house_:
        await announce(house_, "zigbee2mqtt")
        with capture_logs() as logs:
            async with running(driver_at(broker.port, devices={})) as port:
                await port.until(lambda: len(port.devices) == 12)
                have = dict(port.devices)
                # Mains-powered ones are asked how they are; the sleepy ones are let sleep.
                asked = {(await received(house_))[0] for _ in range(5)}
        assert asked == {
            f"{BASE}/{name}/get"
            for name in (
                "living_room/ceiling", "Bedroom lamp", "Hall switch", "Study blind", "Office fan",
            )
        }  # fmt: skip
        assert have[CEILING].capabilities == (
            Switchable(light=True), Dimmable(254), Tunable(2203, 4000),
            Measures(("link_quality",)),
        )  # fmt: skip
        assert have[HUE].capability(Colorful) == Colorful()
        assert have[CLIMATE].capabilities == (
            Measures(("battery", "temperature", "humidity", "pressure", "voltage", "link_quality")),
        )
        assert have[TRV].capability(Heats) == Heats(5, 35, 0.5)
        assert have[BLIND].capability(Covers) == Covers()
        assert have[FAN].capability(Blows) == Blows(3)
        assert have[LOCK].capabilities == (Measures(("locked", "battery", "link_quality")),)
        assert have[at("0x00158d0002b4f1aa_left")].capabilities == (Switchable(),)
        assert have[SWITCH].capabilities == (Measures(("power", "link_quality")),)
        assert all(device.available for device in have.values())
        info = have[CEILING].info
        assert info is not None
        assert (info.manufacturer, info.model) == ("IKEA", "LED1546G12")
        assert info.suggested_room == "Living room"
        refused = [e["what"] for e in logs if e["event"] == "mqtt_announcement_not_used"]
        assert refused == ["0xffffb40e0606beef"]


async def test_states_are_read(broker: Broker) -> None:
    async with house(broker.port) as house_:
        await announce(house_, "zigbee2mqtt")
        async with running(driver_at(broker.port, devices={})) as port:
            await say(house_, "living_room/ceiling", state="ON", brightness=127, color_temp=370,
                      color_mode="color_temp", linkquality=255)  # fmt: skip
            await say(house_, "Bedroom lamp", state="ON", brightness=254, color_mode="xy",
                      color={"x": 0.3, "y": 0.4}, color_temp=300)  # fmt: skip
            await say(house_, "Kitchen sensor", temperature=21.5, humidity=40, voltage=3005,
                      battery=None, linkquality=51)  # fmt: skip
            await say(house_, "bathroom/radiator", occupied_heating_setpoint=21,
                      local_temperature=19.5, system_mode="heat")  # fmt: skip
            await say(house_, "Hall switch", state_left="ON", state_right="OFF", power=3.5)
            await say(house_, "Study blind", position=40, state="OPEN")
            await say(house_, "Front door", lock_state="unlocked", state="UNLOCK")
            await say(house_, "Porch door", contact=False)
            await say(house_, "Office fan", fan_state="ON", fan_mode="medium", pm25=4)
            await port.until(lambda: port.state(FAN).on is True)
            state = port.state(CEILING)
            assert (state.on, state.level, state.kelvin) == (True, 0.5, 2703)
            assert state.values == {"link_quality": 100}
            assert (port.state(HUE).xy, port.state(HUE).kelvin) == ((0.3, 0.4), None)
            values = port.state(CLIMATE).values
            assert values == {
                "temperature": 21.5, "humidity": 40, "voltage": 3.005, "link_quality": 20,
            }  # fmt: skip
            assert (port.state(TRV).target_c, port.state(TRV).on) == (21, True)
            assert port.state(TRV).values == {"temperature": 19.5}
            assert port.state(f"{SWITCH}_left").on is True
            assert port.state(f"{SWITCH}_right").on is False
            assert port.state(SWITCH).values == {"power": 3.5}
            assert port.state(BLIND).values == {"position": 0.4}
            assert port.state(LOCK).values == {"locked": False}
            assert port.state(DOOR).values == {"contact": True}
            assert port.state(FAN).values["speed"] == pytest.approx(2 / 3)


async def test_commands_reach_the_bridge(broker: Broker) -> None:
    driver = driver_at(broker.port, devices={})
    async with house(broker.port, f"{BASE}/+/set", f"{BASE}/+/+/set") as house_:
        await announce(house_, "zigbee2mqtt")
        async with running(driver) as port:
            await port.until(lambda: FAN in port.devices)
            for command, name, body in (
                (SetLight(CEILING, level=0.5, kelvin=2700, transition_s=2), "living_room/ceiling",
                 {"state": "ON", "brightness": 127, "color_temp": 370, "transition": 2}),
                (SetLight(HUE, xy=(0.3, 0.4)), "Bedroom lamp",
                 {"state": "ON", "color": {"x": 0.3, "y": 0.4}}),
                (SetLight(HUE, level=0), "Bedroom lamp", {"state": "OFF"}),
                (SetSwitch(at("0x00158d0002b4f1aa_right"), on=True), "Hall switch",
                 {"state_right": "ON"}),
                (SetTemperature(TRV, 21.5), "bathroom/radiator",
                 {"occupied_heating_setpoint": 21.5}),
                (SetSwitch(TRV, on=False), "bathroom/radiator", {"system_mode": "off"}),
                (SetCover(BLIND, 0.25), "Study blind", {"position": 25}),
                (SetFan(FAN, 1.0), "Office fan", {"fan_mode": "high"}),
                (SetFan(FAN, 0), "Office fan", {"fan_state": "OFF"}),
            ):  # fmt: skip
                await driver.execute(command)
                assert await received(house_) == (f"{BASE}/{name}/set", body)
            with pytest.raises(Refused):
                await driver.execute(SetSwitch(LOCK, on=False))
            with pytest.raises(Refused):
                await driver.execute(SetLight(CEILING, xy=(0.3, 0.4)))


async def test_a_group_takes_one_message_for_all_its_lights(broker: Broker) -> None:
    driver = driver_at(broker.port, devices={})
    async with house(broker.port, f"{BASE}/+/set", f"{BASE}/+/+/set") as house_:
        await announce(house_, "zigbee2mqtt")
        async with running(driver) as port:
            await port.until(lambda: FAN in port.devices)
            both = [SetLight(CEILING, level=1.0), SetLight(HUE, level=1.0)]
            assert await driver.execute_together(both) == [None, None]
            assert await received(house_) == (f"{BASE}/evening/set",
                                              {"state": "ON", "brightness": 254})  # fmt: skip
            # One that cannot do it leaves the others to themselves.
            coloured = [SetLight(CEILING, xy=(0.3, 0.4)), SetLight(HUE, xy=(0.3, 0.4))]
            problems = await driver.execute_together(coloured)
            assert isinstance(problems[0], Refused)
            assert problems[1] is None
            assert (await received(house_))[0] == f"{BASE}/Bedroom lamp/set"


async def test_presses_are_told_once_and_not_from_what_the_broker_kept(broker: Broker) -> None:
    async with house(broker.port) as house_:
        await announce(house_, "zigbee2mqtt")
        kept = json.dumps({"action": "toggle", "battery": 80})
        await house_.publish(f"{BASE}/hall/remote", kept, qos=1, retain=True)
        async with running(driver_at(broker.port, devices={})) as port:
            await port.until(lambda: bool(port.devices[REMOTE].state.values))
            for action in ("toggle", "", "toggle", "arrow_left_click", None):
                await say(house_, "hall/remote", action=action, battery=79)
            await say(house_, "Hall switch", action="single_left")
            await port.until(lambda: len(port.presses) == 4)
            assert port.presses == [
                (REMOTE, "toggle"), (REMOTE, "toggle"), (REMOTE, "arrow_left_click"),
                (SWITCH, "single_left"),
            ]  # fmt: skip
            assert "action" not in port.state(REMOTE).values


async def test_renamed_moved_and_removed_devices(broker: Broker) -> None:
    driver = driver_at(broker.port, devices={})
    async with house(broker.port, f"{BASE}/attic/lamp/set") as house_:
        await announce(house_, "zigbee2mqtt")
        async with running(driver) as port:
            await port.until(lambda: FAN in port.devices)
            devices = listed()
            next(d for d in devices if HUE.endswith(d["ieee_address"]))["friendly_name"] = (
                "attic/lamp"
            )
            await tell(house_, [d for d in devices if not BLIND.endswith(d["ieee_address"])])
            await port.until(lambda: port.devices[HUE].name == "attic/lamp")
            await port.until(lambda: BLIND not in port.devices)
            assert port.removed == [BLIND]
            await _until_heard(port, house_, "attic/lamp", HUE)
            await driver.execute(SetSwitch(HUE, on=True))
            assert await received(house_) == (f"{BASE}/attic/lamp/set", {"state": "ON"})
            # Not yet interviewed, then disabled: not there.
            devices[1]["disabled"] = True
            await tell(house_, devices)
            await port.until(lambda: CEILING not in port.devices)
            await port.until(lambda: BLIND in port.devices)


async def _until_heard(
    port: RememberingPort, house_: aiomqtt.Client, name: str, device: DeviceId
) -> None:
    """Speak until the driver has subscribed to a new topic."""
    async with asyncio.timeout(10):
        while port.state(device).on is not True:
            await say(house_, name, state="ON")
            await asyncio.sleep(0.02)


async def test_the_bridge_and_each_device_tell_whether_they_are_there(broker: Broker) -> None:
    async with house(broker.port) as house_:
        await announce(house_, "zigbee2mqtt")
        async with running(driver_at(broker.port, devices={})) as port:
            await port.until(lambda: FAN in port.devices and port.devices[FAN].available)
            ceiling = f"{BASE}/living_room/ceiling/availability"
            await house_.publish(ceiling, '{"state":"offline"}', qos=1)
            await port.until(lambda: not port.devices[CEILING].available)
            assert port.devices[HUE].available
            await house_.publish(f"{BASE}/bridge/state", "offline", qos=1, retain=True)
            await port.until(lambda: not any(d.available for d in port.devices.values()))
            await house_.publish(f"{BASE}/bridge/state", '{"state":"online"}', qos=1, retain=True)
            await port.until(lambda: port.devices[HUE].available)
            assert not port.devices[CEILING].available
            await house_.publish(ceiling, "online", qos=1)
            await port.until(lambda: port.devices[CEILING].available)


async def test_a_device_removed_while_the_hub_was_away_is_gone_when_it_is_back(
    broker: Broker,
) -> None:
    driver = driver_at(broker.port, devices={})
    async with house(broker.port) as house_:
        await announce(house_, "zigbee2mqtt")
        async with running(driver) as port:
            await port.until(lambda: FAN in port.devices)
        await tell(house_, [d for d in listed() if not HUE.endswith(d["ieee_address"])])
        async with running(driver) as port:
            await port.until(lambda: FAN in port.devices and port.devices[FAN].available)
            assert HUE not in port.devices
            assert HUE in port.removed
            assert port.devices[CEILING].available


async def test_permit_join_is_confirmed_by_the_bridge(broker: Broker) -> None:
    driver = driver_at(broker.port, devices={})
    assert driver.operations() == ()
    async with house(broker.port, f"{BASE}/bridge/request/permit_join") as house_:
        await announce(house_, "zigbee2mqtt")
        async with running(driver) as port:
            await port.until(lambda: FAN in port.devices)
            (permit,) = driver.operations()
            told: list[str] = []

            async def bridge(**answer: Any) -> dict[str, Any]:
                _, asked = await received(house_)
                body = {"transaction": asked["transaction"], **answer}
                await house_.publish(f"{BASE}/bridge/response/permit_join", json.dumps(body), qos=1)
                return dict(asked)

            given = permit.arguments.model_validate({"seconds": 30})
            answer, asked = await asyncio.gather(
                permit.run(given, told.append), bridge(status="ok", data={"time": 30})
            )
            assert (answer, asked["time"]) == ({"seconds": 30}, 30)
            assert told == ["the network is open for 30 s"]
            with pytest.raises(Refused, match="adapter gone"):
                await asyncio.gather(
                    permit.run(given, told.append), bridge(status="error", error="adapter gone")
                )


async def test_configured_topics_and_the_bridges_own_ha_announcements_are_not_found_twice(
    broker: Broker,
) -> None:
    mine = {"bulb": {"kind": "light", "dialect": "zigbee2mqtt",
                     "state_topic": f"{BASE}/Bedroom lamp"}}  # fmt: skip
    twice = {"o": {"name": "Zigbee2MQTT"}, "uniq_id": "hue_light", "schema": "json",
             "cmd_t": f"{BASE}/Bedroom lamp/set", "stat_t": f"{BASE}/Bedroom lamp"}  # fmt: skip
    other = {**twice, "uniq_id": "upstairs", "cmd_t": "up/lamp/set", "stat_t": "up/lamp"}
    async with house(broker.port) as house_:
        await announce(house_, "zigbee2mqtt")
        for one in (twice, other):
            topic = f"homeassistant/light/{one['uniq_id']}/config"
            await house_.publish(topic, json.dumps(one), qos=1, retain=True)
        async with running(driver_at(broker.port, devices=mine)) as port:
            await port.until(lambda: at("upstairs") in port.devices and FAN in port.devices)
            assert HUE not in port.devices
            assert at("hue_light") not in port.devices


async def test_it_can_be_turned_off(broker: Broker) -> None:
    off = {"zigbee2mqtt": False}
    async with house(broker.port) as house_:
        await announce(house_, "zigbee2mqtt")
        async with running(driver_at(broker.port, devices={}, discovery=off)) as port:
            await house_.publish("homeassistant/switch/x/config", '{"cmd_t": "x", "uniq_id": "x"}')
            await port.until(lambda: at("x") in port.devices)
            assert _ids(port.devices.values()) == {at("x")}


def _ids(devices: Any) -> set[DeviceId]:
    return {device.id for device in devices if isinstance(device, Device)}


@pytest.mark.parametrize(
    ("name", "room"),
    [
        ("kitchen/floor_lamp", "Kitchen"),
        ("Living room lamp 2", "Living room"),
        ("hall_motion_sensor", "Hall"),
        ("lamp", ""),
        ("0x00158d000303c3e9", ""),
        ("shellyplus1-a8032ab1c2d3", ""),
        ("Grandmother", ""),
    ],
)
def test_rooms_are_suggested_from_names(name: str, room: str) -> None:
    assert suggested_room(name) == room
