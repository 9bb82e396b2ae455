"""LIFX lights: what the hub says against what the emulator's own API says."""

import asyncio
import contextlib
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lifx import Light

from drivers import lifx
from drivers.lifx_color import hue_of, xy_of
from drivers.types import (
    Colorful,
    DeviceId,
    Refused,
    SetLight,
    SetSwitch,
    SetZones,
    Tunable,
    Unreachable,
    Zone,
    Zoned,
)
from tests.drivers.fault_rigs import light_state, throw
from tests.drivers.lifx_rig import (
    COLOUR,
    COLOUR_ID,
    STRIP,
    STRIP_ID,
    WHITE,
    WHITE_ID,
    Emulator,
    driver_at,
    emulator,
    free_udp_port,
)
from tests.fakes.port import RememberingPort
from tests.fakes.running import open_sockets, outcome, running
from tests.fakes.waiting import eventually

pytestmark = pytest.mark.peer


@pytest.fixture(scope="module")
def house() -> Iterator[Emulator]:
    with emulator() as ready:
        yield ready


async def test_lights_are_found_with_what_they_can_do(house: Emulator) -> None:
    async with running(driver_at(house.port)) as port:
        await port.until(lambda: len(port.devices) == 3)
        assert set(port.devices) == {COLOUR_ID, WHITE_ID, STRIP_ID}
        assert port.devices[WHITE_ID].capability(Colorful) is None
        assert port.devices[WHITE_ID].capability(Tunable) == Tunable(1500, 9000)
        assert port.devices[STRIP_ID].capability(Zoned) == Zoned(8)
        info = port.devices[COLOUR_ID].info
        assert info is not None
        assert (info.manufacturer, info.version, info.suggested_room) == (
            "LIFX",
            "3.70",
            "Test Group",
        )


async def test_what_is_commanded_is_what_the_light_says(house: Emulator) -> None:
    driver = driver_at(house.port)
    async with running(driver) as port:
        await driver.execute(SetLight(COLOUR_ID, level=0.25, kelvin=2700))
        light = await house.seen(COLOUR)
        assert light["color"]["brightness"] == pytest.approx(0.25 * 65535, abs=2)
        assert (light["color"]["kelvin"], light["color"]["saturation"]) == (2700, 0)
        await port.until(lambda: port.state(COLOUR_ID).kelvin == 2700)
        assert port.state(COLOUR_ID).xy is None
        await driver.execute(SetLight(COLOUR_ID, xy=(0.5, 0.4)))
        await port.until(lambda: port.state(COLOUR_ID).xy is not None)
        assert port.state(COLOUR_ID).xy == pytest.approx((0.5, 0.4), abs=0.003)
        assert port.state(COLOUR_ID).level == 0.25, "what is not said stays"
        await driver.execute(SetSwitch(COLOUR_ID, on=False))
        assert (await house.seen(COLOUR))["power_level"] == 0
        await port.until(lambda: port.state(COLOUR_ID).on is False)
        await driver.execute(SetLight(COLOUR_ID, level=0.6))
        assert (await house.seen(COLOUR))["power_level"] == 65535
        await port.until(lambda: port.state(COLOUR_ID).level == 0.6)
        with pytest.raises(Refused):
            await driver.execute(SetLight(WHITE_ID, xy=(0.5, 0.4)))
        await driver.execute(SetLight(WHITE_ID, kelvin=20_000))
        await port.until(lambda: port.state(WHITE_ID).kelvin == 9000)


async def test_a_strip_shows_zones(house: Emulator) -> None:
    driver = driver_at(house.port)
    async with running(driver):
        red, blue = Zone((0.64, 0.33), 0.5), Zone((0.15, 0.06), 0.25)
        await driver.execute(SetZones(STRIP_ID, (red, blue)))
        zones = (await house.seen(STRIP))["zone_colors"]
        assert [round(zone["hue"] / 65536 * 360) % 360 for zone in zones] == [0] * 4 + [240] * 4
        assert [round(zone["brightness"] / 65535, 2) for zone in zones] == [0.5] * 4 + [0.25] * 4
        with pytest.raises(Refused):
            await driver.execute(SetZones(COLOUR_ID, (red,)))
        with pytest.raises(Refused):
            await driver.execute(SetZones(STRIP_ID, ()))


async def test_a_change_by_the_lights_own_app_is_seen(house: Emulator) -> None:
    async with running(driver_at(house.port)) as port:
        color = {"hue": 0, "saturation": 0, "brightness": 6554, "kelvin": 4000}
        await house.by_hand(WHITE, power_level=65535, color=color)
        await port.until(lambda: port.state(WHITE_ID).level == pytest.approx(0.1, abs=0.001))
        assert port.state(WHITE_ID).kelvin == 4000
        await house.by_hand(WHITE, power_level=0)
        await port.until(lambda: port.state(WHITE_ID).on is False)


