"""Shelly devices: what the hub says against what the device itself holds."""

import asyncio
import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from random import Random

import pytest

from drivers import shelly
from drivers.types import (
    BadCredentials,
    Colorful,
    Covers,
    Dimmable,
    Heats,
    Measures,
    SetCover,
    SetLight,
    SetSwitch,
    SetTemperature,
    Switchable,
    Tunable,
    Unreachable,
)
from tests.drivers import shelly_rig
from tests.drivers.lan_rig import FakeDevice, damaged, freezes, no_socket_left, vanishes
from tests.drivers.shelly_rig import OWN_ID, PASSWORD, driver_at, output
from tests.fakes.port import RememberingPort
from tests.fakes.process import free_port
from tests.fakes.running import open_sockets, outcome, running

pytestmark = pytest.mark.peer


@pytest.fixture
def locked() -> Iterator[FakeDevice]:
    with shelly_rig.shelly(PASSWORD) as ready:
        yield ready


@pytest.fixture
def cellar() -> Iterator[FakeDevice]:
    with shelly_rig.shelly() as ready:
        yield ready


async def test_a_device_is_found_with_all_its_components(
    locked: FakeDevice, tmp_path: Path
) -> None:
    async with running(driver_at(locked, tmp_path, PASSWORD)) as port:
        can = {str(key): device.capabilities for key, device in port.devices.items()}
        assert len(can) == 9
        metered = Measures(("power", "voltage", "current", "energy"))
        assert can[output("switch:0")] == (Switchable(), metered)
        assert can[output("switch:1")] == (Switchable(light=True),)
        assert can[output("light:0")] == (Switchable(light=True), Dimmable(100))
        assert can[output("rgbw:0")][-1] == Colorful()
        assert can[output("cct:0")][-1] == Tunable(2700, 5000)
        assert can[output("cover:0")] == (Covers(True),)
        assert can[output("cover:1")] == (Covers(False),)
        assert can[output("thermostat:0")] == (Heats(5, 35), Measures(("temperature",)))
        plug = port.devices[output("switch:0")]
        assert plug.name == "Dishwasher"
        assert plug.state.values == {
            "power": 12.5, "voltage": 230.1, "current": 0.05, "energy": 1.5,
        }  # fmt: skip
        assert port.devices[output("light:0")].name == "Cellar light 1"
        assert port.state(OWN_ID).values == {
            "rssi": -55, "temperature": 21.5, "temperature_101": 4.5, "leak": False,
        }  # fmt: skip
        assert port.state(output("cover:0")).values == {"position": 0.2}


async def test_what_is_commanded_is_what_the_device_holds(
    locked: FakeDevice, tmp_path: Path
) -> None:
    driver = driver_at(locked, tmp_path, PASSWORD)
    async with running(driver) as port:
        light, rgbw, cct = output("light:0"), output("rgbw:0"), output("cct:0")
        await driver.execute(SetLight(light, level=0.25, transition_s=0.1))
        await port.until(lambda: port.state(light).level == 0.25)
        assert (await locked.test("see"))["calls"][-1] == [
            "Light.Set", {"id": 0, "on": True, "brightness": 25, "transition_duration": 0.5},
        ]  # fmt: skip
        await driver.execute(SetLight(rgbw, xy=(0.5, 0.4)))
        await port.until(lambda: port.state(rgbw).on is True)
        assert port.state(rgbw).xy == pytest.approx((0.5, 0.4), abs=0.004)
        await driver.execute(SetLight(cct, kelvin=9000, level=0.4))
        await port.until(lambda: port.state(cct).kelvin == 5000)
        await driver.execute(SetLight(cct, level=0))
        await port.until(lambda: port.state(cct).on is False)
        assert port.state(cct).level == 0.4
        await driver.execute(SetSwitch(output("switch:0"), on=True))
        await driver.execute(SetLight(output("switch:1"), on=True))
        await driver.execute(SetCover(output("cover:0"), 0.7))
        await driver.execute(SetCover(output("cover:1"), 1.0))
        await driver.execute(SetTemperature(output("thermostat:0"), 99))
        seen = (await locked.test("see"))["status"]
        assert seen["switch:0"]["output"] is seen["switch:1"]["output"] is True
        assert (seen["cover:0"]["current_pos"], seen["cover:1"]["state"]) == (70, "open")
        await port.until(lambda: port.state(output("thermostat:0")).target_c == 35)
        assert port.state(output("cover:0")).values == {"position": 0.7}
        assert port.state(output("cover:1")).values == {"position": 1.0}


