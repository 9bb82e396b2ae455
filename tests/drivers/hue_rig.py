"""A house with a Hue bridge that we are paired with."""

import hashlib
import json
import ssl
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from drivers.hue import HueDriver
from drivers.hue_bridge import Pairing
from drivers.hue_settings import HueSettings
from drivers.types import DeviceId
from tests.fakes.certificates import Authority
from tests.fakes.hue_bridge import BRIDGE_ID, COLOUR, MOTION, PLUG, REMOTE, STRIP, owned
from tests.fakes.process import Peer, free_port

APP_KEY = "a-very-secret-key"
LAMP_ID, STRIP_ID, PLUG_ID = (
    DeviceId(f"hue:{owned(one, 'light')}") for one in (COLOUR, STRIP, PLUG)
)
MOTION_ID, REMOTE_ID = DeviceId(f"hue:{MOTION}"), DeviceId(f"hue:{REMOTE}")


@dataclass
class House:
    peer: Peer
    port: int
    pairing: Pairing

    async def test(self, what: str, body: Any = None) -> Any:
        """Do something at the bridge, as a hand or another app would; or ask for its state."""
        async with (
            aiohttp.ClientSession() as session,
            session.post(
                f"https://127.0.0.1:{self.port}/test/{what}", data=json.dumps(body), ssl=False
            ) as answer,
        ):
            return await answer.json()

    async def resource(self, key: str) -> Any:
        return (await self.test("state"))["resources"][key]

    def driver(self, folder: Path, *, paired: bool = True) -> HueDriver:
        if paired:
            self.pairing.save(folder)
        return HueDriver(HueSettings(host="127.0.0.1", port=self.port), folder)


@contextmanager
def house(folder: Path) -> Iterator[House]:
    certificate, key = Authority(folder, "hue").issue("bridge", host=BRIDGE_ID)
    port = free_port()
    shown = ssl.PEM_cert_to_DER_cert(certificate.read_text())
    pin = hashlib.sha256(shown).hexdigest()
    argv = ["-m", "tests.fakes.hue_bridge", str(port), str(certificate), str(key), APP_KEY]
    with Peer([sys.executable, *argv]) as peer:
        yield House(peer, port, Pairing("127.0.0.1", port, BRIDGE_ID, APP_KEY, pin))
