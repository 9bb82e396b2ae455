"""A rig for each driver: its peer, and what happens to it.

A rig starts the peer, makes the driver, takes the peer away and brings it back, has a device for
each capability that the driver knows, and lets a thing say an odd text of itself.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiomqtt
from lifx import Light

from drivers import registry
from drivers.settings import DriverSettings
from drivers.types import Driver
from tests.drivers import (
    bluetooth_rig,
    esphome_rig,
    hue_rig,
    kasa_rig,
    lifx_rig,
    shelly_rig,
    wled_rig,
    zigbee_rig,
    zwave_rig,
)
from tests.drivers.mqtt_announcing import announce
from tests.drivers.mqtt_rig import DEVICES
from tests.fakes.bluez_peripheral import strap
from tests.fakes.broker import Broker
from tests.fakes.hue_bridge import COLOUR
from tests.fakes.matter_server import MatterServer
from tests.fakes.running import running
from tests.fakes.znp.kinds import Lamp
from tests.fakes.zwave_server import shared as zwave_network


@dataclass
class Rig:
    """A driver's peer."""

    driver: Driver
    leave: Callable[[], None] | None = None
    """Takes the peer away; None when a driver's peer cannot go."""
    back: Callable[[], None] | None = None
    call_it: Callable[[str], Awaitable[None]] | None = None
    """Gives a thing a text to say of itself (cut to what its protocol carries), before the driver
    runs; None when nothing of the peer's has one."""


def _settings(name: str, given: dict[str, Any]) -> DriverSettings:
    return registry.KNOWN[name].settings.model_validate(given)


def _place(folder: Path) -> registry.Place:
    return registry.Place(time.monotonic, folder / "own")


@asynccontextmanager
async def matter(folder: Path) -> AsyncIterator[Rig]:
    with MatterServer() as server:
        settings = _settings("matter", {"url": server.url})
        driver = registry.create("matter", settings, _place(folder))

        async def call_it(text: str) -> None:
            server.house(a0_40_5=text)

        yield Rig(driver, server.kill, server.start, call_it)


@asynccontextmanager
async def mqtt(folder: Path) -> AsyncIterator[Rig]:
    with Broker(folder) as broker:
        async with aiomqtt.Client("127.0.0.1", broker.port) as client:
            await announce(client, "home_assistant")
        settings = _settings("mqtt", {"port": broker.port, "devices": DEVICES})
        driver = registry.create("mqtt", settings, _place(folder))

        async def call_it(text: str) -> None:
            device = {"ids": "odd", "name": text, "mf": text, "mdl": text}
            about = {"dev": device, "uniq_id": "odd", "cmd_t": "odd/set", "stat_t": "odd"}
            async with aiomqtt.Client("127.0.0.1", broker.port) as client:
                topic = "homeassistant/switch/odd/config"
                await client.publish(topic, json.dumps(about), qos=1, retain=True)

        yield Rig(driver, broker.kill, broker.start, call_it)
        await asyncio.get_running_loop().shutdown_default_executor()  # aiomqtt's threads


@asynccontextmanager
async def shelly(folder: Path) -> AsyncIterator[Rig]:
    with shelly_rig.shelly(shelly_rig.PASSWORD) as one:
        driver = shelly_rig.driver_at(one, folder, shelly_rig.PASSWORD)

        async def call_it(text: str) -> None:
            await one.test("name", text)

        yield Rig(driver, one.peer.kill, one.peer.start, call_it)


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

        async def call_it(text: str) -> None:
            odd = strap(bluetooth_rig.STRAP)
            odd.services[0x180A][0x2A29] = (text.encode(), ("read",))
            service.bring(odd)

        yield Rig(driver, service.kill, service.start, call_it)


@asynccontextmanager
async def esphome(folder: Path) -> AsyncIterator[Rig]:
    with esphome_rig.node(esphome_rig.KEY) as one:
        driver = esphome_rig.driver_at(one, folder, esphome_rig.KEY)

        async def call_it(text: str) -> None:
            await one.test("name", text)

        yield Rig(driver, one.peer.kill, one.peer.start, call_it)


@asynccontextmanager
async def hue(folder: Path) -> AsyncIterator[Rig]:
    with hue_rig.house(folder) as home:

        async def call_it(text: str) -> None:
            await home.test("change", {"id": COLOUR, "metadata": {"name": text}})

        yield Rig(home.driver(folder / "own"), home.peer.kill, home.peer.start, call_it)


@asynccontextmanager
async def kasa(_folder: Path) -> AsyncIterator[Rig]:
    with kasa_rig.thing("bulb") as one:

        async def call_it(text: str) -> None:
            await one.test("change", {"alias": text})

        yield Rig(kasa_rig.driver_at(one), one.peer.kill, one.peer.start, call_it)


@asynccontextmanager
async def lifx(_folder: Path) -> AsyncIterator[Rig]:
    with lifx_rig.emulator() as home:

        async def call_it(text: str) -> None:
            serial, cut = lifx_rig.COLOUR, text.encode()[:32].decode(errors="ignore")
            async with Light(serial, "127.0.0.1", home.port) as light:
                await light.set_label(cut)

        yield Rig(lifx_rig.driver_at(home.port), home.kill, home.start, call_it)


@asynccontextmanager
async def wled(_folder: Path) -> AsyncIterator[Rig]:
    with wled_rig.controller("rgbcct") as one:

        async def call_it(text: str) -> None:
            await one.test("info", {"name": text, "brand": text, "product": text})

        yield Rig(wled_rig.driver_at(one), one.peer.kill, one.peer.start, call_it)


@asynccontextmanager
async def zigbee(folder: Path) -> AsyncIterator[Rig]:
    async with zigbee_rig.joined(folder) as (house, driver):

        async def call_it(text: str) -> None:
            odd = Lamp(zigbee_rig.address(90), model=text, place=text[:16])
            house.add(odd)
            async with running(driver):
                await zigbee_rig.join(driver, house, [odd])

        yield Rig(driver, house.leave, house.back, call_it)


@asynccontextmanager
async def zwave(folder: Path) -> AsyncIterator[Rig]:
    with zwave_network() as network:
        settings = _settings("zwave", {"url": network.url})
        driver = registry.create("zwave", settings, _place(folder))
        named = False

        async def call_it(text: str) -> None:
            nonlocal named
            named = True
            await zwave_rig.name_node(network.url, 2, text)

        yield Rig(driver, network.kill, network.start, call_it)
        if named:  # the network is the session's
            await zwave_rig.name_node(network.url, 2, "")


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
