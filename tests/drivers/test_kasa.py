"""Kasa and Tapo devices: what the hub says against what the device itself holds."""

import asyncio
import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest
from kasa import DeviceConfig
from kasa.iot import IotBulb, IotPlug
from kasa.protocols import IotProtocol
from kasa.transports import XorTransport
from pydantic import ValidationError

from drivers import kasa
from drivers.kasa_parts import devices_of
from drivers.kasa_settings import KasaDevice
from drivers.types import (
    BadCredentials,
    Colorful,
    Dimmable,
    Measures,
    Refused,
    SetLight,
    SetSwitch,
    Switchable,
    Tunable,
    Unreachable,
)
from tests.drivers import kasa_rig
from tests.drivers.kasa_rig import OWN_ID, driver_at
from tests.drivers.lan_rig import FakeDevice, freezes, goes, no_socket_left, vanishes
from tests.fakes.kasa_device import Thing
from tests.fakes.process import free_port
from tests.fakes.running import open_sockets, outcome, running

pytestmark = pytest.mark.peer


@pytest.fixture
def bulb() -> Iterator[FakeDevice]:
    with kasa_rig.thing("bulb") as ready:
        yield ready


@pytest.fixture
def locked() -> Iterator[FakeDevice]:
    """A plug that asks for the login."""
    with kasa_rig.thing("plug", "klap") as ready:
        yield ready


async def test_a_bulb_does_what_it_is_told(bulb: FakeDevice) -> None:
    driver = driver_at(bulb)
    async with running(driver) as port:
        found = port.devices[OWN_ID]
        assert (found.name, found.state.level, found.state.kelvin) == ("My bulb", 0.5, 2700)
        assert found.capabilities == (
            Switchable(light=True), Dimmable(100, fades=True), Tunable(2500, 9000), Colorful(),
            Measures(("power", "rssi")),
        )  # fmt: skip
        assert found.info is not None
        assert (found.info.model, found.info.version) == ("KL130", "1.0.4")
        await driver.execute(SetLight(OWN_ID, level=0.3, kelvin=4000, transition_s=1.5))
        seen = await bulb.test("see")
        assert (seen["light"]["brightness"], seen["light"]["color_temp"]) == (30, 4000)
        assert seen["asked"][-1][1]["transition_period"] == 1500
        await port.until(lambda: port.state(OWN_ID).kelvin == 4000)
        assert (port.state(OWN_ID).on, port.state(OWN_ID).level) == (True, 0.3)
        await driver.execute(SetLight(OWN_ID, xy=(0.5, 0.4)))
        await port.until(lambda: port.state(OWN_ID).xy is not None)
        assert port.state(OWN_ID).xy == pytest.approx((0.5, 0.4), abs=0.005)
        assert (port.state(OWN_ID).kelvin, port.state(OWN_ID).level) == (None, 0.3)
        await driver.execute(SetLight(OWN_ID, level=0))
        await port.until(lambda: port.state(OWN_ID).on is False)
        await driver.execute(SetSwitch(OWN_ID, on=True))
        await port.until(lambda: port.state(OWN_ID).on is True)


async def test_a_plug_behind_a_login_is_switched_and_metered(
    locked: FakeDevice, tmp_path: Path
) -> None:
    driver = driver_at(locked, tmp_path, "klap")
    async with running(driver) as port:
        assert port.devices[OWN_ID].capabilities == (
            Switchable(), Measures(("power", "voltage", "current", "energy", "rssi")),
        )  # fmt: skip
        assert port.state(OWN_ID).values == {
            "power": 12.5, "voltage": 230.1, "current": 0.054, "energy": 1.5, "rssi": -50,
        }  # fmt: skip
        await driver.execute(SetSwitch(OWN_ID, on=True))
        assert (await locked.test("see"))["on"] == [True]
        await port.until(lambda: port.state(OWN_ID).on is True)
        with pytest.raises(Refused):
            await driver.execute(SetLight(OWN_ID, on=True))


async def test_a_tapo_bulb_does_what_it_is_told(tmp_path: Path) -> None:
    with kasa_rig.thing("tapo", "smart") as tapo:
        driver = driver_at(tapo, tmp_path, "smart")
        async with running(driver) as port:
            found = port.devices[OWN_ID]
            assert Dimmable(100, fades=False) in found.capabilities
            assert {Tunable(2500, 6500), Colorful()} < set(found.capabilities)
            await driver.execute(SetLight(OWN_ID, level=0.3, kelvin=4000))
            seen = await tapo.test("see")
            assert (seen["on"], seen["light"]["color_temp"]) == ([True], 4000)
            await port.until(lambda: port.state(OWN_ID).level == 0.3)
            await driver.execute(SetLight(OWN_ID, xy=(0.2, 0.3)))
            await port.until(lambda: port.state(OWN_ID).xy is not None)
            await driver.execute(SetLight(OWN_ID, on=False))
            await port.until(lambda: port.state(OWN_ID).on is False)


