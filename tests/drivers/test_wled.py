"""WLED strips: what the hub says against what the strip itself shows."""

import asyncio
import json
from collections.abc import Iterator
from functools import partial
from random import Random

import pytest
from structlog.testing import capture_logs

from drivers import lan, wled
from drivers.types import (
    BadCredentials,
    Colorful,
    Refused,
    SetLight,
    SetSwitch,
    SetZones,
    Switchable,
    Tunable,
    Unreachable,
    Zone,
    Zoned,
)
from tests.drivers.lan_rig import FakeDevice, damaged, freezes, no_socket_left, vanishes
from tests.drivers.wled_rig import IDS, controller, driver_at
from tests.fakes.port import RememberingPort
from tests.fakes.process import free_port
from tests.fakes.running import open_sockets, outcome, running

pytestmark = pytest.mark.peer


@pytest.fixture
def white() -> Iterator[FakeDevice]:
    with controller("rgbcct") as ready:
        yield ready


@pytest.fixture
def plain() -> Iterator[FakeDevice]:
    with controller("rgb") as ready:
        yield ready


async def test_what_is_commanded_is_what_the_strip_shows(white: FakeDevice) -> None:
    driver, me = driver_at(white), IDS["rgbcct"]
    async with running(driver) as port:
        found = port.devices[me]
        assert (found.name, found.capability(Tunable)) == ("Strip rgbcct", Tunable(1900, 10060))
        assert {Switchable(light=True), Colorful(), Zoned(10)} < set(found.capabilities)
        assert found.info is not None
        assert (found.info.manufacturer, found.info.version) == ("WLED", "0.15.0")
        assert found.state.values == {"link_quality": 80}
        await driver.execute(SetLight(me, level=0.4, kelvin=2700, transition_s=1.5))
        seen = await white.test("see")
        assert (seen["state"]["on"], seen["state"]["bri"]) == (True, 102)
        assert seen["state"]["seg"][0]["col"][0] == [0, 0, 0, 255]
        assert (seen["state"]["seg"][0]["cct"], seen["state"]["seg"][0]["fx"]) == (25, 0)
        assert seen["posts"][-1]["tt"] == 15
        await port.until(lambda: port.state(me).kelvin == 2700)
        assert (port.state(me).xy, port.state(me).level) == (None, 0.4)
        await driver.execute(SetLight(me, xy=(0.5, 0.4)))
        await port.until(lambda: port.state(me).xy is not None)
        assert port.state(me).xy == pytest.approx((0.5, 0.4), abs=0.004)
        assert (port.state(me).kelvin, port.state(me).level) == (None, 0.4)
        await driver.execute(SetLight(me, level=0))
        assert (await white.test("see"))["state"]["on"] is False
        await port.until(lambda: port.state(me).on is False)


async def test_a_strip_shows_several_colours_by_leds_or_by_segments(white: FakeDevice) -> None:
    red, blue = Zone((0.64, 0.33), 0.5), Zone((0.15, 0.06), 0.25)
    driver = driver_at(white)
    async with running(driver):
        await driver.execute(SetZones(IDS["rgbcct"], (red, blue)))
        seen = await white.test("see")
        assert seen["state"]["bri"] == 128
        assert seen["lit"] == [[255, 0, 0, 0]] * 5 + [[0, 0, 127, 0]] * 5
    with controller("segments") as three:
        driver, me = driver_at(three), IDS["segments"]
        async with running(driver) as port:
            assert port.devices[me].capability(Zoned) == Zoned(3)
            await driver.execute(SetZones(me, (red, blue)))
            seen = await three.test("see")
            colours = [segment["col"][0][:3] for segment in seen["state"]["seg"]]
            assert colours == [[255, 0, 0], [255, 0, 0], [0, 0, 127]]
            await driver.execute(SetZones(me, (Zone((0.3, 0.3), 0.0),)))
            assert (await three.test("see"))["state"]["on"] is False


async def test_a_change_by_another_app_is_told_at_once(white: FakeDevice) -> None:
    async with running(driver_at(white)) as port:
        await white.test("change", {"on": True, "bri": 51})
        await port.until(lambda: port.state(IDS["rgbcct"]).level == 0.2)
        await white.test("change", {"seg": {"col": [[255, 0, 0, 0]]}})
        await port.until(lambda: port.state(IDS["rgbcct"]).xy == (0.64, 0.33))
        await white.test("change", {"on": False})
        await white.test("change", {"on": False})
        await port.until(lambda: port.state(IDS["rgbcct"]).on is False)
        seen = [device.state for device in port.history]
        assert len(seen) == len({(s.on, s.level, s.xy, s.kelvin) for s in seen}), "told twice"


async def test_a_build_without_websocket_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wled, "POLL_S", 0.05)
    with controller("quiet") as quiet:
        async with running(driver_at(quiet)) as port:
            await quiet.test("change", {"bri": 51})
            await port.until(lambda: port.state(IDS["quiet"]).level == 0.2)


