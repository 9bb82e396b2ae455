"""Devices on a Zigbee network: the real zigpy against a simulated stick, the nodes as witnesses."""

import asyncio
import sys
from pathlib import Path
from types import ModuleType
from typing import TypeVar

import pytest
from zigpy.device import Device as ZigpyDevice

from drivers.types import (
    Colorful,
    Covers,
    DeviceId,
    Dimmable,
    Heats,
    Measures,
    Refused,
    SetCover,
    SetLight,
    SetSwitch,
    SetTemperature,
    Switchable,
    Tunable,
)
from tests.drivers.zigbee_rig import (
    BLIND,
    DOOR,
    LAMP,
    PLUG,
    REMOTE,
    SENSOR,
    VALVE,
    address,
    device,
    joined,
    operate,
)
from tests.fakes.port import RememberingPort
from tests.fakes.running import running
from tests.fakes.znp import kinds, zcl
from tests.fakes.znp.house import House
from tests.fakes.znp.kinds import Alarm, Blind, Button, Lamp, Plug, Sensor, Thermostat
from tests.fakes.znp.node import Node

pytestmark = pytest.mark.peer
N = TypeVar("N", bound=Node)


def node(house: House, kind: type[N]) -> N:
    return next(n for n in house.nodes if isinstance(n, kind))


async def test_devices_are_what_their_clusters_say(tmp_path: Path) -> None:
    async with joined(tmp_path) as (_, driver), running(driver) as port:
        devices = port.devices
        assert set(devices) == {LAMP, PLUG, SENSOR, DOOR, REMOTE, VALVE, BLIND}
        lamp = devices[LAMP]
        assert lamp.capability(Switchable) == Switchable(light=True)
        assert lamp.capability(Dimmable) == Dimmable(254, fades=True)
        assert lamp.capability(Tunable) == Tunable(2203, 6536)
        assert lamp.capability(Colorful)
        assert lamp.info is not None
        assert (lamp.info.manufacturer, lamp.info.model) == ("Moodsync", "lamp")
        assert (lamp.info.version, lamp.info.suggested_room) == ("1.2.3", "Kitchen")
        assert lamp.name == "lamp 0001"
        assert devices[PLUG].capability(Switchable) == Switchable(light=False)
        assert not devices[PLUG].capability(Dimmable)
        assert devices[VALVE].capability(Heats) == Heats(5.0, 30.0)
        assert devices[BLIND].capability(Covers)
        kinds_of = {d: devices[d].capability(Measures) for d in devices}
        assert {"temperature", "humidity", "illuminance", "occupancy", "battery"} <= {
            *(kinds_of[SENSOR] or Measures(())).kinds
        }
        assert {"contact", "tamper", "battery_low"} <= {*(kinds_of[DOOR] or Measures(())).kinds}
        assert all(d.available for d in devices.values())


async def test_a_lamp_obeys_and_says_so(tmp_path: Path) -> None:
    async with joined(tmp_path) as (house, driver), running(driver) as port:
        lamp = node(house, Lamp)
        await driver.execute(SetLight(LAMP, level=0.5, kelvin=3000))
        assert (lamp.on, lamp.level) == (True, 127)
        assert lamp.color["mireds"] == 333
        assert lamp.color["mode"] == kinds.TEMPERATURE_MODE
        await port.until(lambda: port.state(LAMP).level == 0.5)
        await port.until(lambda: port.state(LAMP).kelvin == 3003)
        assert port.state(LAMP).on
        await driver.execute(SetLight(LAMP, xy=(0.5, 0.4)))
        assert (lamp.color["x"], lamp.color["y"]) == (32768, 26214)
        await port.until(lambda: port.state(LAMP).xy == (0.5, 0.4))
        assert port.state(LAMP).kelvin is None
        await driver.execute(SetSwitch(LAMP, on=False))
        assert not lamp.on
        await port.until(lambda: port.state(LAMP).on is False)


