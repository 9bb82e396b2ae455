"""Announcements that cannot be: of strangers, of addresses nobody may have, too many at once."""

import asyncio
import struct
from pathlib import Path
from typing import Any

import pytest

from drivers.types import SetSwitch
from drivers.zigbee.announcements import MOST_STRANGERS, QUESTIONS
from tests.drivers.zigbee_rig import LAMP, PLUG, address, device, join, joined
from tests.fakes.running import running
from tests.fakes.waiting import eventually
from tests.fakes.znp.air import Packet
from tests.fakes.znp.house import STICK_IEEE, House
from tests.fakes.znp.kinds import Lamp, Plug

pytestmark = pytest.mark.peer
IEEE_ADDR_REQ = 0x0001


def first(house: House, kind: type[Any]) -> Any:
    return next(node for node in house.nodes if isinstance(node, kind))


def announce(house: House, nwk: int, ieee: int) -> None:
    """Let the stick hear that a device has an address, whoever says so."""
    house.stick.zdo(nwk & 0xFFF7, 0x0013, struct.pack("<BHQB", 1, nwk, ieee, 0x8E), broadcast=True)


async def test_a_flood_of_strangers_is_held_to_a_number(tmp_path: Path) -> None:
    async with joined(tmp_path) as (house, driver), running(driver) as port:
        before = set(port.devices)

        def flood() -> None:
            for number in range(1000):
                announce(house, 0x2000 + number, address(0x10000 + number))

        house.do(flood)
        application, _ = driver.running
        await eventually(lambda: driver.counts.ghosts >= 1000 - MOST_STRANGERS)
        assert len(application.devices) <= len(house.nodes) + 1 + MOST_STRANGERS
        await eventually(lambda: len(asyncio.all_tasks()) < 6 * MOST_STRANGERS)
        await driver.execute(SetSwitch(LAMP, on=True))
        assert first(house, Lamp).on
        assert set(port.devices) == before


async def test_strangers_that_say_nothing_more_make_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("drivers.zigbee.announcements.PATIENCE_S", 0.1)
    async with joined(tmp_path) as (house, driver), running(driver):

        def flood() -> None:
            for number in range(MOST_STRANGERS):
                announce(house, 0x2000 + number, address(0x10000 + number))

        house.do(flood)
        application, _ = driver.running
        await eventually(lambda: len(application.devices) == len(house.nodes) + 1 + MOST_STRANGERS)
        await asyncio.sleep(0.2)
        late = Lamp(address(0x100))
        house.add(late)
        await join(driver, house, [late])
        await driver.execute(SetSwitch(device(0x100), on=True))
        assert late.on


async def test_for_addresses_without_a_name_the_network_is_not_flooded(tmp_path: Path) -> None:
    async with joined(tmp_path) as (house, driver), running(driver):
        stranger = Lamp(address(0x77))
        asked: list[int] = []
        broadcast = house.stick._broadcast

        def heard(packet: Packet) -> None:
            asked.append(packet.cluster)
            broadcast(packet)

        def flood() -> None:
            house.stick._broadcast = heard  # type: ignore[method-assign]
            for number in range(200):
                stranger.nwk = 0x2000 + number
                house.stick.heard(stranger, Packet(6, 1, 1, b"\x18\x01\x0a\x00\x00\x10\x01"))

        house.do(flood)
        await eventually(lambda: driver.chatter.warnings >= 200)  # zigpy's word for each
        await driver.execute(SetSwitch(LAMP, on=True))
        assert 0 < asked.count(IEEE_ADDR_REQ) <= QUESTIONS


@pytest.mark.parametrize("nwk", [0x0000, 0xFFF8, 0xFFFC, 0xFFFD, 0xFFFE, 0xFFFF])
async def test_an_address_that_is_no_devices_is_not_believed(tmp_path: Path, nwk: int) -> None:
    async with joined(tmp_path) as (house, driver), running(driver):
        lamp = first(house, Lamp)
        house.do(lambda: announce(house, nwk, lamp.ieee))
        await eventually(lambda: driver.counts.ghosts == 1)
        await driver.execute(SetSwitch(LAMP, on=True))
        assert lamp.on


@pytest.mark.parametrize("ieee", [STICK_IEEE, 0, 0xFFFF_FFFF_FFFF_FFFF])
async def test_the_stick_and_nobody_cannot_join(tmp_path: Path, ieee: int) -> None:
    async with joined(tmp_path) as (house, driver), running(driver) as port:
        before = set(port.devices)
        house.do(lambda: announce(house, 0x4321, ieee))
        await eventually(lambda: driver.counts.ghosts == 1)
        application, _ = driver.running
        assert len(application.devices) == len(house.nodes) + 1
        await driver.execute(SetSwitch(LAMP, on=True))
        assert set(port.devices) == before
        assert application.state.node_info.nwk == 0


async def test_a_device_that_announces_itself_all_the_time_is_asked_once(tmp_path: Path) -> None:
    async with joined(tmp_path) as (house, driver), running(driver):
        lamp = first(house, Lamp)
        await asyncio.sleep(0.5)  # what is asked at the start
        house.do(lamp.announce)
        asked = house.air.unicasts
        await asyncio.sleep(0.5)
        once = house.air.unicasts - asked
        assert once > 0
        tasks = len(asyncio.all_tasks())
        asked = house.air.unicasts

        def flood() -> None:
            for _ in range(300):
                lamp.announce()

        house.do(flood)
        await asyncio.sleep(0.3)
        assert len(asyncio.all_tasks()) < tasks + 10
        await driver.execute(SetSwitch(LAMP, on=True))
        await asyncio.sleep(1.0)
        assert house.air.unicasts - asked < 4 * once + 5


async def test_a_device_is_found_under_its_new_address(tmp_path: Path) -> None:
    async with joined(tmp_path) as (house, driver), running(driver) as port:
        lamp = first(house, Lamp)
        before = lamp.nwk
        house.do(lamp.join)
        application, _ = driver.running
        await eventually(lambda: any(d.nwk == lamp.nwk for d in application.devices.values()))
        assert lamp.nwk != before
        await driver.execute(SetSwitch(LAMP, on=True))
        assert lamp.on
        assert port.devices[LAMP].available


async def test_a_false_address_does_not_lose_a_device(tmp_path: Path) -> None:
    async with joined(tmp_path) as (house, driver), running(driver) as port:
        lamp = first(house, Lamp)
        house.do(lambda: announce(house, 0x4321, lamp.ieee))
        await eventually(lambda: driver.counts.joined >= 1)
        await driver.execute(SetSwitch(LAMP, on=True))
        assert lamp.on
        assert port.devices[LAMP].available


async def test_anothers_address_does_not_mix_two_devices_up(tmp_path: Path) -> None:
    async with joined(tmp_path) as (house, driver), running(driver) as port:
        lamp, plug = first(house, Lamp), first(house, Plug)
        house.do(lambda: announce(house, plug.nwk, lamp.ieee))
        await eventually(lambda: driver.counts.joined >= 1)
        await driver.execute(SetSwitch(PLUG, on=True))
        assert plug.is_on()
        assert not lamp.on
        await driver.execute(SetSwitch(LAMP, on=True))
        assert lamp.on
        await driver.execute(SetSwitch(PLUG, on=False))
        assert not plug.is_on()
        assert lamp.on
        await port.until(lambda: port.state(PLUG).on is False)
        assert port.state(LAMP).on is True
