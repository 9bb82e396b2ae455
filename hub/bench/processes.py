"""Starts the real processes that a measurement needs: a broker, and a whole hub."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from hub.control_client import ControlClient
from hub.errors import HubError, NotRunning

START_LIMIT_S = 20.0
QUIET = {"MOODSYNC__log__level": "error"}


def free_port() -> int:
    """Return a TCP port of the loopback that is free now."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


@contextlib.contextmanager
def broker(folder: Path, *, nodelay: bool = True) -> Iterator[int]:
    """Run mosquitto on the loopback and yield its port."""
    program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/bin")
    if program is None:
        raise HubError("mosquitto is needed for this measurement: apt-get install mosquitto")
    port = free_port()
    config = folder / f"mosquitto-{port}.conf"
    config.write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 100000\n"
        f"set_tcp_nodelay {'true' if nodelay else 'false'}\n"
    )
    process = subprocess.Popen(  # noqa: S603 - the program found above
        [program, "-c", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait_for_port(port)
        yield port
    finally:
        _end(process)


@contextlib.contextmanager
def running(*command: str, environment: dict[str, str] | None = None) -> Iterator[int]:
    """Run a command in the background and yield its process id."""
    process = subprocess.Popen(  # noqa: S603 - our own interpreter
        command, env=os.environ | (environment or {}), stdout=subprocess.DEVNULL
    )
    try:
        yield process.pid
    finally:
        _end(process)


@contextlib.contextmanager
def running_logged(log: Path, *command: str, environment: dict[str, str]) -> Iterator[int]:
    """As `running`, with what it says on its standard error in a file."""
    with log.open("w") as file:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter
            command, env=os.environ | environment, stdout=subprocess.DEVNULL, stderr=file
        )
        try:
            yield process.pid
        finally:
            _end(process)


def checkout() -> Path:
    """Return the project's folder, and let its tests' peers be imported from wherever one is.

    Raises HubError where the hub was installed without them.
    """
    root = Path(__file__).parents[2]
    if not (root / "tests" / "fakes").is_dir():
        raise HubError(f"this is measured in a checkout of the project; {root} is none")
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
    return root


@contextlib.contextmanager
def peer(*command: str) -> Iterator[str]:
    """Run a command that prints `ready ...` when it can be used; yield the rest of that line."""
    process = subprocess.Popen(  # noqa: S603 - our own interpreter
        command, stdout=subprocess.PIPE, cwd=checkout()
    )
    watch = threading.Timer(START_LIMIT_S, process.kill)
    watch.start()
    try:
        line = process.stdout.readline().decode() if process.stdout else ""
        watch.cancel()
        if not line.startswith("ready"):
            raise HubError(f"the peer of this measurement did not start: {' '.join(command[1:])}")
        yield line.removeprefix("ready").strip()
    finally:
        watch.cancel()
        _end(process)
        if process.stdout:
            process.stdout.close()


def write_config(folder: Path, config: dict[str, Any]) -> Path:
    """Write a configuration whose state lies in `folder`; return the file."""
    config = config | {"store": {"directory": str(folder / "state")} | config.get("store", {})}
    file = folder / "hub.yaml"
    file.write_text(yaml.safe_dump(config))
    return file


def hub_command(file: Path) -> tuple[str, ...]:
    """Return the command that runs a hub with this configuration."""
    return (sys.executable, "-m", "hub", "run", "--no-input", "--config", str(file))


@contextlib.contextmanager
def hub(folder: Path, config: dict[str, Any]) -> Iterator[tuple[int, ControlClient]]:
    """Run a whole hub with this configuration; yield its process id and its control socket."""
    command = hub_command(write_config(folder, config))
    with running(*command, environment=QUIET) as pid:
        client = wait_for_hub(folder / "state" / "control.sock")
        try:
            yield pid, client
        finally:
            client.close()


def wait_for_hub(path: Path) -> ControlClient:
    """Return a client once the hub's control socket answers. Raises NotRunning at the limit."""
    deadline = time.monotonic() + START_LIMIT_S
    while True:
        try:
            return ControlClient(path)
        except NotRunning:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def _wait_for_port(port: int) -> None:
    deadline = time.monotonic() + START_LIMIT_S
    while True:
        with socket.socket() as sock:
            if sock.connect_ex(("127.0.0.1", port)) == 0:
                return
        if time.monotonic() > deadline:
            raise HubError(f"nothing listens on port {port} after {START_LIMIT_S:.0f} s")
        time.sleep(0.02)


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(5)