async def test_a_lamp_that_was_faded_out_comes_back_as_it_was(tmp_path: Path) -> None:
    async with joined(tmp_path) as (house, driver), running(driver) as port:
        lamp = node(house, Lamp)
        await driver.execute(SetLight(LAMP, level=0.8))
        await port.until(lambda: port.state(LAMP).level == 0.7992)
        await driver.execute(SetLight(LAMP, level=0, transition_s=0.3))
        assert lamp.on  # it is on its way
        await port.until(lambda: port.state(LAMP).on is False)
        assert len([change for change in lamp.changes if "level" in change[1]]) > 2
        house.do(lambda: lamp.set(1, kinds.LEVEL, 0, 1))  # many lamps forget where they stood
        await driver.execute(SetLight(LAMP, on=True))
        assert (lamp.on, lamp.level) == (True, 203)


async def test_a_hand_on_the_switch_is_seen_at_once(tmp_path: Path) -> None:
    async with joined(tmp_path) as (house, driver), running(driver) as port:
        lamp = node(house, Lamp)
        house.do(lambda: lamp.by_hand(on=True))
        await port.until(lambda: port.state(LAMP).on is True)
        house.do(lambda: lamp.by_hand(on=False))
        await port.until(lambda: port.state(LAMP).on is False)


async def test_sensors_are_read_in_the_hubs_units(tmp_path: Path) -> None:
    async with joined(tmp_path) as (house, driver), running(driver) as port:
        values = port.state(SENSOR).values
        assert values["temperature"] == 21.5
        assert values["humidity"] == 47.25
        assert values["illuminance"] == 100.0
        assert values["occupancy"] is False
        assert values["battery"] == 87.5
        sensor = node(house, Sensor)
        house.do(lambda: sensor.set(1, kinds.OCCUPANCY, 0, 1))
        await port.until(lambda: port.state(SENSOR).values["occupancy"] is True)
        house.do(lambda: sensor.report(1, kinds.TEMPERATURE, 0))
        house.do(lambda: sensor.set(1, kinds.TEMPERATURE, 0, -1875))
        house.do(lambda: sensor.report(1, kinds.TEMPERATURE, 0))
        await port.until(lambda: port.state(SENSOR).values["temperature"] == -18.75)
        assert port.state(SENSOR).values["link_quality"] == 80.0


async def test_a_plug_measures_power_and_energy(tmp_path: Path) -> None:
    async with joined(tmp_path) as (house, driver), running(driver) as port:
        values = port.state(PLUG).values
        assert values["energy"] == 123.456
        assert values["power"] == 41.9
        assert values["voltage"] == 230.1
        assert values["current"] == 0.182
        plug = node(house, Plug)
        await driver.execute(SetSwitch(PLUG, on=True))
        assert plug.is_on()
        await port.until(lambda: port.state(PLUG).on is True)
        with pytest.raises(Refused, match="cannot be set like a lamp"):
            await driver.execute(SetLight(PLUG, level=0.5))


async def test_an_alarm_is_told_at_once(tmp_path: Path) -> None:
    async with joined(tmp_path) as (house, driver), running(driver) as port:
        door = node(house, Alarm)
        assert door.enrolled
        assert door.get(1, kinds.IAS_ZONE, 0x0010) == house.stick.memory.ieee
        house.do(lambda: door.alarm(0x0001, 0x0000))

        def told() -> list[object]:
            return [d.state.values.get("contact") for d in port.history if d.id == DOOR]

        await port.until(lambda: True in told() and told()[-1] is False)
        house.do(lambda: door.alarm(0x000C))
        await port.until(lambda: port.state(DOOR).values.get("tamper") is True)
        assert port.state(DOOR).values["battery_low"] is True
        assert port.state(DOOR).values["battery"] == 100.0


