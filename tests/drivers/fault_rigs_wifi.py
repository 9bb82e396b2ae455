"""The devices with an address each, as houses for the fault suite; see fault_rigs.py."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from drivers.lan import LanDriver
from drivers.types import DeviceId
from tests.drivers import esphome_rig, kasa_rig, shelly_rig, wled_rig
from tests.drivers.fault_house import House
from tests.drivers.lan_rig import FakeDevice
from tests.fakes.esphome_node import NUMBERS, PLUG, pb


def _house(
    driver: LanDriver,
    device: DeviceId,
    one: FakeDevice,
    as_told: Callable[[bool], Any],
    stray: Callable[[], Awaitable[None]],
) -> House:
    async def say(on: bool) -> None:
        await one.test("change", as_told(on))

    peer = one.peer
    return House(driver, device, peer.kill, peer.start, peer.freeze, peer.thaw, say, stray)


@asynccontextmanager
async def esphome(folder: Path) -> AsyncIterator[House]:
    with esphome_rig.node(esphome_rig.KEY) as one:

        async def stray() -> None:
            nobody = pb.SwitchStateResponse(key=99, state=True)
            await one.test("raw", [NUMBERS[type(nobody)], nobody.SerializeToString().hex()])

        driver = esphome_rig.driver_at(one, folder, esphome_rig.KEY)
        plug = esphome_rig.entity("switch", "plug")
        yield _house(driver, plug, one, lambda on: {"key": PLUG, "state": on}, stray)


@asynccontextmanager
async def kasa(_folder: Path) -> AsyncIterator[House]:
    with kasa_rig.thing("plug") as one:

        async def stray() -> None:
            await one.test("garbage", ['{"nobody": {"get_sysinfo": {"relay_state": 1}}}'])

        driver = kasa_rig.driver_at(one)
        yield _house(driver, kasa_rig.OWN_ID, one, lambda on: {"on": [on]}, stray)


@asynccontextmanager
async def shelly(folder: Path) -> AsyncIterator[House]:
    with shelly_rig.shelly(shelly_rig.PASSWORD) as one:

        async def stray() -> None:
            news = (
                '{"src": "x", "dst": "user", "method": "NotifyStatus", "params": {"ts": 0.5, %s}}'
            )
            answer = '{"id": 4711, "src": "x", "dst": "user", "result": {"was_on": true}}'
            await one.test("raw", [news, answer])

        driver = shelly_rig.driver_at(one, folder, shelly_rig.PASSWORD)
        plug = shelly_rig.output("switch:1")
        yield _house(driver, plug, one, lambda on: {"switch:1": {"output": on}}, stray)


@asynccontextmanager
async def wled(_folder: Path) -> AsyncIterator[House]:
    with wled_rig.controller("rgb") as one:

        async def stray() -> None:
            await one.test("raw", ['{"success": true}', '{"live": true, "leds": ["000000"]}'])

        driver = wled_rig.driver_at(one)
        yield _house(driver, wled_rig.IDS["rgb"], one, lambda on: {"on": on}, stray)