async def test_nobody_there_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lifx, "SWEEP_S", 0.3)
    before = open_sockets()
    assert "no LIFX light answers" in str(await outcome(driver_at(free_udp_port())))
    await asyncio.sleep(0.1)  # a transport closes its socket a turn of the loop later
    assert open_sockets() == before
    driver = driver_at(free_udp_port())
    with pytest.raises(Refused):
        await driver.execute(SetSwitch(DeviceId("lifx:d073d5999999"), on=True))


@pytest.mark.fault("frozen")
async def test_a_frozen_network_is_noticed_and_does_not_hold_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lifx, "ANSWER_LIMIT_S", 0.3)
    with emulator() as house:
        driver = driver_at(house.port)
        before = open_sockets()
        run = asyncio.create_task(outcome(driver))
        while driver.stats.polls < 3:
            await asyncio.sleep(0.05)
        house.freeze()
        with pytest.raises(Unreachable):
            async with asyncio.timeout(5):
                await driver.execute(SetSwitch(COLOUR_ID, on=True))
        error = await run
        assert "any more" in str(error)
        assert driver.stats.missed >= 3
        assert open_sockets() == before
        with pytest.raises(Unreachable):
            await driver.execute(SetSwitch(COLOUR_ID, on=True))


@pytest.mark.fault("fuzzed")
async def test_ten_thousand_damaged_answers(
    house: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lifx, "ANSWER_LIMIT_S", 10.0)
    dice = Random(9)
    whole = light_state(COLOUR, on=True)
    driver = driver_at(house.port)
    async with running(driver) as port:
        known = set(port.devices)
        for _ in range(20):
            damaged = []
            for _ in range(500):
                data = bytearray(whole)
                for _ in range(dice.randint(1, 4)):
                    data[dice.randrange(len(data))] = dice.randrange(256)
                damaged.append(bytes(data[: dice.randint(0, len(data))]))
            polls = driver.stats.polls
            throw(*damaged)
            # The kernel drops what is too much for it, answers too: they are given their time.
            await eventually(lambda: driver.stats.polls > polls + 3)  # noqa: B023 - at once
        await house.by_hand(WHITE, power_level=65535)
        await port.until(lambda: port.state(WHITE_ID).on is True)
        await house.by_hand(WHITE, power_level=0)
        await port.until(lambda: port.state(WHITE_ID).on is False)
        assert set(port.devices) == known


@given(st.floats(0, 359.9), st.floats(0.05, 1))
def test_a_colour_there_and_back_is_the_same(hue: float, saturation: float) -> None:
    again = hue_of(xy_of(hue, saturation))
    assert xy_of(*again) == pytest.approx(xy_of(hue, saturation), abs=0.002)
    assert again[1] == pytest.approx(saturation, abs=0.02)


def test_every_chromaticity_has_a_colour() -> None:
    dice = Random(1)
    for _ in range(10_000):
        hue, saturation = hue_of((dice.random(), dice.random()))
        assert 0 <= hue < 360
        assert 0 <= saturation <= 1
    assert xy_of(0, 0) == pytest.approx((0.3127, 0.3290), abs=0.0002)
    assert xy_of(0, 1) == pytest.approx((0.64, 0.33), abs=0.0002)


@pytest.mark.parametrize("poll_s", [0.2, 30.0])
async def test_an_answer_at_the_moment_of_the_end_does_not_keep_it_going(
    house: Emulator, monkeypatch: pytest.MonkeyPatch, poll_s: float
) -> None:
    asked, really = asyncio.Event(), Light.get_color

    async def answered_meanwhile(light: Light) -> Any:
        """Do what asyncio.wait_for of Python 3.11 does with a cancellation."""
        answer = await really(light)
        if asyncio.current_task() is not task:
            asked.set()
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(30)
        return answer

    monkeypatch.setattr(Light, "get_color", answered_meanwhile)
    driver, port = driver_at(house.port, poll_s=poll_s), RememberingPort()
    task = asyncio.create_task(driver.run(port))
    await port.until(lambda: port.connections == 1)
    await driver.execute(SetSwitch(COLOUR_ID, on=True))  # which looks again at once
    await asyncio.wait_for(asked.wait(), 10)
    task.cancel()
    await asyncio.wait({task}, timeout=10)
    assert task.cancelled()