async def test_one_strip_that_is_away_does_not_hold_up_the_other(
    white: FakeDevice, plain: FakeDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lan, "RETRY_FIRST_S", 0.05)
    driver = driver_at(white, plain)
    with capture_logs() as logs:
        async with running(driver) as port:
            await port.until(lambda: len(port.devices) == 2)
            plain.peer.kill()
            await port.until(lambda: not port.devices[IDS["rgb"]].available)
            with pytest.raises(Unreachable):
                await driver.execute(SetSwitch(IDS["rgb"], on=True))
            await driver.execute(SetSwitch(IDS["rgbcct"], on=True))
            while driver.stats.attempts < 4:
                await asyncio.sleep(0.02)
            plain.peer.start()
            await port.until(lambda: port.devices[IDS["rgb"]].available)
            await driver.execute(SetSwitch(IDS["rgb"], on=True))
            assert port.connections == 1
    told = [(entry["event"], entry["device"]) for entry in logs]
    assert told == [("device_lost", "strip_1"), ("device_back", "strip_1")]


@pytest.mark.fault("refused")
async def test_a_login_before_the_strip_needs_a_person_and_is_not_hammered(
    plain: FakeDevice,
) -> None:
    await plain.test("login", True)
    driver = driver_at(plain)
    before = open_sockets()
    assert isinstance(await outcome(driver), BadCredentials)
    assert driver.stats.attempts == 1
    await no_socket_left(before)
    await plain.test("login", False)
    async with running(driver) as port:
        assert port.devices[IDS["rgb"]].available, "tried again when a person asks"


async def test_a_refusing_strip_is_left_alone_while_another_works(
    white: FakeDevice, plain: FakeDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lan, "RETRY_FIRST_S", 0.01)
    await plain.test("login", True)
    driver = driver_at(plain, white)
    async with running(driver) as port:
        await asyncio.sleep(0.2)
        assert driver.stats.attempts == 2
        assert set(port.devices) == {IDS["rgbcct"]}


async def test_the_same_strip_twice_is_one_device(
    plain: FakeDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lan, "RETRY_FIRST_S", 0.01)
    with capture_logs() as logs:
        async with running(driver_at(plain, plain)) as port:
            await port.until(lambda: IDS["rgb"] in port.devices)
            while not logs:
                await asyncio.sleep(0.02)
            assert port.devices[IDS["rgb"]].available
    assert "the same device as strip_" in logs[0]["reason"]


async def test_a_busy_strip_is_asked_again(plain: FakeDevice) -> None:
    driver = driver_at(plain)
    async with running(driver):
        await plain.test("busy", 1)
        await driver.execute(SetLight(IDS["rgb"], level=0.2))
        assert (await plain.test("see"))["state"]["bri"] == 51


@pytest.mark.fault("frozen")
async def test_a_frozen_strip_is_noticed_and_the_end_is_prompt(
    plain: FakeDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wled, "ASK_EVERY_S", 0.1)
    shorten = partial(monkeypatch.setattr, wled, "ANSWER_LIMIT_S", 0.3)
    await freezes(driver_at(plain), plain, SetSwitch(IDS["rgb"], on=True), shorten)


@pytest.mark.fault("vanished")
async def test_a_strip_that_vanishes_during_a_command_is_unreachable(plain: FakeDevice) -> None:
    await vanishes(driver_at(plain), plain, SetSwitch(IDS["rgb"], on=True))


async def test_nobody_there_is_unreachable() -> None:
    absent = FakeDevice(None, free_port(), 0)  # type: ignore[arg-type]
    driver = driver_at(absent)
    assert isinstance(await outcome(driver), Unreachable)
    with pytest.raises(Refused):
        await driver.execute(SetSwitch(IDS["rgb"], on=True))
    assert isinstance(await outcome(driver_at()), BadCredentials)


@pytest.mark.slow
@pytest.mark.fault("fuzzed")
async def test_rubbish_is_counted_and_changes_no_identity(plain: FakeDevice) -> None:
    dice, driver, me = Random(5), driver_at(plain), IDS["rgb"]
    seen = await plain.test("see")
    whole = json.dumps({"state": seen["state"], "info": seen["info"]})
    async with running(driver) as port:
        for batch in range(1, 21):
            await plain.test("raw", [damaged(whole, dice) for _ in range(500)])
            await plain.test("raw", ["[]", "7", "null", '"x"', "{}", '{"state": 7}', "\u0000"])
            await plain.test("change", {"bri": batch})
            await port.until(lambda: port.state(me).level == round(batch / 255, 4))  # noqa: B023
        assert driver.stats.malformed > 1000
        assert set(port.devices) == {me}
        assert port.connections == 1
        assert driver.stats.attempts == 1
        await driver.execute(SetLight(me, level=0.5))


async def test_another_controller_at_the_address_replaces_the_first(plain: FakeDevice) -> None:
    driver = driver_at(plain)
    port = RememberingPort()
    run = asyncio.create_task(driver.run(port))
    await port.until(lambda: port.connections == 1)
    await plain.test("info", {"mac": "ffeeddccbbaa"})
    await plain.test("drop")
    with pytest.raises(Unreachable):
        await run
    async with running(driver) as again:
        await again.until(lambda: again.removed == [IDS["rgb"]])
        assert [device.id for device in again.devices.values()] == ["wled:ffeeddccbbaa"]
