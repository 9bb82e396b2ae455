"""Straps, sensors and broadcasts through bleak and a real D-Bus."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from drivers.bluetooth_nearby import NearbyArguments
from drivers.bluetooth_settings import BluetoothSettings
from drivers.types import DeviceInfo, DeviceState, HeartSample, Refused, SetSwitch, Unreachable
from tests.drivers.bluetooth_rig import (
    AIR,
    AIR_ID,
    NEIGHBOUR,
    OTHER,
    OTHER_ID,
    STRAP,
    STRAP_ID,
    THERMOMETER,
    THERMOMETER_ID,
    air,
    driver_for,
    thermometer,
)
from tests.drivers.test_bluetooth_formats import sealed
from tests.fakes.bluez import Bluez
from tests.fakes.bluez_on_bus import bluez
from tests.fakes.bluez_peripheral import BATTERY, HEART_MEASUREMENT, strap
from tests.fakes.running import running
from tests.fakes.waiting import eventually

pytestmark = pytest.mark.peer
BEAT = b"\x16\x46\x00\x04"
"""70 beats a minute, contact, an interval of a second."""


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Bluez]:
    with bluez(tmp_path) as ready:
        yield ready


async def test_a_strap_sends_samples_and_puts_no_beat_into_its_state(service: Bluez) -> None:
    worn = strap(STRAP)
    service.bring(worn)
    async with running(driver_for()) as port:
        assert not port.devices[STRAP_ID].available
        await port.until(lambda: port.devices[STRAP_ID].available)
        assert port.devices[STRAP_ID].info == DeviceInfo("Acme", "HR-1", "")
        service.notify(worn, HEART_MEASUREMENT, BEAT)
        service.notify(worn, HEART_MEASUREMENT, b"\x04\x00")
        await port.until(lambda: len(port.samples) == 2)
        first, second = port.samples
        assert isinstance(first, HeartSample)
        assert isinstance(second, HeartSample)
        assert (first.device, first.bpm, first.rr_s, first.contact) == (STRAP_ID, 70, (1.0,), True)
        assert (second.bpm, second.contact) == (0, False)
        assert port.state(STRAP_ID) == DeviceState(values={"battery": 87})
        service.notify(worn, BATTERY, b"\x14")
        await port.until(lambda: port.state(STRAP_ID).values["battery"] == 20)
    assert not port.devices[STRAP_ID].available
    await eventually(lambda: not service.scanning)


async def test_two_straps_are_not_mixed_up_and_the_neighbours_is_left_alone(
    service: Bluez,
) -> None:
    one, two, neighbours = strap(STRAP), strap(OTHER), strap(NEIGHBOUR)
    service.bring(one, two, neighbours)
    devices = {
        "ada": {"address": STRAP.lower(), "kind": "heart_rate"},
        "bob": {"address": OTHER, "kind": "heart_rate"},
    }
    async with running(driver_for(devices)) as port:
        await port.until(lambda: all(port.devices[d].available for d in (STRAP_ID, OTHER_ID)))
        for beats in range(20):
            service.notify(one, HEART_MEASUREMENT, bytes((0, 60 + beats)))
            service.notify(two, HEART_MEASUREMENT, bytes((0, 160 + beats)))
        await port.until(lambda: len(port.samples) == 40)
        for device, first in ((STRAP_ID, 60), (OTHER_ID, 160)):
            mine = [
                s.bpm for s in port.samples if isinstance(s, HeartSample) and s.device == device
            ]
            assert mine == [first + beats for beats in range(20)]
        assert neighbours.connections == 0
        scans = service.starts
        await asyncio.sleep(0.5)
        assert service.starts == scans, "both are here, so the radio rests"


@pytest.mark.fault("vanished")
async def test_a_lost_strap_is_away_and_comes_back_by_itself(service: Bluez) -> None:
    worn = strap(STRAP)
    service.bring(worn)
    driver = driver_for()
    async with running(driver) as port:
        await port.until(lambda: port.devices[STRAP_ID].available)
        worn.in_reach = False
        service.lose(worn)
        await port.until(lambda: not port.devices[STRAP_ID].available)
        await asyncio.sleep(0.2)
        assert not port.devices[STRAP_ID].available
        worn.in_reach = True
        await port.until(lambda: port.devices[STRAP_ID].available)
        assert (worn.connections, driver.stats.links_lost) == (2, 1)
        service.notify(worn, HEART_MEASUREMENT, BEAT)
        await port.until(lambda: len(port.samples) == 1)
        assert port.connections == 1, "the adapter was there all the time"


async def test_an_environment_sensor_is_read_and_followed(service: Bluez) -> None:
    sensor = air()
    service.bring(sensor)
    async with running(driver_for({"air": {"address": AIR, "kind": "environment"}})) as port:
        await port.until(lambda: AIR_ID in port.devices and port.devices[AIR_ID].available)
        await port.until(lambda: "humidity" in port.state(AIR_ID).values)
        # The CO2 sensor says that it has no value yet.
        assert port.state(AIR_ID).values == {"temperature": 21.5, "humidity": 50.0}
        service.notify(sensor, 0x2B8C, b"\x20\x03")
        service.notify(sensor, 0x2A6E, b"\xca\x08")
        await port.until(lambda: port.state(AIR_ID).values["temperature"] == 22.5)
        assert port.state(AIR_ID).values["co2"] == 800


async def test_broadcasts_are_read_and_presses_told_once(service: Bluez) -> None:
    balcony = thermometer()
    service.bring(balcony)
    driver = driver_for()
    async with running(driver) as port:
        await port.until(lambda: THERMOMETER_ID in port.devices)
        device = port.devices[THERMOMETER_ID]
        assert device.name == "Balcony"
        assert device.available
        assert device.state.values["temperature"] == 25.06
        service.broadcast(balcony, bytes.fromhex("4400073a01"))
        await port.until(lambda: bool(port.presses))
        heard = driver.stats.broadcasts
        while driver.stats.broadcasts < heard + 5:
            await asyncio.sleep(0.02)
        assert port.presses == [(THERMOMETER_ID, "single")], "the same packet, heard again"
        service.broadcast(balcony, bytes.fromhex("4400083a04"))
        await port.until(lambda: len(port.presses) == 2)
        assert port.presses[1] == (THERMOMETER_ID, "hold")
        # A reading stays while only the button is told of.
        assert port.state(THERMOMETER_ID).values["temperature"] == 25.06


async def test_an_encrypted_broadcast_needs_its_key_file(service: Bluez, tmp_path: Path) -> None:
    key = tmp_path / "balcony.key"
    key.write_text("231d39c1d7cc1ab1aee224cd096db932\n")
    device = {"address": "54:48:E6:8F:80:A5", "kind": "bthome", "bindkey_file": key}
    balcony = thermometer()
    balcony.address = "54:48:E6:8F:80:A5"
    service.broadcast(balcony, sealed(b"\x02\xca\x09", 7))
    service.bring(balcony)
    async with running(driver_for({"balcony": device})) as port:
        await port.until(lambda: bool(port.devices))
        assert next(iter(port.devices.values())).state.values["temperature"] == 25.06


async def test_what_is_in_reach_is_listed_with_its_id(service: Bluez) -> None:
    service.bring(strap(STRAP), strap(NEIGHBOUR, "Bea\x07t"), thermometer(), air())
    driver = driver_for({})
    (nearby,) = driver.operations()
    told: list[str] = []
    with pytest.raises(Unreachable):
        await nearby.run(NearbyArguments(seconds=1), told.append)
    async with running(driver) as port:
        answer = await nearby.run(NearbyArguments(seconds=1), told.append)
        assert port.devices == {}, "listing adds nothing"
    kinds = {one["address"]: one["kind"] for one in answer["devices"]}
    assert kinds == {
        STRAP: "heart_rate",
        NEIGHBOUR: "heart_rate",
        THERMOMETER: "bthome",
        AIR: "environment",
    }
    (other,) = (one for one in answer["devices"] if one["address"] == NEIGHBOUR)
    assert (other["id"], other["name"]) == ("bluetooth:c0ffee000003", "Beat")
    assert len(told) == 4


async def test_a_listing_given_up_while_the_scan_starts_leaves_no_scan(service: Bluez) -> None:
    driver = driver_for({})
    (nearby,) = driver.operations()
    service.bring(strap(NEIGHBOUR))
    service.start_takes_s = 0.02
    async with running(driver):
        listing = asyncio.ensure_future(nearby.run(NearbyArguments(seconds=30), lambda _: None))
        await eventually(lambda: service.scanning)
        listing.cancel()
        await asyncio.wait({listing}, timeout=10)
        assert listing.cancelled()
        await eventually(lambda: not service.scanning)
        # BlueZ refuses a second scan to who has one.
        answer = await nearby.run(NearbyArguments(seconds=1), lambda _: None)
        assert [one["address"] for one in answer["devices"]] == [NEIGHBOUR]


async def test_nothing_is_scanned_for_when_nothing_is_wanted(service: Bluez) -> None:
    async with running(driver_for({})):
        await asyncio.sleep(0.2)
    assert service.starts == 0


async def test_there_is_nothing_to_command(service: Bluez) -> None:
    driver = driver_for()
    async with running(driver):
        with pytest.raises(Refused, match="strap cannot be switched"):
            await driver.execute(SetSwitch(STRAP_ID, on=True))


@pytest.mark.parametrize(
    "wrong",
    [
        {"devices": {"a": {"address": "c0:ff", "kind": "bthome"}}},
        {"devices": {"a": {"address": STRAP, "kind": "heart_rate", "bindkey_file": "k"}}},
        {
            "devices": {
                "a": {"address": STRAP, "kind": "heart_rate"},
                "b": {"address": STRAP.lower(), "kind": "heart_rate"},
            }
        },
        {"adapter": "../hci0"},
    ],
)
def test_wrong_settings_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        BluetoothSettings.model_validate(wrong)
