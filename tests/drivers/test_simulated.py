"""The simulated room: marked as such, obedient, and with bodies as real sensors give them."""

import asyncio
import itertools
import math
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random
from typing import Any

import pytest

from drivers import simulated
from drivers.simulated import SimulatedDriver
from drivers.simulated_body import BEAT_GRID, SKIN_RATE_HZ, Heart, Skin
from drivers.simulated_settings import SimulatedSettings
from drivers.types import (
    DeviceId,
    DeviceState,
    HeartSample,
    PlayMusic,
    Refused,
    SetLight,
    SetSwitch,
    SetTemperature,
    SetVolume,
    SkinSample,
    StopMusic,
    Unreachable,
)
from tests.fakes.port import RememberingPort

KINDS = ("lamp", "player", "thermostat", "heart_strap", "skin", "presence")
LAMP, PLAYER = DeviceId("simulated:lamp"), DeviceId("simulated:player")
THERMOSTAT = DeviceId("simulated:thermostat")


def room(**more: Any) -> SimulatedDriver:
    given = {"devices": {kind: {"kind": kind} for kind in KINDS}} | more
    return SimulatedDriver(SimulatedSettings.model_validate(given), time.monotonic)


@asynccontextmanager
async def running(driver: SimulatedDriver) -> AsyncIterator[RememberingPort]:
    port = RememberingPort()
    run = asyncio.create_task(driver.run(port))
    try:
        await port.until(lambda: port.connections == 1)
        yield port
    finally:
        run.cancel()
        await asyncio.wait({run}, timeout=10.0)
        assert run.cancelled()


async def test_every_device_is_marked_as_simulated() -> None:
    async with running(room()) as port:
        assert len(port.devices) == len(KINDS)
        assert all(device.simulated and device.available for device in port.devices.values())
    assert not any(device.available for device in port.devices.values())


async def test_a_lamp_does_as_it_is_told() -> None:
    driver = room()
    async with running(driver) as port:
        await driver.execute(SetLight(LAMP, level=0.4, kelvin=3000))
        assert port.state(LAMP) == DeviceState(on=True, level=0.4, kelvin=3000)
        await driver.execute(SetLight(LAMP, xy=(0.2, 0.3)))
        assert port.state(LAMP) == DeviceState(on=True, level=0.4, xy=(0.2, 0.3))
        await driver.execute(SetLight(LAMP, level=0))
        assert port.state(LAMP).on is False
        await driver.execute(SetSwitch(LAMP, on=True))
        assert port.state(LAMP).on is True
        assert port.state(LAMP).level == 0.4


async def test_a_player_and_a_thermostat_do_too() -> None:
    driver = room()
    async with running(driver) as port:
        await driver.execute(PlayMusic(PLAYER, 0.5, -0.2, 0.6))
        assert port.state(PLAYER).playing == "calm, bright music"
        assert port.state(PLAYER).volume == 0.6
        await driver.execute(SetVolume(PLAYER, 0.1))
        await driver.execute(StopMusic(PLAYER))
        assert port.state(PLAYER) == DeviceState(volume=0.1)
        await driver.execute(PlayMusic(PLAYER, 0.5, 0.5))
        assert port.state(PLAYER).volume == 0.1
        await driver.execute(SetTemperature(THERMOSTAT, 50))
        assert port.state(THERMOSTAT).target_c == 30


async def test_what_it_cannot_do_is_refused_and_changes_nothing() -> None:
    driver = room()
    async with running(driver) as port:
        before = dict(port.devices)
        for command in (
            SetLight(PLAYER, on=True),
            SetTemperature(LAMP, 20),
            PlayMusic(LAMP, 0, 0),
            StopMusic(THERMOSTAT),
            SetVolume(LAMP, 1),
            SetSwitch(DeviceId("simulated:heart_strap"), True),
            SetSwitch(DeviceId("simulated:nothing"), True),
        ):
            with pytest.raises(Refused):
                await driver.execute(command)
        assert port.devices == before


async def test_commands_take_the_latency_that_is_asked_for() -> None:
    driver = room(latency_ms=50)
    async with running(driver):
        started = time.monotonic()
        await driver.execute(SetSwitch(LAMP, on=True))
        assert time.monotonic() - started >= 0.05


async def test_commands_to_a_room_that_is_not_there_are_unreachable() -> None:
    with pytest.raises(Unreachable):
        await room().execute(SetSwitch(LAMP, on=True))


async def test_a_hand_on_the_switch_is_seen() -> None:
    driver = room()
    async with running(driver) as port:
        driver.by_hand(LAMP, DeviceState(on=True, level=0.9))
        assert port.state(LAMP).level == 0.9


async def test_samples_come_at_the_real_rate_and_never_in_a_state(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(simulated, "SAMPLE_EVERY_S", 0.5)
    async with running(room()) as port:
        await port.until(lambda: len(port.samples) >= 6)
        hearts = [s for s in port.samples if isinstance(s, HeartSample)]
        skins = [s for s in port.samples if isinstance(s, SkinSample)]
        beats = [rr for sample in hearts for rr in sample.rr_s]
        elapsed_s = 0.5 * len(hearts)
        assert sum(beats) == pytest.approx(elapsed_s, abs=1.5)
        assert all(len(s.microsiemens) == SKIN_RATE_HZ * 0.5 for s in skins)
        assert hearts[0].contact
        for kind in ("heart_strap", "skin"):
            assert port.state(f"simulated:{kind}") == DeviceState()


async def test_rooms_warm_and_people_come_and_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulated, "WARMS_EVERY_S", 0.01)
    monkeypatch.setattr(simulated, "AT_HOME_S", (0.01, 0.02))
    monkeypatch.setattr(simulated, "AWAY_S", (0.01, 0.02))
    async with running(room()) as port:
        await port.until(lambda: float(port.state(THERMOSTAT).values["temperature"]) > 19.5)

        def both_seen() -> bool:
            values = [device.state.values for device in port.history]
            return {v["occupancy"] for v in values if "occupancy" in v} == {True, False}

        await port.until(both_seen)


def test_a_heart_beats_as_a_rested_heart_does() -> None:
    heart = Heart(Random(1))
    beats: list[float] = []
    for second in range(1, 601):
        beats.extend(heart.until(float(second)))
    clean = [rr for rr in beats if 0.7 < rr < 1.15]
    differences = [b - a for a, b in itertools.pairwise(clean)]
    rmssd_ms = 1000 * math.sqrt(statistics.fmean(d * d for d in differences))
    assert 600 < sum(beats) < 602
    assert 60 <= heart.bpm() <= 72
    assert 20 < rmssd_ms < 60
    slips = len(beats) - len(clean)
    assert 1 <= slips <= 0.03 * len(beats)
    assert all((rr * BEAT_GRID).is_integer() for rr in beats)
    assert Heart(Random(1)).bpm() == 66


def test_skin_has_a_level_and_responses() -> None:
    skin = Skin(Random(2))
    values = [skin.next() for _ in range(4 * 600)]
    assert all(0.4 < value < 25 for value in values)
    rises = sum(b - a > 0.03 for a, b in itertools.pairwise(values))
    assert rises > 10


async def test_the_same_seed_gives_the_same_body() -> None:
    async def first(seed: int) -> list[tuple[float, ...]]:
        return [Heart(Random(f"{seed}")).until(30.0)]

    assert await first(1) == await first(1)
    assert await first(1) != await first(2)
