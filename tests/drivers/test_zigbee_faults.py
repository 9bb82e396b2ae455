"""What goes wrong with sticks, radios and devices, and that nothing else does."""

import asyncio
import time
from pathlib import Path
from random import Random
from typing import Any

import pytest

from drivers.types import Refused, SetLight, SetSwitch, Unreachable
from drivers.zigbee import driver as driver_module
from tests.drivers.zigbee_rig import (
    DOOR,
    LAMP,
    PLUG,
    SENSOR,
    address,
    device,
    driver_for,
    joined,
    operate,
)
from tests.fakes.port import RememberingPort
from tests.fakes.process import free_port
from tests.fakes.running import running
from tests.fakes.znp import kinds, mt
from tests.fakes.znp.air import Packet
from tests.fakes.znp.house import House
from tests.fakes.znp.kinds import Alarm, Lamp, Plug, Sensor
from tests.fakes.znp.node import Node

pytestmark = pytest.mark.peer


def first(house: House, kind: type[Any]) -> Any:
    return next(n for n in house.nodes if isinstance(n, kind))


async def ended(run: asyncio.Task[None]) -> str:
    with pytest.raises(Unreachable) as left:
        async with asyncio.timeout(10):
            await run
    return left.value.reason


async def test_no_stick_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    class Nowhere:
        path = f"socket://127.0.0.1:{free_port()}"

    driver = driver_for(Nowhere, tmp_path)  # type: ignore[arg-type]
    port = RememberingPort()
    with pytest.raises(Unreachable, match="cannot be opened: Connection refused"):
        await driver.run(port)
    assert port.connections == 0


async def test_a_missing_serial_port_is_said(tmp_path: Path) -> None:
    class Nowhere:
        path = str(tmp_path / "ttyUSB7")

    driver = driver_for(Nowhere, tmp_path)  # type: ignore[arg-type]
    with pytest.raises(Unreachable, match="cannot be opened: No such file"):
        await driver.run(RememberingPort())


async def test_a_mute_stick_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("drivers.zigbee.radio.CONNECT_LIMIT_S", 0.3)
    async with joined(tmp_path) as (house, driver):
        house.freeze(frozen=True)
        with pytest.raises(Unreachable, match="does not answer"):
            await driver.run(RememberingPort())
        house.freeze(frozen=False)
        async with running(driver):
            await driver.execute(SetSwitch(LAMP, on=True))


@pytest.mark.fault("frozen")
async def test_a_frozen_stick_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver_module, "WATCH_EVERY_S", 0.1)
    monkeypatch.setattr(driver_module, "WATCH_LIMIT_S", 0.3)
    async with joined(tmp_path) as (house, driver):
        port = RememberingPort()
        run = asyncio.create_task(driver.run(port))
        await port.until(lambda: port.connections == 1)
        house.freeze(frozen=True)
        assert await ended(run) == "the Zigbee stick does not answer"
        assert not any(d.available for d in port.devices.values())


@pytest.mark.fault("pulled")
async def test_a_stick_pulled_out_in_the_middle_of_a_command(tmp_path: Path) -> None:
    async with joined(tmp_path) as (house, driver):
        port = RememberingPort()
        run = asyncio.create_task(driver.run(port))
        await port.until(lambda: port.connections == 1)
        first(house, Lamp).late_s = 5.0
        sending = asyncio.create_task(driver.execute(SetSwitch(LAMP, on=True)))
        await asyncio.sleep(0.1)
        started = time.monotonic()
        house.leave()
        assert await ended(run) == "the Zigbee stick is gone"
        with pytest.raises(Unreachable):
            async with asyncio.timeout(5):
                await sending
        assert time.monotonic() - started < 20
        first(house, Lamp).late_s = 0.0
        house.back()
        async with running(driver) as again:
            await driver.execute(SetSwitch(LAMP, on=True))
            assert again.devices[LAMP].available


@pytest.mark.fault("vanished")
async def test_a_lamp_without_power_is_said_and_found_again(tmp_path: Path) -> None:
    async with joined(tmp_path) as (house, driver), running(driver) as port:
        lamp = first(house, Lamp)
        lamp.unreachable = True
        with pytest.raises(Unreachable, match="does not answer"):
            await driver.execute(SetSwitch(LAMP, on=True))
        await port.until(lambda: not port.devices[LAMP].available)
        assert port.devices[PLUG].available
        lamp.unreachable = False
        house.do(lamp.announce)
        await port.until(lambda: port.devices[LAMP].available)
        await driver.execute(SetSwitch(LAMP, on=True))
        assert lamp.on


