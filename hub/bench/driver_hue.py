"""A Hue light is switched: by aiohue alone, and by the driver, on the same bridge.

The bridge is the tests' own, which answers at once: what is measured is the driver's share. aiohue
checks no certificate; the driver does.
"""

import asyncio
import hashlib
import ssl
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from drivers import registry
from drivers.hue_settings import HueSettings
from hub.bench.driver_round import LIMIT_S, switch, with_driver
from hub.bench.processes import checkout, free_port, peer

KEY = "a-key-of-the-measurement"
SETTLE_S = 0.1
"""For the bridge to take note of the event stream."""


def pairs(rounds: int, batch: int) -> tuple[list[list[float]], list[list[float]]]:
    """Return the times of aiohue alone and of the driver (ms), round by round."""
    checkout()
    from drivers.hue_bridge import Pairing  # noqa: PLC0415 - needs an optional package
    from tests.fakes.certificates import Authority  # noqa: PLC0415 - the tests' own
    from tests.fakes.hue_bridge import BRIDGE_ID  # noqa: PLC0415

    port = free_port()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        certificate, key = Authority(folder, "hue").issue("bridge", host=BRIDGE_ID)
        pin = hashlib.sha256(ssl.PEM_cert_to_DER_cert(certificate.read_text())).hexdigest()
        Pairing("127.0.0.1", port, BRIDGE_ID, KEY, pin).save(folder)
        files = (str(certificate), str(key))
        with peer(sys.executable, "-m", "tests.fakes.hue_bridge", str(port), *files, KEY):
            return asyncio.run(_pairs(port, folder, rounds, batch))


async def _pairs(
    port: int, folder: Path, rounds: int, batch: int
) -> tuple[list[list[float]], list[list[float]]]:
    place = registry.Place(time.monotonic, folder)
    driver = registry.create("hue", HueSettings(host="127.0.0.1", port=port), place)
    bare, ours = [], []
    for _ in range(rounds):
        bare.append(await _alone(port, batch))
        ours.append(await with_driver(driver, batch, light=True))
    return bare, ours


async def _alone(port: int, batch: int) -> list[float]:
    from aiohue.v2 import EventType, HueBridgeV2  # noqa: PLC0415 - an optional package

    bridge: Any = HueBridgeV2(f"127.0.0.1:{port}", KEY)
    connected = asyncio.Event()
    bridge.events.subscribe(lambda *_: connected.set(), EventType.CONNECTED)
    try:
        async with asyncio.timeout(LIMIT_S):
            await bridge.initialize()
            await connected.wait()  # aiohue opens the stream in the background
            await asyncio.sleep(SETTLE_S)
        light = min(bridge.lights, key=lambda one: str(one.id))
        news = asyncio.Event()
        bridge.lights.subscribe(lambda *_: news.set())

        async def changed() -> None:
            news.clear()
            await news.wait()

        return await switch(
            batch,
            lambda on: bridge.lights.set_state(light.id, on=on),
            lambda on: bridge.lights[light.id].on.on is on,
            changed,
        )
    finally:
        await bridge.close()
