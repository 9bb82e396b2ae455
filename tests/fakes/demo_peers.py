"""All the peers that the drivers are tested with, at once: a simulated home full of devices.

Nothing here is a device: each peer is what stands on the other side of a radio or a network. The
Matter server is the fake that answers as a recorded one did; scripts/matter-live runs a real one.
"""

import asyncio
import contextlib
import json
import signal
import ssl
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import yaml

from drivers.mqtt_client import MqttLink
from drivers.mqtt_connection import Broker as BrokerAddress
from tests.drivers import (
    bluetooth_rig,
    esphome_rig,
    hue_rig,
    kasa_rig,
    lifx_rig,
    shelly_rig,
    wled_rig,
    zigbee_rig,
)
from tests.drivers.lan_rig import FakeDevice
from tests.fakes.bluez_on_bus import bluez
from tests.fakes.bluez_peripheral import strap
from tests.fakes.broker import Broker
from tests.fakes.esphome_node import LIGHT
from tests.fakes.hue_bridge import COLOUR, owned
from tests.fakes.matter_server import MatterServer
from tests.fakes.process import ROOT, Peer
from tests.fakes.znp import kinds
from tests.fakes.znp.house import House
from tests.fakes.zwave_server import ZwaveNetwork

CONFIG = ROOT / "config" / "demo-devices.yaml"
LAMP_TOPIC = "demo/lamp"


@dataclass
class Peers:
    """The running peers; `lamps` asks each of them, not the hub, how its lamp is."""

    drivers: dict[str, Any]
    """What stands under `drivers:` in a configuration that uses them."""
    environment: dict[str, str]
    """What the hub needs in its environment: where the private D-Bus is."""
    hue: hue_rig.House
    lifx: lifx_rig.Emulator
    matter: MatterServer
    mqtt: Broker
    wifi: dict[str, FakeDevice]
    """ESPHome, Kasa, Shelly, WLED: by the driver's name."""
    zigbee: House
    zwave: ZwaveNetwork

    def press_link_button(self) -> None:
        """Press the button of the Hue bridge: then it can be paired with."""
        self._hue("press")

    def lamps(self) -> dict[str, float]:
        """Return for each network how bright its lamp is (0 to 1), from the peers themselves."""
        lamp = next(node for node in self.zigbee.nodes if isinstance(node, kinds.Lamp))
        light = self._hue("state")["resources"][owned(COLOUR, "light")]
        lifx = asyncio.run(self.lifx.seen(lifx_rig.COLOUR))
        matter = self.matter.house()
        json_lamp = asyncio.run(self._json_lamp())
        node, bulb = self._seen("esphome")["states"][str(LIGHT)], self._seen("kasa")
        dimmer, strip = self._seen("shelly")["status"]["light:0"], self._seen("wled")["state"]
        return {
            "esphome": node.get("state", False) * node.get("brightness", 0.0),
            "hue": light["on"]["on"] * light["dimming"]["brightness"] / 100,
            "kasa": bulb["on"][0] * bulb["light"]["brightness"] / 100,
            "lifx": (lifx["power_level"] > 0) * lifx["color"]["brightness"] / 65535,
            "matter": bool(matter["1/6/0"]) * (matter["1/8/0"] or 0) / 254,
            "mqtt": (json_lamp["state"] == "ON") * json_lamp["brightness"] / 255,
            "shelly": dimmer["output"] * dimmer["brightness"] / 100,
            "wled": strip["on"] * strip["bri"] / 255,
            "zigbee": lamp.on * self.zigbee.do(lambda: int(lamp.get(1, kinds.LEVEL, 0))) / 254,
            "zwave": self.zwave.state(2).get("MultilevelSwitch_currentValue", 0) / 99,
        }

    def _hue(self, what: str) -> Any:
        request = urllib.request.Request(
            f"https://127.0.0.1:{self.hue.port}/test/{what}", data=b"null", method="POST"
        )
        anyone = ssl._create_unverified_context()
        with urllib.request.urlopen(request, timeout=10, context=anyone) as answer:
            return json.load(answer)

    def _seen(self, name: str) -> Any:
        return asyncio.run(self.wifi[name].test("see"))

    async def _json_lamp(self) -> Any:
        said: asyncio.Queue[bytes] = asyncio.Queue(10)

        class Ear:
            def message(self, _topic: str, payload: bytes, _retained: bool) -> None:
                said.put_nowait(payload)

            def skipped(self) -> None: ...
            def turn_over(self) -> None: ...

        witness = BrokerAddress("127.0.0.1", self.mqtt.port, "witness", 30, 10_000)
        async with asyncio.timeout(10), MqttLink.open(witness, Ear()) as link:
            await link.subscribe([LAMP_TOPIC])
            return json.loads(await said.get())