async def test_silent_devices_are_asked_and_sleepers_given_time(tmp_path: Path) -> None:
    async with (
        joined(tmp_path, check_after_s=0.4, battery_silent_s=1.2) as (house, driver),
        running(driver) as port,
    ):
        first(house, Plug).unreachable = True
        await port.until(lambda: not port.devices[PLUG].available)
        assert port.devices[LAMP].available, "it answered when it was asked"
        assert port.devices[SENSOR].available
        await port.until(lambda: not port.devices[SENSOR].available)
        house.do(lambda: first(house, Sensor).report(1, kinds.TEMPERATURE, 0))
        await port.until(lambda: port.devices[SENSOR].available)
        assert port.devices[LAMP].available


async def test_commands_get_through_a_bad_radio(tmp_path: Path) -> None:
    async with joined(tmp_path) as (house, driver), running(driver):
        lamp = first(house, Lamp)
        house.air.loss = 0.1
        done = 0
        for number in range(30):
            try:
                await driver.execute(SetSwitch(LAMP, on=bool(number % 2)))
            except Unreachable:
                continue
            done += 1
            assert lamp.on == bool(number % 2)
        house.air.loss = 0.0
        assert house.air.lost > 0
        assert done >= 27


async def test_late_answers_are_waited_for(tmp_path: Path) -> None:
    async with joined(tmp_path) as (house, driver), running(driver):
        first(house, Lamp).late_s = 0.8
        await driver.execute(SetSwitch(LAMP, on=True))
        assert first(house, Lamp).on


async def test_a_device_that_says_no(tmp_path: Path) -> None:
    async with joined(tmp_path) as (house, driver), running(driver):
        lamp = first(house, Lamp)
        lamp.obey = lambda *_: 0x89  # insufficient space
        with pytest.raises(Refused, match="insufficient space"):
            await driver.execute(SetSwitch(LAMP, on=True))


@pytest.mark.fault("unordered")
async def test_duplicate_reports_and_presses_count_once(tmp_path: Path) -> None:
    async with joined(tmp_path) as (house, driver), running(driver) as port:
        remote = next(n for n in house.nodes if isinstance(n, kinds.Button))

        def twice() -> None:
            remote.press(kinds.ON_OFF, 0x02)
            remote._sequence -= 1  # the same frame again, as after a lost acknowledgement
            remote.press(kinds.ON_OFF, 0x02)

        house.do(twice)
        house.do(lambda: remote.press(kinds.ON_OFF, 0x01))
        await port.until(lambda: len(port.presses) == 2)
        assert [action for _, action in port.presses] == ["single", "on"]


async def test_values_that_cannot_be_are_dropped(tmp_path: Path) -> None:
    async with joined(tmp_path) as (house, driver), running(driver) as port:
        sensor, door = first(house, Sensor), first(house, Alarm)
        house.do(lambda: sensor.set(1, kinds.TEMPERATURE, 0, -0x8000))  # "no value"
        house.do(lambda: sensor.report(1, kinds.TEMPERATURE, 0))
        await port.until(lambda: "temperature" not in port.state(SENSOR).values)
        sensor.endpoints[1].servers[kinds.TEMPERATURE][0] = (0x42, "warm")  # a text
        house.do(lambda: sensor.report(1, kinds.TEMPERATURE, 0))
        house.do(lambda: door.say(1, kinds.IAS_ZONE, 0x00, b"\x01", client=False))  # cut short
        house.do(lambda: sensor.set(1, kinds.HUMIDITY, 0, 5000))
        house.do(lambda: sensor.report(1, kinds.HUMIDITY, 0))
        await port.until(lambda: port.state(SENSOR).values["humidity"] == 50.0)
        assert "temperature" not in port.state(SENSOR).values
        assert port.devices[DOOR].available


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.fault("fuzzed")
async def test_ten_thousand_frames_of_garbage(tmp_path: Path) -> None:
    random = Random(7)
    async with joined(tmp_path) as (house, driver), running(driver) as port:
        lamp, sensor = first(house, Lamp), first(house, Sensor)
        clusters = [0x0000, 0x0001, 0x0006, 0x0008, 0x0300, 0x0402, 0x0405, 0x0500, 0xFC00]

        def flood(count: int) -> None:
            for _ in range(count):
                body = random.randbytes(random.randint(0, 40))
                match random.randrange(4):
                    case 0:  # of a device: a frame whose inside is anything
                        node = random.choice((lamp, sensor))
                        packet = Packet(random.choice(clusters), 1, 1, body)
                        house.stick.heard(node, packet)
                    case 1:  # of the stick: a good frame with any command
                        command = random.choice((0x41, 0x44, 0x4F, 0x61, 0x64, 0x65, 0x67))
                        house.stick.write(command, random.randrange(256), body)
                    case 2:  # on the line
                        house.stick.garbage.append(body.replace(b"\xfe", b"\xff"))
                    case _:  # ZDO
                        if len(body) > 1:
                            house.stick.zdo(lamp.nwk, random.choice((0x8002, 0x8005)), body)

        for _ in range(100):
            house.do(lambda: flood(100))
            await asyncio.sleep(0.005)
        assert port.connections == 1
        await driver.execute(SetSwitch(PLUG, on=True))
        assert first(house, Plug).is_on()
        house.do(lambda: first(house, Plug).set(1, kinds.ON_OFF, 0, 0))
        await port.until(lambda: port.state(PLUG).on is False)
        async with asyncio.timeout(60):  # what zigpy answers to it all is on its way
            while len(asyncio.all_tasks()) > 15:
                await asyncio.sleep(0.1)


