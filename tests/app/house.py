"""A whole house for the app: the demo hub in a process of its own, a lamp on a real broker."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import yaml

from hub.config import DEMO
from hub.control_client import ControlClient
from tests.e2e.running import ROOT
from tests.fakes.broker import Broker
from tests.fakes.mjpeg_server import mjpeg_cameras
from tests.fakes.process import free_port, require

LIMIT_S = 60.0
LAMP = "mqtt:desk"


class House:
    """The hub can be switched off and on again at the same address."""

    def __init__(self, folder: Path, broker: Broker, cameras: str, drivers: dict[str, Any]) -> None:
        self.folder, self.broker, self.cameras = folder, broker, cameras
        self._drivers = drivers
        self.port, self.plain_port = free_port(), free_port()
        self.url = f"https://localhost:{self.port}"
        self.state = folder / "state"
        self._hub: subprocess.Popen[str] | None = None

    @property
    def authority(self) -> Path:
        return self.state / "tls" / "ca.crt"

    def on(self) -> None:
        config = self.folder / "hub.yaml"
        config.write_text(yaml.safe_dump(self._settings()))
        environment = os.environ | {
            "MOODSYNC__store__directory": str(self.state),
            "MOODSYNC__store__commit_every_s": "1",
            "MOODSYNC__api__port": str(self.port),
            "MOODSYNC__api__http_port": str(self.plain_port),
        }
        with (self.folder / "hub.log").open("a") as log:
            self._hub = process = subprocess.Popen(
                [sys.executable, "-m", "hub", "run", "--no-input", "--config", str(config)],
                cwd=ROOT,
                env=environment,
                stdout=subprocess.DEVNULL,
                stderr=log,
                text=True,
            )
        deadline = time.monotonic() + LIMIT_S
        while not (self.state / "api.json").is_file():
            assert process.poll() is None, (self.folder / "hub.log").read_text()[-2000:]
            assert time.monotonic() < deadline, "the hub did not come up"
            time.sleep(0.1)

    def off(self) -> None:
        if self._hub is None:
            return
        process, self._hub = self._hub, None
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(5)

    def ask(self, what: str, **parameters: Any) -> dict[str, Any]:
        """Ask the hub as its command line does."""
        with contextlib.closing(ControlClient(self.state / "control.sock")) as hub:
            return hub.call(what, **parameters)

    def pair(self) -> dict[str, Any]:
        """Open pairing as `moodsync pair` does; returns link and digits."""
        return self.ask("pair", role="owner", person="ada")

    def watched(self) -> bool:
        """Say whether anybody takes pictures from the study's camera, as its machine sees it."""
        port = urlsplit(self.cameras).port
        return any(
            link.laddr and link.laddr.port == port and link.status == psutil.CONN_ESTABLISHED
            for link in psutil.net_connections("tcp")
        )

    @contextlib.contextmanager
    def lamp(self) -> Iterator["Lamp"]:
        with contextlib.closing(Lamp(self.broker.port)) as lamp:
            yield lamp

    def _settings(self) -> dict[str, Any]:
        settings: dict[str, Any] = yaml.safe_load(DEMO.read_text())
        lamp = {
            "kind": "light",
            "name": "Desk lamp",
            "dialect": "json_light",
            "state_topic": "desk/state",
            "command_topic": "desk/set",
        }
        settings["drivers"]["mqtt"] = {"port": self.broker.port, "devices": {"desk": lamp}}
        settings["drivers"] |= self._drivers
        settings["rooms"]["study"] = {"name": "Study", "devices": [LAMP]}
        settings["people"] = {"ada": {"name": "Ada", "lives_in": ["living_room", "study"]}}
        # The demo's own camera senses nobody and asks for no consent; this one does.
        camera = {"room": "study", "url": f"{self.cameras}ok", "max_fps": 2}
        settings["senses"]["cameras"]["study_camera"] = camera
        return settings


class Lamp:
    """The lamp's side of the broker: mosquitto's own clients."""

    def __init__(self, port: int) -> None:
        self._port = str(port)
        self._pub = require("mosquitto_pub", "mosquitto-clients")
        self._sub = subprocess.Popen(
            [require("mosquitto_sub", "mosquitto-clients"), "-p", self._port, "-t", "desk/set"],
            stdout=subprocess.PIPE,
            text=True,
        )

    def hears(self) -> str:
        """Return the next command that reaches the lamp."""
        assert self._sub.stdout is not None
        return self._sub.stdout.readline().strip()

    def says(self, payload: str) -> None:
        subprocess.run(
            [self._pub, "-p", self._port, "-t", "desk/state", "-r", "-m", payload],
            check=True,
            timeout=10,
        )

    def close(self) -> None:
        self._sub.terminate()
        self._sub.wait(10)
        assert self._sub.stdout is not None
        self._sub.stdout.close()


@contextlib.contextmanager
def house(
    folder: Path,
    before: Callable[[House], None] = lambda _house: None,
    drivers: dict[str, Any] | None = None,
) -> Iterator[House]:
    """Run the house until the block ends; `before` is done before the hub starts.

    `drivers` are networks besides the broker.
    """
    peer, cameras = mjpeg_cameras()
    with Broker(folder) as broker, peer:
        made = House(folder, broker, cameras, drivers or {})
        before(made)
        try:
            made.on()
            yield made
        finally:
            made.off()