@contextmanager
def demo_peers(folder: Path) -> Iterator[Peers]:
    """Start all peers on free ports; end them all at the end."""
    with ExitStack() as stack:
        broker = stack.enter_context(Broker(folder))
        lamp = [sys.executable, "-m", "tests.fakes.json_lamp", str(broker.port), LAMP_TOPIC]
        stack.enter_context(Peer(lamp))
        hue = stack.enter_context(hue_rig.house(folder))
        matter = stack.enter_context(MatterServer())
        lifx = stack.enter_context(lifx_rig.emulator())
        zigbee = stack.enter_context(House(zigbee_rig.household()))
        zwave = stack.enter_context(ZwaveNetwork(folder))
        wifi = {
            "esphome": stack.enter_context(esphome_rig.node()),
            "kasa": stack.enter_context(kasa_rig.thing("bulb")),
            "shelly": stack.enter_context(shelly_rig.shelly()),
            "wled": stack.enter_context(wled_rig.controller("rgb")),
        }
        service = stack.enter_context(bluez(folder))
        service.bring(strap(bluetooth_rig.STRAP), bluetooth_rig.thermometer())
        drivers = yaml.safe_load(CONFIG.read_text())["drivers"]
        for name, one in wifi.items():
            (where,) = drivers[name]["devices"].values()
            where["port"] = one.port
        drivers["hue"]["port"] = hue.port
        drivers["lifx"]["port"] = lifx.port
        drivers["matter"]["url"] = matter.url
        drivers["mqtt"]["port"] = broker.port
        drivers["zigbee"]["path"] = zigbee.path
        drivers["zwave"]["url"] = zwave.url
        environment = {"DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={folder}/bus"}
        yield Peers(drivers, environment, hue, lifx, matter, broker, wifi, zigbee, zwave)


WORDS = """\
Everything here is simulated; no radio and no device is used.

  zigbee     a coordinator on the wire protocol of Z-Stack 3, seven devices (let in: see below)
  zwave      the real zwave-js driver on its own emulated stick, nine nodes
  hue        a bridge (CLIP v2, https) whose link button is already pressed
  lifx       lifx-emulator: a colour light, a white one, a strip
  mqtt       mosquitto, and a lamp in the JSON schema
  matter     a server that answers as a recorded real one did (scripts/matter-live runs that)
  esphome    a node with fourteen entities, on the native API
  kasa       a colour bulb, by the older protocol
  shelly     a device with more components than any one model
  wled       a strip of 30 LEDs
  bluetooth  BlueZ's D-Bus interface on a private bus: a strap, a thermometer

In a second terminal:

  export {environment}
  moodsync run --config {config}

and in a third, with the same --config: one sentence then changes ten lamps.

  moodsync devices pair hue
  moodsync devices permit-join zigbee seconds=10
  moodsync devices list
  moodsync consent give ada text
  moodsync say "what a wonderful day, I am so happy"

Ctrl-C ends the peers.
"""


SIGNALS = (signal.SIGINT, signal.SIGTERM)


def _end(_number: int, _frame: FrameType | None) -> None:
    """End at once, once: what is said while the peers are cleared away changes nothing.

    asyncio.run would take over Python's own handler, and lose to peers that Ctrl-C ends as well.
    """
    for end in SIGNALS:
        signal.signal(end, signal.SIG_IGN)
    raise KeyboardInterrupt


def main(folder: Path) -> None:
    """Run the peers until SIGINT or SIGTERM, and show how their lamps are."""
    folder.mkdir(parents=True, exist_ok=True)
    out = sys.stdout.write
    out("starting the peers; this takes up to a minute ...\n")
    sys.stdout.flush()
    for end in SIGNALS:
        signal.signal(end, _end)
    with (
        contextlib.suppress(KeyboardInterrupt),
        tempfile.TemporaryDirectory(prefix="demo-peers-") as run,
        demo_peers(Path(run)) as peers,
    ):
        peers.press_link_button()
        config = folder / "hub.yaml"
        settings = yaml.safe_load(CONFIG.read_text()) | {"drivers": peers.drivers}
        settings["store"] = {"directory": f"{run}/state"}  # new peers know no old keys
        config.write_text(yaml.safe_dump(settings, sort_keys=False))
        environment = " ".join(f"{name}={value}" for name, value in peers.environment.items())
        out(WORDS.format(environment=environment, config=config))
        sys.stdout.flush()
        shown: dict[str, float] = {}
        while True:
            lamps = {name: round(level, 2) for name, level in peers.lamps().items()}
            if lamps != shown:
                shown = lamps
                out("lamps  " + "  ".join(f"{name} {level:.2f}" for name, level in lamps.items()))
                out("\n")
                sys.stdout.flush()
            time.sleep(2)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "var" / "demo-peers")
