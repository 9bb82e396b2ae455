"""What every driver of the registry keeps to, on its real peer.

A new driver adds one rig: how to start its peer, the driver, a way to take the peer away and to
bring it back, and a device for each capability that it has.
"""

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from drivers import registry
from drivers.settings import DriverSettings
from drivers.types import (
    Adjusts,
    Audible,
    Blows,
    Colorful,
    Command,
    Covers,
    Device,
    DeviceId,
    Dimmable,
    Driver,
    Heats,
    PlayMusic,
    Press,
    Presses,
    Refused,
    Selects,
    SetCover,
    SetFan,
    SetLight,
    SetNumber,
    SetOption,
    SetSwitch,
    SetTemperature,
    SetVolume,
    SetZones,
    StopMusic,
    Switchable,
    Tunable,
    Unreachable,
    Zone,
    Zoned,
)
from tests.drivers import (
    bluetooth_rig,
    esphome_rig,
    hue_rig,
    kasa_rig,
    lifx_rig,
    shelly_rig,
    wled_rig,
)
from tests.drivers.mqtt_announcing import announce
from tests.drivers.mqtt_rig import DEVICES, house
from tests.drivers.zigbee_rig import joined as zigbee_joined
from tests.fakes.broker import Broker
from tests.fakes.matter_server import MatterServer
from tests.fakes.port import RememberingPort
from tests.fakes.running import open_sockets
from tests.fakes.zwave_server import shared as zwave_network

pytestmark = pytest.mark.peer


@dataclass
class Rig:
    """A driver's peer."""

    driver: Driver
    leave: Callable[[], None] | None = None
    """Takes the peer away; None when a driver's peer cannot go."""
    back: Callable[[], None] | None = None


def _settings(name: str, given: dict[str, Any]) -> DriverSettings:
    return registry.KNOWN[name].settings.model_validate(given)


def _place(folder: Path) -> registry.Place:
    return registry.Place(time.monotonic, folder / "own")


@asynccontextmanager
async def matter(folder: Path) -> AsyncIterator[Rig]:
    with MatterServer() as server:
        settings = _settings("matter", {"url": server.url})
        driver = registry.create("matter", settings, _place(folder))
        yield Rig(driver, server.kill, server.start)


@asynccontextmanager
async def mqtt(folder: Path) -> AsyncIterator[Rig]:
    with Broker(folder) as broker:
        async with house(broker.port) as client:
            await announce(client, "home_assistant")
        settings = _settings("mqtt", {"port": broker.port, "devices": DEVICES})
        yield Rig(registry.create("mqtt", settings, _place(folder)), broker.kill, broker.start)


@asynccontextmanager
async def shelly(folder: Path) -> AsyncIterator[Rig]:
    with shelly_rig.shelly(shelly_rig.PASSWORD) as one:
        driver = shelly_rig.driver_at(one, folder, shelly_rig.PASSWORD)
        yield Rig(driver, one.peer.kill, one.peer.start)


@asynccontextmanager
async def simulated(folder: Path) -> AsyncIterator[Rig]:
    kinds = ("lamp", "player", "thermostat", "heart_strap", "skin", "presence")
    settings = _settings("simulated", {"devices": {kind: {"kind": kind} for kind in kinds}})
    yield Rig(registry.create("simulated", settings, _place(folder)))


@asynccontextmanager
async def bluetooth(folder: Path) -> AsyncIterator[Rig]:
    with bluetooth_rig.house(folder) as service:
        settings = _settings("bluetooth", bluetooth_rig.SETTINGS)
        driver = registry.create("bluetooth", settings, _place(folder))
        yield Rig(driver, service.kill, service.start)


@asynccontextmanager
async def esphome(folder: Path) -> AsyncIterator[Rig]:
    with esphome_rig.node(esphome_rig.KEY) as one:
        driver = esphome_rig.driver_at(one, folder, esphome_rig.KEY)
        yield Rig(driver, one.peer.kill, one.peer.start)


@asynccontextmanager
async def hue(folder: Path) -> AsyncIterator[Rig]:
    with hue_rig.house(folder) as house:
        yield Rig(house.driver(folder / "own"), house.peer.kill, house.peer.start)


@asynccontextmanager
async def kasa(_folder: Path) -> AsyncIterator[Rig]:
    with kasa_rig.thing("bulb") as one:
        yield Rig(kasa_rig.driver_at(one), one.peer.kill, one.peer.start)


@asynccontextmanager
async def lifx(_folder: Path) -> AsyncIterator[Rig]:
    with lifx_rig.emulator() as house:
        yield Rig(lifx_rig.driver_at(house.port), house.kill, house.start)


@asynccontextmanager
async def wled(_folder: Path) -> AsyncIterator[Rig]:
    with wled_rig.controller("rgbcct") as peer:
        yield Rig(wled_rig.driver_at(peer), peer.peer.kill, peer.peer.start)


@asynccontextmanager
async def zigbee(folder: Path) -> AsyncIterator[Rig]:
    async with zigbee_joined(folder) as (house, driver):
        yield Rig(driver, house.leave, house.back)


@asynccontextmanager
async def zwave(folder: Path) -> AsyncIterator[Rig]:
    with zwave_network() as network:
        settings = _settings("zwave", {"url": network.url})
        driver = registry.create("zwave", settings, _place(folder))
        yield Rig(driver, network.kill, network.start)


RIGS = {
    "bluetooth": bluetooth,
    "esphome": esphome,
    "hue": hue,
    "kasa": kasa,
    "lifx": lifx,
    "matter": matter,
    "mqtt": mqtt,
    "shelly": shelly,
    "simulated": simulated,
    "wled": wled,
    "zigbee": zigbee,
    "zwave": zwave,
}


