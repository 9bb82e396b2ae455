"""For each driver: its peer, one device of it, and the hands that do to them what goes wrong.

The suite over these is test_faults.py. What only one protocol knows has its own test, marked with
the fault that it shows; docs/faults.md is made from the marks.
"""

import json
import socket
import struct
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import psutil

from drivers import registry
from drivers.mqtt_client import MqttLink
from drivers.mqtt_connection import Broker as BrokerAddress
from drivers.types import DeviceId
from tests.drivers import bluetooth_rig, hue_rig, lifx_rig, zigbee_rig, zwave_rig
from tests.drivers.fault_house import House
from tests.drivers.fault_rigs_wifi import esphome, kasa, shelly, wled
from tests.drivers.mqtt_rig import PLUG as MQTT_PLUG
from tests.drivers.mqtt_rig import Deaf, driver_at
from tests.fakes.bluez_peripheral import Peripheral
from tests.fakes.broker import Broker
from tests.fakes.hue_bridge import PLUG as HUE_PLUG
from tests.fakes.hue_bridge import owned
from tests.fakes.matter_server import MatterServer
from tests.fakes.znp import kinds
from tests.fakes.znp.air import Packet
from tests.fakes.zwave_server import shared

MATTER_PLUG = DeviceId("matter:0123456789abcdef-1-2")
WARM, COLD = bytes.fromhex("4002ca09"), bytes.fromhex("4002d007")
"""BTHome: 25.06 and 20.00 degrees."""


def _place(folder: Path) -> registry.Place:
    return registry.Place(time.monotonic, folder / "own")


@asynccontextmanager
async def bluetooth(folder: Path) -> AsyncIterator[House]:
    with bluetooth_rig.house(folder) as service:
        balcony = bluetooth_rig.thermometer()
        service.bring(balcony)

        async def say(warm: bool) -> None:
            service.broadcast(balcony, WARM if warm else COLD)

        async def stray() -> None:
            neighbours = Peripheral(bluetooth_rig.NEIGHBOUR, "ATC")
            service.broadcast(neighbours, WARM)
            service.bring(neighbours)

        yield House(
            bluetooth_rig.driver_for(),
            bluetooth_rig.THERMOMETER_ID,
            service.kill,
            service.start,
            service.freeze,
            lambda: service.freeze(frozen=False),
            say,
            stray,
            obeys=False,
        )


@asynccontextmanager
async def hue(folder: Path) -> AsyncIterator[House]:
    with hue_rig.house(folder) as house:
        light = owned(HUE_PLUG, "light")

        async def say(on: bool) -> None:
            await house.test("change", {"id": light, "type": "light", "on": {"on": on}})

        async def stray() -> None:
            nobody = owned(HUE_PLUG, "light", 9)
            news = {"id": nobody, "type": "light", "on": {"on": True}}
            for kind in ("update", "delete"):
                event = f'[{{"type": "{kind}", "data": [{json.dumps(news)}]}}]'
                await house.test("raw", f"data: {event}\n\n".encode().hex())

        peer = house.peer
        driver = house.driver(folder / "own")
        yield House(
            driver, hue_rig.PLUG_ID, peer.kill, peer.start, peer.freeze, peer.thaw, say, stray
        )


@asynccontextmanager
async def lifx(_folder: Path) -> AsyncIterator[House]:
    with lifx_rig.shared() as house:

        async def say(on: bool) -> None:
            await house.by_hand(lifx_rig.WHITE, power_level=65535 * on)

        async def stray() -> None:
            throw(light_state(lifx_rig.WHITE, on=True), light_state("d073d5999999", on=True))

        yield House(
            lifx_rig.driver_at(house.port),
            lifx_rig.WHITE_ID,
            house.kill,
            house.start,
            house.freeze,
            house.thaw,
            say,
            stray,
        )


def throw(*datagrams: bytes) -> None:
    """Send datagrams to every UDP socket of this process, as anybody in the network can."""
    here = [own.laddr.port for own in psutil.Process().net_connections("udp4") if own.laddr]
    with socket.socket(type=socket.SOCK_DGRAM) as thrower:
        for port in here:
            for datagram in datagrams:
                thrower.sendto(datagram, ("127.0.0.1", port))


