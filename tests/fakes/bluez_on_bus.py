"""A private D-Bus daemon (the real one) with a Bluetooth service on it."""

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

from tests.fakes.bluez import Bluez
from tests.fakes.process import START_LIMIT_S, require


def _listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


@contextmanager
def bluez(folder: Path) -> Iterator[Bluez]:
    """A D-Bus daemon and the service on it, found where bleak looks for the system's."""
    address = f"unix:path={folder}/bus"
    daemon = subprocess.Popen(
        [require("dbus-daemon", "dbus-daemon"), "--session", "--nofork", f"--address={address}"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + START_LIMIT_S
        while not _listens(folder / "bus"):
            assert daemon.poll() is None, "dbus-daemon does not start"
            assert time.monotonic() < deadline, "dbus-daemon does not listen"
            time.sleep(0.01)
        with patch.dict("os.environ", DBUS_SYSTEM_BUS_ADDRESS=address):
            service = Bluez(address)
            try:
                service.start()
                yield service
            finally:
                service.close()
    finally:
        daemon.kill()
        daemon.wait(10)