@pytest.mark.parametrize(
    ("cluster", "command", "payload", "action"),
    [
        (kinds.ON_OFF, 0x01, b"", "on"),
        (kinds.ON_OFF, 0x00, b"", "off"),
        (kinds.ON_OFF, 0x02, b"", "single"),
        (kinds.LEVEL, 0x02, b"\x00\x2b\x05\x00", "up"),
        (kinds.LEVEL, 0x06, b"\x01\x2b\x05\x00", "down"),
        (kinds.LEVEL, 0x05, b"\x00\x54", "hold_up"),
        (kinds.LEVEL, 0x01, b"\x01\x54", "hold_down"),
        (kinds.LEVEL, 0x07, b"", "release"),
        (0x0005, 0x05, b"\x00\x00\x03", "scene_3"),
    ],
)
async def test_a_button_is_heard(
    tmp_path: Path, cluster: int, command: int, payload: bytes, action: str
) -> None:
    async with joined(tmp_path) as (house, driver), running(driver) as port:
        remote = node(house, Button)
        house.do(lambda: remote.press(cluster, command, payload))
        await port.until(lambda: bool(port.presses))
        assert port.presses == [(REMOTE, action)]


async def test_a_button_that_counts_is_heard(tmp_path: Path) -> None:
    async with joined(tmp_path) as (house, driver), running(driver) as port:
        remote = node(house, Button)
        house.do(lambda: remote.set(1, kinds.MULTISTATE, 0x55, 2))
        await port.until(lambda: bool(port.presses))
        assert port.presses == [(REMOTE, "double")]


async def test_a_valve_and_a_blind_obey(tmp_path: Path) -> None:
    async with joined(tmp_path) as (house, driver), running(driver) as port:
        valve, blind = node(house, Thermostat), node(house, Blind)
        await driver.execute(SetTemperature(VALVE, 21.5))
        assert valve.get(1, kinds.THERMOSTAT, 0x0012) == 2150
        await port.until(lambda: port.state(VALVE).target_c == 21.5)
        assert port.state(VALVE).values["temperature"] == 19.8
        await driver.execute(SetTemperature(VALVE, 45.0))
        assert valve.get(1, kinds.THERMOSTAT, 0x0012) == 3000
        await driver.execute(SetCover(BLIND, 0.25))
        assert blind.get(1, kinds.COVERING, 0x0008) == 75
        await port.until(lambda: port.state(BLIND).values["position"] == 0.25)


async def _add(driver: object, house: House, port: RememberingPort, *nodes: Node) -> None:
    house.add(*nodes)
    answer = await operate(driver, "permit_join", seconds=1)  # type: ignore[arg-type]
    assert len(answer["joined"]) >= len(nodes), answer
    assert house.stick.joining_s == 0, "the network stayed open"


async def test_each_socket_of_a_strip_is_a_device(tmp_path: Path) -> None:
    async with joined(tmp_path) as (house, driver), running(driver) as port:
        strip = Plug(address(0x21), sockets=3)
        await _add(driver, house, port, strip)
        sockets = [device(0x21), device(0x21, 2), device(0x21, 3)]
        await driver.execute(SetSwitch(sockets[1], on=True))
        assert [strip.is_on(number) for number in (1, 2, 3)] == [False, True, False]
        await port.until(lambda: port.state(sockets[1]).on is True)
        assert [port.state(s).on for s in sockets] == [False, True, False]
        assert "power" in port.state(sockets[0]).values
        assert "power" not in port.state(sockets[1]).values


