"""No D-Bus, no service, no adapter, a frozen service, devices that misbehave."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from drivers.types import BadCredentials, Unreachable
from tests.drivers.bluetooth_rig import (
    STRAP,
    STRAP_ID,
    THERMOMETER,
    THERMOMETER_ID,
    driver_for,
    thermometer,
)
from tests.fakes.bluez import Bluez
from tests.fakes.bluez_on_bus import bluez
from tests.fakes.bluez_peripheral import HEART_MEASUREMENT, strap
from tests.fakes.running import open_sockets, outcome, running
from tests.fakes.waiting import eventually

pytestmark = pytest.mark.peer


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Bluez]:
    with bluez(tmp_path) as ready:
        yield ready


async def test_without_a_d_bus_it_is_unreachable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path}/none")
    before = open_sockets()
    assert "no D-Bus" in str(await outcome(driver_for()))
    assert open_sockets() == before


async def test_without_the_service_or_the_adapter_it_is_unreachable(service: Bluez) -> None:
    assert "no Bluetooth adapter hci7" in str(await outcome(driver_for(adapter="hci7")))
    service.power(False)
    assert "switched off" in str(await outcome(driver_for()))
    service.kill()
    assert "not running" in str(await outcome(driver_for()))


@pytest.mark.parametrize("fault", ["kill", "power", "unplug"])
@pytest.mark.fault("pulled")
async def test_what_goes_while_it_runs_ends_it_at_once_and_comes_back(
    service: Bluez, fault: str
) -> None:
    worn = strap(STRAP)
    service.bring(worn)
    driver = driver_for()
    before = open_sockets()
    run = asyncio.create_task(outcome(driver))
    while driver.stats.connections == 0:
        await asyncio.sleep(0.01)
    started = time.monotonic()
    match fault:
        case "kill":
            service.kill()
            before -= 1
        case "power":
            service.power(False)
        case _:
            service.unplug()
    error = await run
    assert isinstance(error, Unreachable)
    assert time.monotonic() - started < 1.0
    assert open_sockets() == before
    if fault == "power":
        service.power(True)
    else:
        service.kill()
        service.start()
    async with running(driver) as port:
        await port.until(lambda: port.devices[STRAP_ID].available)


@pytest.mark.fault("frozen")
async def test_a_frozen_service_does_not_hold_up_the_end(service: Bluez) -> None:
    worn = strap(STRAP)
    service.bring(worn)
    before = open_sockets()
    driver = driver_for()
    async with running(driver) as port:
        await port.until(lambda: port.devices[STRAP_ID].available)
        service.freeze()
    assert open_sockets() == before
    service.freeze(frozen=False)


@pytest.mark.parametrize("pause_s", [0.0, 0.02, 0.1, 0.2])
async def test_it_can_be_cancelled_while_it_connects(service: Bluez, pause_s: float) -> None:
    worn = strap(STRAP)
    service.bring(worn)
    before = open_sockets()
    async with running(driver_for()):
        await asyncio.sleep(pause_s)
        service.freeze()
    service.freeze(frozen=False)
    assert open_sockets() == before


async def test_a_strap_that_does_not_let_us_in_is_asked_less_and_less(service: Bluez) -> None:
    worn = strap(STRAP)
    worn.connectable = False
    service.bring(worn)
    driver = driver_for()
    async with running(driver) as port:
        await asyncio.sleep(2.0)
        assert 1 <= driver.stats.links_lost <= 3
        assert not port.devices[STRAP_ID].available
        worn.connectable = True
        await port.until(lambda: port.devices[STRAP_ID].available)


@pytest.mark.fault("fuzzed")
async def test_ten_thousand_damaged_measurements_are_counted_and_the_rest_goes_on(
    service: Bluez, capsys: pytest.CaptureFixture[str]
) -> None:
    worn, balcony = strap(STRAP), thermometer()
    service.bring(worn, balcony)
    driver, dice = driver_for(), Random(3)
    async with running(driver) as port:
        await port.until(lambda: port.devices[STRAP_ID].available)
        for batch in range(1, 101):
            damaged = [b"\x1f" + dice.randbytes(number % 4) for number in range(100)]
            await asyncio.to_thread(service.notify_all, worn, HEART_MEASUREMENT, *damaged)
            await eventually(lambda: driver.stats.malformed >= 100 * batch)  # noqa: B023 - at once
        service.broadcast(balcony, b"\x40\x02\x01")
        service.notify(worn, HEART_MEASUREMENT, b"\x00\x48")
        await port.until(lambda: bool(port.samples))
        await port.until(lambda: THERMOMETER_ID in port.devices)
        assert port.devices[STRAP_ID].available
    assert capsys.readouterr().out.count("bluetooth_payload_dropped") <= 2


@pytest.mark.parametrize("content", [None, "xyz", "00"])
@pytest.mark.fault("refused")
async def test_a_wrong_key_file_needs_a_person(
    service: Bluez, tmp_path: Path, content: str | None
) -> None:
    key = tmp_path / "key"
    if content is not None:
        key.write_text(content)
    device = {"address": THERMOMETER, "kind": "bthome", "bindkey_file": key}
    error = await outcome(driver_for({"one": device}))
    assert isinstance(error, BadCredentials)
    assert content is None or content not in error.reason