@pytest.fixture(params=sorted(registry.KNOWN))
async def rig(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Rig]:
    assert request.param in RIGS, "a driver without a contract test: add its rig here"
    async with RIGS[request.param](tmp_path) as ready:
        yield ready


@asynccontextmanager
async def running(driver: Driver) -> AsyncIterator[tuple[RememberingPort, asyncio.Task[None]]]:
    port = RememberingPort()
    run = asyncio.create_task(driver.run(port))
    try:
        # Devices of a radio are heard only some time after the radio answers.
        await port.until(
            lambda: (
                port.connections == 1 and any(device.available for device in port.devices.values())
            )
        )
        yield port, run
    finally:
        run.cancel()
        done, _ = await asyncio.wait({run}, timeout=10.0)
        assert done, "not cancelled within 1 s"


PROMISES: dict[type, Callable[[DeviceId], tuple[Command, ...]]] = {
    Switchable: lambda d: (SetSwitch(d, on=True), SetSwitch(d, on=False)),
    Dimmable: lambda d: (SetLight(d, level=0.5), SetLight(d, level=0, transition_s=0.1)),
    Tunable: lambda d: (SetLight(d, kelvin=3000),),
    Colorful: lambda d: (SetLight(d, xy=(0.3, 0.3)),),
    Heats: lambda d: (SetTemperature(d, 21.0),),
    Zoned: lambda d: (SetZones(d, (Zone((0.3, 0.3), 0.5), Zone((0.5, 0.4), 0.2))),),
    Blows: lambda d: (SetFan(d, 0.5), SetFan(d, 0.0)),
    Covers: lambda d: (SetCover(d, 1.0), SetCover(d, 0.0)),
    Presses: lambda d: (Press(d),),
    Audible: lambda d: (PlayMusic(d, 0.1, 0.2, 0.3), SetVolume(d, 0.1), StopMusic(d)),
}


def promised(device: Device) -> list[Command]:
    return [
        command
        for kind, commands in PROMISES.items()
        if device.capability(kind)
        for command in commands(device.id)
    ] + [*_adjusted(device)]


def _adjusted(device: Device) -> Iterator[Command]:
    """Yield what depends on the device's own limits."""
    if selects := device.capability(Selects):
        yield from (SetOption(device.id, option) for option in selects.options)
    if adjusts := device.capability(Adjusts):
        yield SetNumber(device.id, adjusts.minimum)
        yield SetNumber(device.id, adjusts.maximum)


def not_promised(device: Device) -> list[Command]:
    odd: list[Command] = [SetOption(device.id, "no such option"), SetNumber(device.id, 1e9)]
    return odd + [
        command
        for kind, commands in PROMISES.items()
        if not device.capability(kind)
        for command in commands(device.id)
    ]


async def test_it_announces_its_devices(rig: Rig) -> None:
    async with running(rig.driver) as (port, _):
        assert port.devices
        for device in port.devices.values():
            assert device.driver == rig.driver.name
            assert device.id.startswith(f"{rig.driver.name}:")
            assert device.capabilities
        assert any(device.available for device in port.devices.values())


async def test_it_executes_what_capabilities_promise_and_refuses_the_rest(rig: Rig) -> None:
    async with running(rig.driver) as (port, _):
        for device in tuple(port.devices.values()):
            for command in promised(device):
                async with asyncio.timeout(5):
                    await rig.driver.execute(command)
            for command in not_promised(device):
                with pytest.raises(Refused):
                    await rig.driver.execute(command)
        with pytest.raises(Refused):
            await rig.driver.execute(SetSwitch(DeviceId(f"{rig.driver.name}:no"), on=True))


async def test_it_survives_its_peer_going_away(rig: Rig) -> None:
    async with running(rig.driver) as (port, run):
        devices = port.devices.values()
        some = next((d for d in devices if d.capability(Switchable)), next(iter(devices)))
        obeys = some.capability(Switchable) is not None
        if rig.leave is not None:
            rig.leave()
            with pytest.raises(Unreachable):
                async with asyncio.timeout(10):
                    await run
    with pytest.raises(Unreachable if obeys else Refused):
        await rig.driver.execute(SetSwitch(some.id, on=True))
    assert not any(device.available for device in port.devices.values())
    if rig.back is not None:
        rig.back()
    async with running(rig.driver) as (port, _):
        await port.until(lambda: some.id in port.devices and port.devices[some.id].available)
        if obeys:
            await rig.driver.execute(SetSwitch(some.id, on=True))


def own_threads() -> int:
    """Count threads without those of the loop's own pool, which grows by use and is shared."""
    return sum(not thread.name.startswith("asyncio_") for thread in threading.enumerate())


async def test_it_is_cancelled_at_once_and_leaves_nothing_behind(rig: Rig) -> None:
    # Once to warm up: a first use may open what stays open on purpose.
    async with running(rig.driver):
        pass
    sockets, threads, tasks = open_sockets(), own_threads(), len(asyncio.all_tasks())
    for pause_s in (0.0, 0.01, 0.3):
        started = time.monotonic()
        run = asyncio.create_task(rig.driver.run(RememberingPort()))
        await asyncio.sleep(pause_s)
        run.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await run
        assert time.monotonic() - started < pause_s + 8.0
    await asyncio.sleep(0.05)
    assert (open_sockets(), own_threads(), len(asyncio.all_tasks())) == (
        sockets,
        threads,
        tasks,
    )