async def test_a_lamp_without_xy_gets_hue_and_saturation(tmp_path: Path) -> None:
    async with joined(tmp_path) as (house, driver), running(driver) as port:
        lamp, plain = (
            Lamp(address(0x31), capabilities=kinds.HAS_HUE),
            Lamp(address(0x32), capabilities=0, dimmable=False),
        )
        for attribute in (3, 4, 7):
            del lamp.endpoints[1].servers[kinds.COLOR][attribute]
        lamp.endpoints[1].servers[kinds.COLOR][8] = (zcl.ENUM8, kinds.HUE_SATURATION)
        await _add(driver, house, port, lamp, plain)
        known = port.devices[device(0x31)]
        assert known.capability(Colorful)
        assert not known.capability(Tunable)
        await driver.execute(SetLight(known.id, xy=(0.64, 0.33)))  # sRGB red
        color = lamp.get(1, kinds.COLOR, 0), lamp.get(1, kinds.COLOR, 1)
        assert color[0] in (0, 254)
        assert int(color[1]) > 245
        switch = port.devices[device(0x32)]
        assert switch.capability(Switchable) == Switchable(light=True)
        assert not switch.capability(Dimmable)
        await driver.execute(SetLight(switch.id, on=True))
        assert plain.on


async def test_a_lamp_that_does_not_report_is_asked(tmp_path: Path) -> None:
    async with joined(tmp_path) as (house, driver), running(driver) as port:
        lamp = Lamp(address(0x33))
        lamp.endpoints[1].refuses_reporting = True
        await _add(driver, house, port, lamp)
        await driver.execute(SetLight(device(0x33), level=0.25))
        await port.until(lambda: port.state(device(0x33)).level == 0.252)
        assert driver.counts.read_back == 1


async def test_a_restart_finds_everything_and_what_changed_meanwhile(tmp_path: Path) -> None:
    async with joined(tmp_path) as (house, driver):
        async with running(driver) as port:
            await driver.execute(SetLight(LAMP, on=True))
            await port.until(lambda: port.state(LAMP).on is True)
        assert not any(d.available for d in port.devices.values())
        lamp = node(house, Lamp)
        house.do(lambda: lamp.by_hand(on=False))
        unicasts = house.air.unicasts
        async with running(driver) as port:
            assert len(port.devices) == 7
            await port.until(lambda: port.state(LAMP).on is False)
            await asyncio.sleep(0.2)
        assert house.air.unicasts - unicasts < 40, "it was all set up again"


async def test_a_lamp_after_a_power_cut_is_asked(tmp_path: Path) -> None:
    async with joined(tmp_path) as (house, driver), running(driver) as port:
        lamp = node(house, Lamp)
        await driver.execute(SetSwitch(LAMP, on=False))

        def power_cut() -> None:
            lamp.endpoints[1].reports.clear()  # so that it does not tell by itself
            lamp.set(1, kinds.ON_OFF, 0, 1)
            lamp.announce()

        house.do(power_cut)
        await port.until(lambda: port.state(LAMP).on is True)


async def test_a_makers_quirk_is_used_where_there_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def get_device(found: ZigpyDevice) -> ZigpyDevice:
        seen.append(str(found.ieee))
        found.skip_configuration = True  # as quirks do for devices that take no reporting
        return found

    package, legacy = ModuleType("zhaquirks"), ModuleType("zhaquirks.legacy")
    package.__dict__.update(setup=lambda: seen.append("set up"), __path__=[])
    legacy.__dict__.update(get_device=get_device)
    monkeypatch.setitem(sys.modules, "zhaquirks", package)
    monkeypatch.setitem(sys.modules, "zhaquirks.legacy", legacy)
    async with joined(tmp_path) as (_, driver), running(driver) as port:
        assert seen[0] == "set up"
        assert len(set(seen)) == 2 + len(port.devices)  # and the stick
        assert all(part.node.skip_configuration for part in driver.running[1].parts.values())


async def test_a_device_under_a_new_address_is_the_same(tmp_path: Path) -> None:
    async with joined(tmp_path) as (house, driver), running(driver) as port:
        lamp = node(house, Lamp)
        before = lamp.nwk
        house.do(lamp.join)
        assert lamp.nwk != before
        async with asyncio.timeout(5):
            while True:
                try:
                    await driver.execute(SetSwitch(LAMP, on=True))
                    break
                except Exception:  # noqa: BLE001 - its new address is still on the way
                    await asyncio.sleep(0.05)
        assert lamp.on
        assert DeviceId(LAMP) in port.devices