def light_state(serial: str, *, on: bool) -> bytes:
    """Return a LightState (107) that answers to no question."""
    payload = struct.pack("<4HhH32sQ", 0, 0, 65535, 3500, 0, 65535 * on, b"Late", 0)
    head = struct.pack(
        "<HHI8s6xBB8xHH", 36 + len(payload), 0x1400, 7, bytes.fromhex(serial), 0, 3, 107, 0
    )
    return head + payload


@asynccontextmanager
async def matter(folder: Path) -> AsyncIterator[House]:
    with MatterServer() as server:
        settings = registry.KNOWN["matter"].settings.model_validate({"url": server.url})

        async def say(on: bool) -> None:
            server.house(a2_6_0=on)
            server.say("attribute_updated", [1, "2/6/0", on])

        async def stray() -> None:
            server.say("attribute_updated", [77, "2/6/0", True])
            server.say("attribute_updated", [1, "66/6/0", True])
            server.say("node_removed", 77)

        yield House(
            registry.create("matter", settings, _place(folder)),
            MATTER_PLUG,
            server.kill,
            server.start,
            server.freeze,
            server.thaw,
            say,
            stray,
        )


@asynccontextmanager
async def mqtt(folder: Path) -> AsyncIterator[House]:
    with Broker(folder) as broker:

        async def tell(topic: str, payload: bytes) -> None:
            house = BrokerAddress("127.0.0.1", broker.port, "house", 30, 1000)
            async with MqttLink.open(house, Deaf()) as link:
                await link.publish(topic, payload)

        async def say(on: bool) -> None:
            await tell("plug/state", b"ON" if on else b"OFF")

        async def stray() -> None:
            await tell("homeassistant/light/nobody/config", b"")
            await tell("zigbee2mqtt/nobody", b'{"state":"ON"}')

        await say(False)
        yield House(
            driver_at(broker.port),
            MQTT_PLUG,
            broker.kill,
            broker.start,
            broker.freeze,
            broker.thaw,
            say,
            stray,
        )


@asynccontextmanager
async def zigbee(folder: Path) -> AsyncIterator[House]:
    async with zigbee_rig.joined(folder) as (house, driver):
        plug = next(node for node in house.nodes if isinstance(node, kinds.Plug))

        async def say(on: bool) -> None:
            house.do(lambda: plug.set(1, kinds.ON_OFF, 0, int(on)))
            house.do(lambda: plug.report(1, kinds.ON_OFF, 0))

        async def stray() -> None:
            stranger = kinds.Lamp(zigbee_rig.address(0x77))
            stranger.nwk = 0x1234
            report = Packet(6, 1, 1, b"\x18\x01\x0a\x00\x00\x10\x01")
            house.do(lambda: house.stick.heard(stranger, report))
            answer = Packet(6, 1, 1, b"\x18\xee\x0b\x01\x00")  # to a command that was never sent
            house.do(lambda: house.stick.heard(plug, answer))

        yield House(
            driver,
            zigbee_rig.PLUG,
            house.leave,
            house.back,
            lambda: house.freeze(frozen=True),
            lambda: house.freeze(frozen=False),
            say,
            stray,
        )


@asynccontextmanager
async def zwave(_folder: Path) -> AsyncIterator[House]:
    with shared() as network:

        async def say(on: bool) -> None:
            network.do("switch", node=3, on=on)

        async def stray() -> None:
            for _ in range(2):  # of another node, and as before
                network.do("sensor", node=4, type=1, scale=0, value=21.5)

        def thaw() -> None:
            network.thaw()
            network.wait_ready()

        yield House(
            zwave_rig.driver_at(network.url),
            DeviceId(zwave_rig.PLUG),
            network.kill,
            network.start,
            network.freeze,
            thaw,
            say,
            stray,
        )


HOUSES: dict[str, Callable[[Path], AbstractAsyncContextManager[House]]] = {
    "bluetooth": bluetooth,
    "esphome": esphome,
    "hue": hue,
    "kasa": kasa,
    "lifx": lifx,
    "matter": matter,
    "mqtt": mqtt,
    "shelly": shelly,
    "wled": wled,
    "zigbee": zigbee,
    "zwave": zwave,
}