async def test_the_sockets_of_a_strip_are_devices() -> None:
    with kasa_rig.thing("strip") as strip:
        driver, second = driver_at(strip), f"{OWN_ID}:1"
        async with running(driver) as port:
            assert sorted(port.devices) == [f"{OWN_ID}:0", second]
            device = next(one for one in port.devices.values() if one.id == second)
            assert (device.name, device.state.on) == ("Socket 1", True)
            await driver.execute(SetSwitch(device.id, on=False))
            await port.until(lambda: port.state(second).on is False)
            assert (await strip.test("see"))["asked"][-1][2] is not None


async def test_a_hand_at_the_device_is_seen_by_asking(bulb: FakeDevice) -> None:
    async with running(driver_at(bulb)) as port:
        await bulb.test("change", {"on": [True], "light": {"brightness": 80}})
        await port.until(lambda: port.state(OWN_ID).level == 0.8)
        assert port.state(OWN_ID).on is True


@pytest.mark.fault("refused")
async def test_a_wrong_login_needs_a_person_and_is_not_hammered(
    locked: FakeDevice, tmp_path: Path
) -> None:
    driver = driver_at(locked, tmp_path, "klap", ("someone@example.org", "close sesame"))
    before = open_sockets()
    error = await outcome(driver)
    assert isinstance(error, BadCredentials)
    assert "sesame" not in error.reason
    assert driver.stats.attempts == 1
    await no_socket_left(before)
    one_line = driver_at(locked, tmp_path, "klap", ("someone@example.org",))
    assert isinstance(await outcome(one_line), BadCredentials)


def test_a_login_belongs_to_the_protocols_that_have_one() -> None:
    for wrong in ({"protocol": "klap"}, {"login_file": "x"}, {"host": "a b"}):
        with pytest.raises(ValidationError):
            KasaDevice.model_validate({"host": "plug.local", **wrong})


async def test_a_device_that_is_killed_or_absent_is_unreachable_and_comes_back(
    bulb: FakeDevice,
) -> None:
    driver = driver_at(bulb)

    async def killing() -> None:
        bulb.peer.kill()

    await goes(driver, SetSwitch(OWN_ID, on=True), killing)
    bulb.peer.start()
    async with running(driver) as again:
        await driver.execute(SetSwitch(OWN_ID, on=True))
        await again.until(lambda: again.state(OWN_ID).on is True)
    absent = FakeDevice(bulb.peer, free_port(), 0)
    assert isinstance(await outcome(driver_at(absent)), Unreachable)


@pytest.mark.fault("frozen")
async def test_a_frozen_device_is_noticed_and_the_end_is_prompt(
    bulb: FakeDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    shorten = partial(monkeypatch.setattr, kasa, "ANSWER_LIMIT_S", 0.5)
    await freezes(driver_at(bulb), bulb, SetSwitch(OWN_ID, on=True), shorten)


@pytest.mark.fault("vanished")
async def test_a_device_that_vanishes_during_a_command_is_unreachable(bulb: FakeDevice) -> None:
    await vanishes(driver_at(bulb, poll_s=60), bulb, SetSwitch(OWN_ID, on=True))


async def test_an_answer_that_cannot_be_read_is_counted_and_the_next_one_counts(
    bulb: FakeDevice,
) -> None:
    driver = driver_at(bulb)
    async with running(driver) as port:
        await bulb.test("garbage", ["{", "7", "[]", '{"system": 7}', "\u0000"])
        while (await bulb.test("see"))["garbage"]:
            await asyncio.sleep(0.05)
        await bulb.test("change", {"light": {"brightness": 33}})
        await port.until(lambda: port.state(OWN_ID).level == 0.33)
        assert driver.stats.malformed >= 1
        assert (port.connections, driver.stats.attempts) == (1, 1)


class Answers(XorTransport):
    """The library's transport without a wire: a plug or bulb whose answers are damaged."""

    def __init__(self, thing: Thing) -> None:
        super().__init__(config=DeviceConfig("127.0.0.1"))
        self.thing, self.damage = thing, Random(5)
        self.damaging = False

    async def send(self, request: str) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self.thing.answer(request))
        if self.damaging:
            for _ in range(self.damage.randint(1, 3)):
                _damage(answer, self.damage)
        return answer


def _damage(part: Any, dice: Random) -> None:
    while isinstance(part, dict | list) and part:
        key = dice.choice(list(part)) if isinstance(part, dict) else dice.randrange(len(part))
        if isinstance(part[key], dict | list) and part[key] and dice.random() < 0.9:
            part = part[key]
            continue
        if dice.random() < 0.2:
            del part[key]
        else:
            part[key] = dice.choice([None, -1, 1e300, "x", [], {}, True, 99999, [1, 2], {"a": 1}])
        return


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "make"), [("plug", IotPlug), ("bulb", IotBulb)])
@pytest.mark.fault("fuzzed")
async def test_rubbish_is_read_or_refused_but_never_breaks(kind: str, make: Any) -> None:
    answers = Answers(Thing(kind))
    thing = make("127.0.0.1", protocol=IotProtocol(transport=answers))
    await thing.update()
    (before,) = devices_of("kasa", thing)
    answers.damaging, refused = True, 0
    for _ in range(5000):
        try:
            with kasa.reaching():
                await thing.update()
                devices_of("kasa", thing)
        except Unreachable:
            refused += 1
    assert 0 < refused < 5000
    answers.damaging = False
    await thing.update()
    assert devices_of("kasa", thing) == [before]
