"""The broker's configuration that is shipped works as it stands, with a real mosquitto."""

import asyncio
import os
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from drivers.types import BadCredentials, SetSwitch
from tests.drivers.mqtt_rig import PLUG, driver_at
from tests.fakes.broker import PASSWORD, USER
from tests.fakes.certificates import Authority
from tests.fakes.port import RememberingPort
from tests.fakes.process import ROOT, free_port, require
from tests.fakes.running import running

pytestmark = pytest.mark.peer


@dataclass(frozen=True)
class Shipped:
    """A mosquitto running on the shipped configuration, and how to come in."""

    secure: int
    plain: int
    who: dict[str, Any]
    encrypted: dict[str, Any]


@pytest.fixture
def shipped(tmp_path: Path) -> Iterator[Shipped]:
    authority = Authority(tmp_path, "home")
    certificate, key = authority.issue("server")
    users, password = tmp_path / "passwd", tmp_path / "password"
    tool = require("mosquitto_passwd", "mosquitto")
    subprocess.run([tool, "-b", "-c", str(users), USER, PASSWORD], check=True, timeout=10)
    password.write_text(PASSWORD)
    secure, plain = free_port(), free_port()
    text = (ROOT / "config" / "mosquitto.conf").read_text()
    for theirs, ours in {
        "/etc/mosquitto/passwd": str(users),
        "/etc/mosquitto/certs/server.crt": str(certificate),
        "/etc/mosquitto/certs/server.key": str(key),
        "listener 8883": f"listener {secure} 127.0.0.1",
        "listener 1883": f"listener {plain}",
    }.items():
        assert theirs in text
        text = text.replace(theirs, ours)
    text += f"persistence_location {tmp_path}/\n" + ("user root\n" if os.geteuid() == 0 else "")
    config = tmp_path / "mosquitto.conf"
    config.write_text(text)
    broker = subprocess.Popen(
        [require("mosquitto", "mosquitto"), "-c", str(config)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield Shipped(
            secure,
            plain,
            {"username": USER, "password_file": password},
            {"host": "localhost", "tls": True, "ca_file": authority.ca_file},
        )
    finally:
        broker.kill()
        broker.wait(10)


async def test_the_shipped_broker_configuration_serves_the_hub(shipped: Shipped) -> None:
    await _listening(shipped.plain)
    for driver in (
        driver_at(shipped.secure, **shipped.who, **shipped.encrypted),
        driver_at(shipped.plain, **shipped.who),
    ):
        with capture_logs() as logs:
            async with running(driver) as port:
                assert port.connections == 1
                await driver.execute(SetSwitch(PLUG, on=True))
                await asyncio.sleep(0.2)
        assert not [entry for entry in logs if entry["log_level"] == "warning"]
    for port_number in (shipped.secure, shipped.plain):
        stranger = {} if port_number == shipped.plain else shipped.encrypted
        with pytest.raises(BadCredentials):
            await driver_at(port_number, **stranger).run(RememberingPort())


async def _listening(port: int) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.02)
            continue
        writer.close()
        await writer.wait_closed()
        return
    raise AssertionError("mosquitto does not take the shipped configuration")