async def test_a_hand_at_the_device_is_told_at_once(cellar: FakeDevice) -> None:
    async with running(driver_at(cellar)) as port:
        plug = output("switch:0")
        await cellar.test("change", {"switch:0": {"output": True, "aenergy": {"total": 2000}}})
        await port.until(lambda: port.state(plug).on is True)
        assert port.state(plug).values["energy"] == 2.0
        assert port.state(plug).values["power"] == 12.5, "what is not told stays"
        count = len(port.history)
        await cellar.test("change", {"switch:0": {"output": True}})
        events = [("input:0", "btn_down"), ("input:0", "single_push"), ("input:1", "long_push")]
        for number, (component, event) in enumerate(events):
            told = [{"component": component, "event": event, "ts": float(number)}]
            await cellar.test("event", told)
            await cellar.test("raw", ["no json"])  # the library tells the one before it again
        await port.until(lambda: len(port.presses) == 2)
        assert port.presses == [(OWN_ID, "single"), (OWN_ID, "hold_2")]
        assert len(port.history) == count, "the same state again is no news"


async def test_what_is_not_told_is_asked_for(
    cellar: FakeDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelly, "ASK_EVERY_S", 0.05)
    async with running(driver_at(cellar)) as port:
        await cellar.test("silently", {"wifi": {"rssi": -70}})
        await port.until(lambda: port.state(OWN_ID).values["rssi"] == -70)


@pytest.mark.parametrize("given", ["", "close sesame"])
@pytest.mark.fault("refused")
async def test_a_wrong_password_needs_a_person_and_is_not_hammered(
    given: str, locked: FakeDevice, tmp_path: Path
) -> None:
    driver = driver_at(locked, tmp_path if given else None, given)
    before, refused = open_sockets(), (await locked.test("see"))["refused"]
    error = await outcome(driver)
    assert isinstance(error, BadCredentials)
    assert given == "" or given not in error.reason
    assert driver.stats.attempts == 1
    await no_socket_left(before)
    assert (await locked.test("see"))["refused"] <= refused + 2  # the challenge, and the answer


async def test_a_password_file_that_cannot_be_read_needs_a_person(
    cellar: FakeDevice, tmp_path: Path
) -> None:
    driver = driver_at(cellar, tmp_path, PASSWORD)
    (tmp_path / "cellar.password").unlink()
    assert isinstance(await outcome(driver), BadCredentials)


async def test_a_device_that_closes_or_is_absent_is_unreachable_and_comes_back(
    cellar: FakeDevice,
) -> None:
    driver, port = driver_at(cellar), RememberingPort()
    run = asyncio.create_task(driver.run(port))
    await port.until(lambda: port.connections == 1)
    await cellar.test("drop")
    with pytest.raises(Unreachable):
        await run
    assert not any(device.available for device in port.devices.values())
    async with running(driver) as again:
        await driver.execute(SetSwitch(output("switch:0"), on=True))
        await again.until(lambda: again.state(output("switch:0")).on is True)
    absent = FakeDevice(cellar.peer, free_port(), 0)
    assert isinstance(await outcome(driver_at(absent)), Unreachable)


@pytest.mark.fault("frozen")
async def test_a_frozen_device_is_noticed_and_the_end_is_prompt(
    cellar: FakeDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelly, "ASK_EVERY_S", 0.2)
    shorten = partial(monkeypatch.setattr, shelly, "ANSWER_LIMIT_S", 0.5)
    await freezes(driver_at(cellar), cellar, SetSwitch(output("switch:0"), on=True), shorten)


@pytest.mark.fault("vanished")
async def test_a_device_that_vanishes_during_a_command_is_unreachable(cellar: FakeDevice) -> None:
    await vanishes(driver_at(cellar), cellar, SetSwitch(output("switch:0"), on=True))


@pytest.mark.slow
@pytest.mark.fault("fuzzed")
async def test_rubbish_changes_no_identity_and_the_rest_goes_on(cellar: FakeDevice) -> None:
    dice, driver = Random(5), driver_at(cellar)
    status = (await cellar.test("see"))["status"]
    some = {key: status[key] for key in ("switch:0", "rgbw:0", "cover:0", "temperature:100")}
    whole = json.dumps({"src": "s", "method": "NotifyStatus", "params": {"ts": 1.5, **some}})
    full = json.dumps({"src": "s", "method": "NotifyFullStatus", "params": status})
    async with running(driver) as port:
        names = set(port.devices)
        for _ in range(20):
            await cellar.test("raw", [damaged(whole, dice) for _ in range(500)])
        odd = ["[]", "7", "null", '"x"', "{}", '{"method": 7}', '{"id": [1]}', '{"id": "9"}']
        odd += [
            '{"method": "NotifyEvent", "params": {"events": 7}}',
            '{"method": "x", "params": 1}',
        ]
        await cellar.test("raw", odd)
        await cellar.test("raw", [full])
        await cellar.test("change", {"light:0": {"brightness": 33}})
        await port.until(lambda: port.state(output("light:0")).level == 0.33)
        assert names == set(port.devices)
        assert driver.stats.malformed >= 7
        assert (port.connections, driver.stats.attempts) == (1, 1)
        await driver.execute(SetSwitch(output("switch:0"), on=True))
