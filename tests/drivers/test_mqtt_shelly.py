"""Shelly devices over MQTT on a real mosquitto, played by tests.fakes.shelly."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.types import (
    Colorful,
    Command,
    Covers,
    DeviceId,
    Dimmable,
    Measures,
    Refused,
    SetCover,
    SetLight,
    SetSwitch,
    Switchable,
    Tunable,
    Unreachable,
)
from tests.drivers.mqtt_rig import driver_at, house
from tests.fakes.broker import Broker
from tests.fakes.port import RememberingPort
from tests.fakes.running import running
from tests.fakes.shelly import shellies

pytestmark = pytest.mark.peer

PREFIXES = {"shelly_prefixes": ["+", "home/+/+"]}


def at(key: str) -> DeviceId:
    return DeviceId(f"mqtt:{key}")


KETTLE, I4 = "shellyplus1pm-a8032ab1c2d3", "shellyplusi4-d8132ad00001"
TWO, BLIND = "shellypro2-30c6f7850a64", "shellyplus2pm-5443b2000002"
STRIP, HT = "shellyplusrgbwpm-ecc9ff000003", "shellyplusht-b8d61a000005"
CCT = "shellyprocct-0cb815000004"
CCT_PREFIX = "home/upstairs/cct"
ALL = {at(k) for k in (KETTLE, I4, BLIND, STRIP, HT, CCT, TWO + "_switch_0", TWO + "_switch_1")}


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    with Broker(tmp_path) as running_broker:
        yield running_broker


async def everything(port: RememberingPort) -> None:
    await port.until(lambda: port.devices.keys() >= ALL)


async def test_devices_appear_with_what_they_can_do_and_how_they_are(broker: Broker) -> None:
    async with shellies(broker.port):
        async with running(driver_at(broker.port, devices={}, discovery=PREFIXES)) as port:
            await everything(port)
            await port.until(lambda: all(d.available for d in port.devices.values()))
            await port.until(lambda: port.state(at(CCT)).level is not None)
            have = dict(port.devices)
        meters = ("power", "voltage", "current", "frequency", "energy")
        assert have[at(KETTLE)].capabilities == (
            Switchable(), Measures((*meters, "rssi", "input_0")),
        )  # fmt: skip
        assert have[at(KETTLE)].state.on is False
        values = have[at(KETTLE)].state.values
        assert (values["voltage"], values["energy"], values["input_0"]) == (230.1, 1.5, False)
        assert have[at(TWO + "_switch_0")].name == "Hall lamp"
        assert have[at(TWO + "_switch_1")].state.on is True
        assert have[at(BLIND)].capability(Covers) == Covers(stops_anywhere=True)
        assert have[at(BLIND)].state.values["position"] == 1
        assert have[at(STRIP)].capability(Colorful) == Colorful()
        assert have[at(STRIP)].state.xy == pytest.approx((0.64, 0.33), abs=0.002)
        assert have[at(CCT)].capability(Tunable) == Tunable(2700, 6500)
        assert have[at(CCT)].capability(Dimmable) == Dimmable(100, fades=False)
        assert (have[at(CCT)].state.level, have[at(CCT)].state.kelvin) == (0.8, 3000)
        assert have[at(HT)].state.values["temperature"] == 19.8
        assert have[at(HT)].state.values["battery"] == 92
        info = have[at(KETTLE)].info
        assert info is not None
        assert (info.manufacturer, info.model, info.version) == (
            "Shelly", "SNSW-001P16EU", "1.4.0",
        )  # fmt: skip


async def test_commands_are_done_when_the_device_agreed(broker: Broker) -> None:
    driver = driver_at(broker.port, devices={}, discovery=PREFIXES)
    async with shellies(broker.port) as devices, running(driver) as port:
        await everything(port)
        wanted: tuple[tuple[Command, str, str, dict[str, object]], ...] = (
            (SetSwitch(at(KETTLE), on=True), KETTLE, "Switch.Set", {"id": 0, "on": True}),
            (SetSwitch(at(TWO + "_switch_1"), on=False), TWO, "Switch.Set",
             {"id": 1, "on": False}),
            (SetCover(at(BLIND), 0.25), BLIND, "Cover.GoToPosition", {"id": 0, "pos": 25}),
            (SetLight(at(STRIP), level=0.5, xy=(0.64, 0.33)), STRIP, "RGB.Set",
             {"id": 0, "on": True, "brightness": 50, "rgb": [255, 0, 0]}),
            (SetLight(at(CCT), kelvin=9000), CCT_PREFIX, "CCT.Set",
             {"id": 0, "on": True, "ct": 6500}),
            (SetLight(at(CCT), level=0), CCT_PREFIX, "CCT.Set", {"id": 0, "on": False}),
        )  # fmt: skip
        for command, prefix, method, params in wanted:
            await driver.execute(command)
            assert devices[prefix].calls[-1] == (method, params)
        await port.until(lambda: port.state(at(KETTLE)).on is True)
        devices[KETTLE].refusing = True
        with pytest.raises(Refused, match="Invalid argument"):
            await driver.execute(SetSwitch(at(KETTLE), on=False))
        with pytest.raises(Refused):
            await driver.execute(SetLight(at(CCT), xy=(0.3, 0.3)))


async def test_a_command_to_which_nobody_answers_ends_with_the_connection(broker: Broker) -> None:
    driver = driver_at(broker.port, devices={}, discovery=PREFIXES)
    async with shellies(broker.port, KETTLE) as devices:
        async with running(driver) as port:
            await port.until(lambda: at(KETTLE) in port.devices)
            devices[KETTLE].deaf = True
            before = driver.stats.published
            waiting = asyncio.create_task(driver.execute(SetSwitch(at(KETTLE), on=False)))
            async with asyncio.timeout(10):
                while driver.stats.published == before:
                    await asyncio.sleep(0.01)
        with pytest.raises(Unreachable):
            await waiting


async def test_changes_by_hand_and_presses_are_told(broker: Broker) -> None:
    async with shellies(broker.port) as devices:
        async with running(driver_at(broker.port, devices={}, discovery=PREFIXES)) as port:
            await everything(port)
            await port.until(lambda: port.state(at(KETTLE)).on is False)
            await devices[KETTLE].change("switch:0", output=True, source="switch", apower=1200.5)
            await port.until(lambda: port.state(at(KETTLE)).on is True)
            assert port.state(at(KETTLE)).values["power"] == 1200.5
            for component, event in (
                ("input:0", "btn_down"), ("input:0", "single_push"), ("input:2", "double_push"),
                ("input:9", "single_push"), ("input:3", "long_push"),
            ):  # fmt: skip
                await devices[I4].event(component, event)
            await port.until(lambda: len(port.presses) == 3)
            assert port.presses == [
                (at(I4), "single"), (at(I4), "3_double"), (at(I4), "4_hold"),
            ]  # fmt: skip


async def test_they_go_away_come_back_and_are_forgotten(broker: Broker) -> None:
    driver = driver_at(broker.port, devices={}, discovery=PREFIXES)
    async with shellies(broker.port) as devices, house(broker.port) as house_:
        async with running(driver) as port:
            await everything(port)
            await port.until(lambda: port.devices[at(KETTLE)].available)
            await devices[KETTLE].leave()
            await devices[HT].leave()  # it sleeps: that is no news
            await port.until(lambda: not port.devices[at(KETTLE)].available)
            devices[KETTLE].status["switch:0"]["output"] = True
            await devices[KETTLE].come()
            await port.until(lambda: port.state(at(KETTLE)).on is True)
            assert port.devices[at(KETTLE)].available
            assert port.devices[at(HT)].available
            await house_.publish(f"{KETTLE}/online", "", qos=1, retain=True)
            await port.until(lambda: at(KETTLE) in port.removed)


async def test_other_things_that_are_online_are_not_taken_for_one(broker: Broker) -> None:
    old = {"id": "Shelly.GetDeviceInfo", "result": {"type": "SHSW-1", "mac": "A", "fw": "1"}}
    driver = driver_at(broker.port, devices={}, discovery=PREFIXES)
    async with house(broker.port) as house_, shellies(broker.port, KETTLE):
        await house_.publish("esp/online", "true", qos=1, retain=True)
        await house_.publish("attic/online", "online", qos=1, retain=True)
        async with running(driver) as port:
            await port.until(lambda: at(KETTLE) in port.devices)
            await house_.publish("moodsync-hub/shelly/esp/rpc", json.dumps(old), qos=1)
            await house_.publish("moodsync-hub/shelly/esp/rpc", "[", qos=1)
            await house_.publish("moodsync-hub/shelly/nobody/rpc", json.dumps(old), qos=1)
            await port.until(lambda: driver.stats.malformed == 1)
            assert port.devices.keys() == {at(KETTLE)}


async def test_it_can_be_turned_off(broker: Broker) -> None:
    async with shellies(broker.port), house(broker.port) as house_:
        off = {"shelly": False}
        async with running(driver_at(broker.port, devices={}, discovery=off)) as port:
            await house_.publish("homeassistant/switch/x/config", '{"cmd_t": "x", "uniq_id": "x"}')
            await port.until(lambda: at("x") in port.devices)
            assert port.devices.keys() == {at("x")}
