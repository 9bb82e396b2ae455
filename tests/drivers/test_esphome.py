"""ESPHome nodes: what the hub says against what the node itself holds; plain and encrypted."""

import asyncio
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from drivers import esphome, lan
from drivers.types import (
    Adjusts,
    BadCredentials,
    Blows,
    Colorful,
    Covers,
    Heats,
    Measures,
    Press,
    Presses,
    Selects,
    SetCover,
    SetFan,
    SetLight,
    SetNumber,
    SetOption,
    SetSwitch,
    SetTemperature,
    Tunable,
    Unreachable,
)
from tests.drivers.esphome_rig import KEY, NODE_ID, OTHER_KEY, driver_at, entity, node
from tests.drivers.lan_rig import FakeDevice, freezes, no_socket_left, vanishes
from tests.fakes.port import RememberingPort
from tests.fakes.process import free_port
from tests.fakes.running import open_sockets, outcome, running

pytestmark = pytest.mark.peer

LAMP, WHITES, PLUG = entity("light", "lamp"), entity("light", "whites"), entity("switch", "plug")


@pytest.fixture
def hall() -> Iterator[FakeDevice]:
    with node(KEY) as ready:
        yield ready


@pytest.fixture
def plain() -> Iterator[FakeDevice]:
    with node() as ready:
        yield ready


async def test_a_node_is_found_with_all_that_it_has(hall: FakeDevice, tmp_path: Path) -> None:
    async with running(driver_at(hall, tmp_path, KEY)) as port:
        can = {str(key): device.capabilities for key, device in port.devices.items()}
        assert len(can) == 10
        lamp = port.devices[LAMP]
        assert (lamp.name, lamp.capability(Tunable)) == ("Hall Lamp", Tunable(2000, 6536))
        assert lamp.capability(Colorful)
        assert port.devices[WHITES].capability(Colorful) is None
        assert can[entity("fan", "fan")][1] == Blows(4)
        assert can[entity("cover", "blind")] == (Covers(True),)
        assert can[entity("climate", "heat")] == (Heats(7, 30, 0.5), Measures(("temperature",)))
        assert can[entity("number", "number")] == (Adjusts(0, 10, 1),)
        assert can[entity("select", "choice")] == (Selects(("calm", "lively")),)
        assert can[entity("button", "chime")] == (Presses(),)
        assert not any("restart" in key for key in can), "what sets the node up is left alone"
        own = port.devices[NODE_ID]
        assert own.capabilities == (Measures(("contact", "locked", "temperature")),)
        assert own.state.values == {"contact": False, "locked": True, "temperature": 21.5}
        assert own.info is not None
        assert (own.info.version, own.info.suggested_room) == ("2026.5.1", "Corridor")
        assert port.state(entity("climate", "heat")).target_c == 19


async def test_what_is_commanded_is_what_the_node_holds(hall: FakeDevice, tmp_path: Path) -> None:
    driver = driver_at(hall, tmp_path, KEY)
    async with running(driver) as port:
        await driver.execute(SetLight(LAMP, level=0.25, kelvin=2700, transition_s=1.5))
        command = (await hall.test("see"))["commands"][-1]
        assert (command["brightness"], command["transition_length"]) == (0.25, 1500)
        await port.until(lambda: port.state(LAMP).kelvin == 2700)
        assert (port.state(LAMP).level, port.state(LAMP).xy) == (0.25, None)
        await driver.execute(SetLight(LAMP, xy=(0.5, 0.4)))
        await port.until(lambda: port.state(LAMP).xy is not None)
        assert port.state(LAMP).xy == pytest.approx((0.5, 0.4), abs=0.002)
        assert port.state(LAMP).level == 0.25
        await driver.execute(SetLight(WHITES, kelvin=4000))
        await port.until(lambda: port.state(WHITES).kelvin == 4000)
        await driver.execute(SetLight(LAMP, level=0))
        await port.until(lambda: port.state(LAMP).on is False)
        await driver.execute(SetSwitch(PLUG, on=True))
        fan, blind = entity("fan", "fan"), entity("cover", "blind")
        await driver.execute(SetFan(fan, 0.5))
        await driver.execute(SetCover(blind, 0.3))
        await driver.execute(SetTemperature(entity("climate", "heat"), 99))
        await driver.execute(SetNumber(entity("number", "number"), 7))
        await driver.execute(SetOption(entity("select", "choice"), "lively"))
        await driver.execute(Press(entity("button", "chime")))
        seen = await hall.test("see")
        assert seen["states"]["3"]["state"] is True
        assert seen["states"]["4"] == {"key": 4, "state": True, "speed_level": 2}
        assert seen["commands"][-1]["message"] == "ButtonCommandRequest"
        await port.until(lambda: port.state(entity("select", "choice")).values["option"] != "calm")
        assert port.state(fan).values == {"speed": 0.5}
        assert port.state(blind).values == {"position": 0.3}
        assert port.state(entity("climate", "heat")).target_c == 30
        assert port.state(entity("number", "number")).values == {"number": 7.0}


