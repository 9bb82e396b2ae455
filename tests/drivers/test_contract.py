"""What every driver of the registry keeps to, on its real peer.

A new driver adds one rig to tests/drivers/rigs.py.
"""

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from drivers import registry
from drivers.shown import LONGEST
from drivers.types import (
    Adjusts,
    Audible,
    Blows,
    Colorful,
    Command,
    Covers,
    Device,
    DeviceId,
    DeviceInfo,
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
from hub.act.devices import Devices
from hub.bus import Bus
from hub.clock import SystemClock
from hub.settings import Settings
from tests.drivers.rigs import RIGS, Rig
from tests.fakes.port import RememberingPort
from tests.fakes.running import open_sockets

pytestmark = pytest.mark.peer
ODD = "\x1b[1mRed\u202e\nlamp" + "e" * 200
"""A name that rewrites a terminal, turns the reading direction, and does not end."""


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


def texts(device: Device) -> tuple[str, ...]:
    """Return what people see of a device and what its network may have a say in."""
    info = device.info or DeviceInfo()
    about = (info.manufacturer, info.model, info.version, info.suggested_room)
    options = able.options if (able := device.capability(Selects)) else ()
    return (device.name, *about, *options, *(str(one) for one in device.state.values.values()))


async def test_no_text_of_the_networks_gets_out_that_cannot_be_shown(rig: Rig) -> None:
    driver = rig.driver
    home = Devices(Settings(), Bus(lambda _, err: pytest.fail(str(err))), SystemClock())
    if rig.call_it is not None:
        await rig.call_it(ODD)
    async with running(driver) as (port, _):
        if rig.call_it is not None:
            await port.until(lambda: any("mRed" in " ".join(texts(d)) for d in port.history))
    said = port.history
    if rig.call_it is None:  # what can hold no such name says it by the driver's mouth
        said = [replace(one, name=ODD, info=DeviceInfo(ODD, model=ODD)) for one in said]
    for device in said:
        home.port(driver.name).announce(device)
    seen = [text for device in home.all() for text in texts(device)]
    assert any("mRed" in text for text in seen)
    for text in seen:
        assert text.isprintable()
        assert len(text) <= LONGEST


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
