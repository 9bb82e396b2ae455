"""The Hue driver against a bridge of its own process: https, event stream, link button."""

import asyncio
import json
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from drivers import hue
from drivers.hue_pairing import PairArguments
from drivers.types import (
    BadCredentials,
    Colorful,
    DeviceId,
    Dimmable,
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
from tests.drivers.hue_rig import LAMP_ID, MOTION_ID, PLUG_ID, REMOTE_ID, STRIP_ID, House, house
from tests.fakes.hue_bridge import COLOUR, MOTION, REMOTE, STRIP, owned
from tests.fakes.port import RememberingPort
from tests.fakes.running import open_sockets, outcome, running

pytestmark = pytest.mark.peer


@pytest.fixture
def home(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path) as ready:
        yield ready


async def test_lamps_sensors_and_buttons_are_found(home: House, tmp_path: Path) -> None:
    async with running(home.driver(tmp_path)) as port:
        assert set(port.devices) == {LAMP_ID, STRIP_ID, PLUG_ID, MOTION_ID, REMOTE_ID}
        lamp = port.devices[LAMP_ID]
        assert lamp.name == "Ceiling"
        assert lamp.info is not None
        assert lamp.info.suggested_room == "Living room"
        assert lamp.capability(Tunable) == Tunable(2000, 6536)
        assert {Switchable(light=True), Dimmable(254), Colorful()} < set(lamp.capabilities)
        assert port.devices[STRIP_ID].capability(Zoned) == Zoned(5)
        assert port.devices[PLUG_ID].capabilities == (Switchable(light=False),)
        assert port.state(MOTION_ID).values == {
            "motion": False,
            "temperature": 21.37,
            "illuminance": 100.0,
            "battery": 80,
        }
        await home.test(
            "change", {"id": owned(MOTION, "motion"), "motion": {"motion_report": {"motion": True}}}
        )
        await port.until(lambda: port.state(MOTION_ID).values["motion"] is True)


async def test_commands_reach_the_lamp_and_its_state_comes_back(
    home: House, tmp_path: Path
) -> None:
    driver = home.driver(tmp_path)
    async with running(driver) as port:
        await driver.execute(SetLight(LAMP_ID, level=0.4, kelvin=2700, transition_s=1.5))
        await port.until(lambda: port.state(LAMP_ID).on is True)
        assert port.state(LAMP_ID).level == 0.4
        assert port.state(LAMP_ID).kelvin == pytest.approx(2700, abs=5)
        assert port.state(LAMP_ID).xy is None
        await driver.execute(SetLight(LAMP_ID, xy=(0.2, 0.3)))
        await port.until(lambda: port.state(LAMP_ID).xy == (0.2, 0.3))
        assert port.state(LAMP_ID).kelvin is None
        light = await home.resource(owned(COLOUR, "light"))
        assert (light["on"]["on"], light["dimming"]["brightness"]) == (True, 40.0)
        puts = (await home.test("state"))["puts"]
        assert puts[0][1]["dynamics"] == {"duration": 1500}
        await driver.execute(SetLight(LAMP_ID, level=0))
        await driver.execute(SetSwitch(PLUG_ID, on=True))
        await port.until(lambda: port.state(LAMP_ID).on is False and port.state(PLUG_ID).on is True)


async def test_a_strip_shows_several_colours(home: House, tmp_path: Path) -> None:
    driver = home.driver(tmp_path)
    async with running(driver):
        await driver.execute(SetZones(STRIP_ID, (Zone((0.6, 0.3), 0.2), Zone((0.2, 0.1), 0.5))))
        strip = await home.resource(owned(STRIP, "light"))
        points = [point["color"]["xy"] for point in strip["gradient"]["points"]]
        assert points == [{"x": 0.6, "y": 0.3}, {"x": 0.2, "y": 0.1}]
        assert strip["dimming"]["brightness"] == 50.0
        await driver.execute(SetZones(STRIP_ID, (Zone((0.6, 0.3), 0.2),) * 9))
        strip = await home.resource(owned(STRIP, "light"))
        assert len(strip["gradient"]["points"]) == 5


async def test_the_lamps_of_a_room_change_in_one_request(home: House, tmp_path: Path) -> None:
    driver = home.driver(tmp_path)
    async with running(driver) as port:
        both = [SetLight(one, level=0.3) for one in (LAMP_ID, STRIP_ID)]
        assert list(await driver.execute_together(both)) == [None, None]
        await port.until(lambda: all(port.state(one).level == 0.3 for one in (LAMP_ID, STRIP_ID)))
        puts = (await home.test("state"))["puts"]
        assert len(puts) == 1
        assert "/grouped_light/" in puts[0][0]
        odd = [SetLight(LAMP_ID, level=0.6), SetLight(PLUG_ID, level=0.6)]
        done, refused = await driver.execute_together(odd)
        assert done is None
        assert isinstance(refused, Refused)
        await port.until(lambda: port.state(LAMP_ID).level == 0.6)


async def test_presses_are_told_once_each(home: House, tmp_path: Path) -> None:
    async with running(home.driver(tmp_path)) as port:
        for event, number in (("initial_press", 1), ("short_release", 1), ("long_press", 2)):
            report = {"button_report": {"event": event, "updated": "2026-01-01T00:00:00Z"}}
            await home.test("change", {"id": owned(REMOTE, "button", number), "button": report})
        await port.until(lambda: len(port.presses) == 2)
        assert port.presses == [(REMOTE_ID, "single"), (REMOTE_ID, "hold_2")]


async def test_a_lamp_without_power_is_away_and_a_deleted_one_gone(
    home: House, tmp_path: Path
) -> None:
    async with running(home.driver(tmp_path)) as port:
        link = {"id": owned(COLOUR, "zigbee_connectivity"), "status": "connectivity_issue"}
        await home.test("change", link)
        await port.until(lambda: not port.devices[LAMP_ID].available)
        await home.test("change", link | {"status": "connected"})
        await port.until(lambda: port.devices[LAMP_ID].available)
        await home.test("delete", {"id": owned(COLOUR, "light")})
        await port.until(lambda: port.removed == [LAMP_ID])


async def test_what_was_deleted_while_away_is_gone_when_it_is_back(
    home: House, tmp_path: Path
) -> None:
    driver = home.driver(tmp_path)
    port = RememberingPort()
    run = asyncio.create_task(driver.run(port))
    await port.until(lambda: port.connections == 1)
    await home.test("drop")
    with pytest.raises(Unreachable, match="closed"):
        await run
    assert not any(device.available for device in port.devices.values())
    await home.test("delete", {"id": owned(STRIP, "light"), "silently": True})
    async with running(driver) as again:
        assert again.removed == [STRIP_ID]
        assert again.devices[LAMP_ID].available


async def test_pairing_waits_for_the_button_and_keeps_a_secret(home: House, tmp_path: Path) -> None:
    folder = tmp_path / "own"
    driver = home.driver(folder, paired=False)
    port = RememberingPort()
    run = asyncio.create_task(driver.run(port))
    (pair,) = driver.operations()
    told: list[str] = []
    asking = asyncio.ensure_future(pair.run(PairArguments(), told.append))
    await asyncio.sleep(0.2)
    assert not asking.done()
    await home.test("press")
    answer = await asking
    assert answer["certificate_sha256"] == home.pairing.certificate
    assert "fresh-key" not in json.dumps(answer)
    assert told == ["press the button on the bridge now"]
    assert stat.S_IMODE((folder / "bridge.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    await port.until(lambda: port.connections == 1)
    run.cancel()
    await asyncio.wait({run}, timeout=10.0)
    async with running(home.driver(folder, paired=False)) as again:
        assert again.devices[LAMP_ID].available


@pytest.mark.fault("refused")
async def test_another_certificate_is_not_spoken_to(home: House, tmp_path: Path) -> None:
    wrong = replace(home.pairing, certificate="00" * 32)
    wrong.save(tmp_path / "own")
    before = open_sockets()
    error = await outcome(home.driver(tmp_path / "own", paired=False))
    assert isinstance(error, BadCredentials)
    assert "certificate" in error.reason
    await asyncio.sleep(0.1)  # the connection says goodbye to the bridge, which is alive
    assert open_sockets() == before
    state = await home.test("state")
    assert state["puts"] == []


@pytest.mark.fault("refused")
async def test_a_forgotten_key_and_a_broken_file_need_a_person(home: House, tmp_path: Path) -> None:
    await home.test("forget_keys")
    error = await outcome(home.driver(tmp_path))
    assert isinstance(error, BadCredentials)
    assert "a-very-secret-key" not in error.reason
    (tmp_path / "bridge.json").write_text("{")
    assert isinstance(await outcome(home.driver(tmp_path, paired=False)), BadCredentials)


async def test_a_busy_bridge_is_asked_again(home: House, tmp_path: Path) -> None:
    driver = home.driver(tmp_path)
    async with running(driver):
        await home.test("busy", 1)
        await driver.execute(SetSwitch(LAMP_ID, on=True))
        assert (await home.resource(owned(COLOUR, "light")))["on"]["on"] is True


@pytest.mark.fault("frozen")
async def test_a_frozen_bridge_is_noticed_and_the_end_is_prompt(
    home: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hue, "ASK_EVERY_S", 0.1)
    monkeypatch.setattr("drivers.hue_bridge.ANSWER_LIMIT_S", 0.3)
    driver = home.driver(tmp_path)
    before = open_sockets()
    async with running(driver):
        home.peer.freeze()
        with pytest.raises(Unreachable):
            await driver.execute(SetSwitch(LAMP_ID, on=True))
    assert open_sockets() == before
    run = asyncio.create_task(outcome(driver))
    assert isinstance(await run, Unreachable)
    home.peer.thaw()


@pytest.mark.fault("fuzzed")
async def test_rubbish_in_the_stream_is_counted_and_the_rest_goes_on(
    home: House, tmp_path: Path
) -> None:
    dice = Random(5)
    driver = home.driver(tmp_path)
    whole = json.dumps(
        [{"type": "update", "data": [{"id": owned(COLOUR, "light"), "on": {"on": True}}]}]
    ).encode()
    lines = []
    for _ in range(10_000):
        line = bytearray(whole)
        for _ in range(dice.randint(1, 4)):
            line[dice.randrange(len(line))] = dice.choice(b'{}[]",:0aZ')
        lines.append(b"data: " + bytes(line) + b"\n")
    async with running(driver) as port:
        for start in range(0, len(lines), 1000):
            await home.test("raw", b"".join(lines[start : start + 1000]).hex())
        await home.test("raw", b"\n\ndata: [{}]\n\n".hex())
        await home.test(
            "change",
            {"id": owned(STRIP, "light"), "on": {"on": True}, "dimming": {"brightness": 7}},
        )
        await port.until(lambda: port.state(STRIP_ID).level == 0.07)
        assert driver.stats.malformed > 5000
        assert port.connections == 1


async def test_odd_resources_are_left_out(home: House, tmp_path: Path) -> None:
    async with running(home.driver(tmp_path)) as port:
        odd = {"id": owned(COLOUR, "light", 7), "type": "light", "on": 7, "owner": {"rid": COLOUR}}
        await home.test("add", odd)
        await home.test("change", {"id": owned(STRIP, "light"), "on": {"on": True}})
        await port.until(lambda: port.state(STRIP_ID).on is True)
        assert DeviceId(f"hue:{odd['id']}") not in port.devices
    driver = home.driver(tmp_path)
    async with running(driver) as port:
        assert driver.stats.malformed == 1
        assert LAMP_ID in port.devices