async def test_a_hand_at_the_node_is_told_at_once(plain: FakeDevice) -> None:
    async with running(driver_at(plain)) as port:
        await plain.test("change", {"key": 3, "state": True})
        await port.until(lambda: port.state(PLUG).on is True)
        await plain.test("change", {"key": 11, "state": True})
        await plain.test("change", {"key": 10, "missing_state": True})
        await port.until(lambda: port.state(NODE_ID).values == {"contact": True, "locked": True})
        count = len(port.history)
        await plain.test("change", {"key": 3, "state": True})
        await plain.test("press", "double")
        await port.until(lambda: port.presses == [(NODE_ID, "double")])
        assert len(port.history) == count, "the same state again is no news"


@pytest.mark.parametrize(("has", "given"), [(KEY, OTHER_KEY), (KEY, ""), ("", KEY), (KEY, "short")])
@pytest.mark.fault("refused")
async def test_a_wrong_key_needs_a_person_and_is_not_hammered(
    has: str, given: str, hall: FakeDevice, plain: FakeDevice, tmp_path: Path
) -> None:
    one = hall if has else plain
    driver = driver_at(one, tmp_path if given else None, given)
    before, connections = open_sockets(), (await one.test("see"))["connections"]
    error = await outcome(driver)
    assert isinstance(error, BadCredentials)
    assert driver.stats.attempts == 1
    assert given == "" or given not in error.reason
    await no_socket_left(before)
    assert (await one.test("see"))["connections"] <= connections + 1


async def test_a_key_file_that_cannot_be_read_needs_a_person(
    plain: FakeDevice, tmp_path: Path
) -> None:
    driver = driver_at(plain, tmp_path, KEY)
    (tmp_path / "hall.key").unlink()
    assert isinstance(await outcome(driver), BadCredentials)


async def test_a_node_that_closes_or_is_absent_is_unreachable_and_comes_back(
    plain: FakeDevice,
) -> None:
    driver, port = driver_at(plain), RememberingPort()
    run = asyncio.create_task(driver.run(port))
    await port.until(lambda: port.connections == 1)
    await plain.test("drop")
    with pytest.raises(Unreachable):
        await run
    assert not any(device.available for device in port.devices.values())
    with pytest.raises(Unreachable):
        await driver.execute(SetSwitch(PLUG, on=True))
    async with running(driver) as again:
        assert again.devices[PLUG].available
        await driver.execute(SetSwitch(PLUG, on=False))
    absent = FakeDevice(plain.peer, free_port(), 0)
    assert isinstance(await outcome(driver_at(absent)), Unreachable)


@pytest.mark.fault("frozen")
async def test_a_frozen_node_is_noticed_and_the_end_is_prompt(
    plain: FakeDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(esphome, "KEEPALIVE_S", 0.2)
    shorten = partial(monkeypatch.setattr, esphome, "ANSWER_LIMIT_S", 0.3)
    await freezes(driver_at(plain), plain, SetSwitch(PLUG, on=True), shorten)


@pytest.mark.fault("vanished")
async def test_a_node_that_vanishes_during_a_command_is_unreachable(plain: FakeDevice) -> None:
    await vanishes(driver_at(plain), plain, SetSwitch(PLUG, on=True))


@pytest.mark.slow
@pytest.mark.fault("fuzzed")
async def test_rubbish_is_counted_and_the_rest_goes_on(plain: FakeDevice) -> None:
    driver = driver_at(plain)
    async with running(driver) as port:
        names = set(port.devices)
        for _ in range(20):
            await plain.test("rubbish", 500)
        for odd in ("NaN", "Infinity"):
            await plain.test("change", {"key": 7, "state": float(odd)})
        await plain.test("change", {"key": 7, "state": 9.0})
        await port.until(lambda: port.state(entity("number", "number")).values.get("number") == 9.0)
        assert set(port.devices) == names
        assert driver.stats.malformed >= 2
        assert (port.connections, driver.stats.attempts) == (1, 1)


async def test_what_cannot_be_decoded_ends_the_connection_and_is_not_logged(
    plain: FakeDevice, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(lan, "RETRY_FIRST_S", 0.05)
    driver, port = driver_at(plain), RememberingPort()
    run = asyncio.create_task(driver.run(port))
    await port.until(lambda: port.connections == 1)
    with capture_logs() as logs:
        await plain.test("raw", [26, b"secret\xff\xff".hex()])
        with pytest.raises(Unreachable):
            await run
    assert "secret" not in caplog.text + str(logs)