async def test_only_the_newest_of_many_values_is_written(tmp_path: Path) -> None:
    async with joined(tmp_path) as (house, driver):
        sensor = first(house, Sensor)

        def talk() -> None:
            for value in range(200):
                sensor.set(1, kinds.TEMPERATURE, 0, 2000 + value)
                sensor.report(1, kinds.TEMPERATURE, 0)

        async with running(driver) as port:
            house.do(talk)
            await port.until(lambda: port.state(SENSOR).values["temperature"] == 21.99)
            assert driver.ledger.skipped > 300  # values, and when it was heard
        async with running(driver) as port:
            assert port.state(SENSOR).values["temperature"] == 21.99


async def test_a_frame_that_is_cut_is_skipped(tmp_path: Path) -> None:
    async with joined(tmp_path) as (house, driver), running(driver):
        good = mt.frame(0x44, 0x80, b"\x00\x01\x02")
        house.do(lambda: house.stick.garbage.extend((b"\xfe", good[:-1], b"\x00")))
        for on in (True, False, True):
            await driver.execute(SetSwitch(LAMP, on=on))
            assert first(house, Lamp).on is on


@pytest.mark.fault("unordered")
async def test_a_stranger_on_the_air_is_no_device(tmp_path: Path) -> None:
    async with joined(tmp_path) as (house, driver), running(driver) as port:
        stranger = Lamp(address(0x77))
        stranger.nwk = 0x1234
        house.do(
            lambda: house.stick.heard(stranger, Packet(6, 1, 1, b"\x18\x01\x0a\x00\x00\x10\x01"))
        )
        await driver.execute(SetSwitch(LAMP, on=True))
        assert device(0x77) not in port.devices


@pytest.mark.slow
@pytest.mark.timeout(120)
async def test_fifty_nodes_join_at_once(tmp_path: Path) -> None:
    nodes: list[Node] = [Lamp(address(0x200 + n)) for n in range(30)]
    nodes += [Plug(address(0x240 + n)) for n in range(10)]
    nodes += [Sensor(address(0x260 + n)) for n in range(10)]
    async with joined(tmp_path) as (house, driver), running(driver) as port:
        house.add(*nodes)
        answer = await operate(driver, "permit_join", seconds=5)
        assert not answer["failed"]
        assert len(answer["joined"]) == 50
        await port.until(lambda: len(port.devices) == 57)
        lamps = [device(0x200 + n) for n in range(30)]
        results = await driver.execute_together([SetLight(one, level=0.3) for one in lamps])
        assert not any(results)
        assert all(node.level == 76 for node in nodes if isinstance(node, Lamp))


async def test_a_broken_database_is_put_aside_and_devices_come_again(tmp_path: Path) -> None:
    async with joined(tmp_path) as (house, driver):
        folder = tmp_path / "own"
        (folder / "zigbee.db").write_bytes(b"this is no database" * 100)
        async with running(driver) as port:
            assert (folder / "zigbee.db.broken").read_bytes().startswith(b"this is no")
            assert not port.devices
            lamp = first(house, Lamp)
            house.do(lamp.announce)
            await port.until(lambda: LAMP in port.devices)
            await driver.execute(SetSwitch(LAMP, on=True))
            assert lamp.on
