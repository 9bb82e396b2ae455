"""Emulated LIFX lights in a process of their own, and their HTTP API as the witness."""

import asyncio
import atexit
import json
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from drivers.lifx import LifxDriver
from drivers.lifx_settings import LifxSettings
from drivers.types import DeviceId
from tests.fakes.process import OwnProcess, free_port, wait_listening

COLOUR, WHITE, STRIP = (f"d073d500000{n}" for n in (1, 2, 3))
COLOUR_ID, WHITE_ID, STRIP_ID = (DeviceId(f"lifx:{one}") for one in (COLOUR, WHITE, STRIP))


class Emulator(OwnProcess):
    """One colour light, one white one, one strip of eight zones."""

    def __init__(self) -> None:
        super().__init__()
        self.port, self.api = free_udp_port(), free_port()

    def start(self) -> None:
        program = Path(sys.executable).with_name("lifx-emulator")
        lights = ["--color", "1", "--color-temperature", "1", "--multizone", "1"]
        ports = ["--port", str(self.port), "--api", "--api-port", str(self.api)]
        self._process = subprocess.Popen(
            [program, *lights, *ports, "--multizone-zones", "8", "--no-api-activity"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            wait_listening(self._process, self.api)
        except BaseException:
            self.kill()
            raise

    async def seen(self, serial: str) -> Any:
        """Return what the light itself says of its state."""
        return await asyncio.to_thread(self._ask, f"/api/devices/{serial}", None)

    async def by_hand(self, serial: str, **state: Any) -> None:
        """Change a light as its own app would."""
        await asyncio.to_thread(self._ask, f"/api/devices/{serial}/state", state)

    def _ask(self, path: str, body: Any) -> Any:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.api}{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
            method="GET" if body is None else "PATCH",
        )
        with urllib.request.urlopen(request, timeout=5) as answer:
            return json.load(answer)


@contextmanager
def emulator() -> Iterator[Emulator]:
    one = Emulator()
    one.start()
    try:
        yield one
    finally:
        one.kill()


@contextmanager
def shared() -> Iterator[Emulator]:
    """Give the emulator that the tests of a session share, running: it starts slowly."""
    one = _shared()
    if not one.running:
        one.start()
    yield one


@cache
def _shared() -> Emulator:
    one = Emulator()
    atexit.register(one.kill)
    return one


def driver_at(port: int, **more: Any) -> LifxDriver:
    given = {"broadcast": "127.0.0.1", "port": port, "poll_s": 0.2} | more
    return LifxDriver(LifxSettings.model_validate(given))


def free_udp_port() -> int:
    with socket.socket(type=socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
