"""What answers at a device's address but is none, or none of good will."""

import asyncio
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aioesphomeapi.model import APIVersion, SensorInfo, SwitchInfo
from aioesphomeapi.model import DeviceInfo as NodeInfo

from drivers.esphome_node import MOST_ENTITIES, Node
from drivers.lan import MOST_DEVICES, LanDriver
from drivers.shown import hardware_address
from drivers.types import Unreachable
from tests.drivers import esphome_rig, kasa_rig, shelly_rig, wled_rig
from tests.drivers.lan_rig import FakeDevice
from tests.fakes.running import outcome, running

pytestmark = pytest.mark.peer
MOST_SENT = 16_000_000
"""Bytes that get out before somebody hangs up: what we take, and the buffers of the way."""


class Stranger:
    """A TCP server that says to everyone what it was made with, then goes on with `more`."""

    def __init__(self, says: bytes, more: bytes) -> None:
        self.says, self.more = says, more
        self.visits = 0
        self.sent = 0
        self.port = 0

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.visits += 1
        try:
            await reader.read(4096)
            writer.write(self.says)
            while self.more:
                writer.write(self.more)
                await writer.drain()
                self.sent += len(self.more)
            await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()


@asynccontextmanager
async def stranger(says: bytes, more: bytes = b"") -> AsyncIterator[Stranger]:
    one = Stranger(says, more)
    server = await asyncio.start_server(one.talk, "127.0.0.1", 0)
    one.port = server.sockets[0].getsockname()[1]
    try:
        yield one
    finally:
        server.close()


def answer(status: str, *headers: str, body: bytes = b"") -> bytes:
    return "\r\n".join((f"HTTP/1.1 {status}", *headers, "", "")).encode() + body


def at(port: int, make: Callable[[FakeDevice], LanDriver]) -> LanDriver:
    return make(FakeDevice(None, port, port))  # type: ignore[arg-type]


def behind_login(folder: Path) -> Callable[[FakeDevice], LanDriver]:
    return lambda one: kasa_rig.driver_at(one, folder, "klap")


def by_http(folder: Path) -> dict[str, Callable[[FakeDevice], LanDriver]]:
    return {
        "wled": wled_rig.driver_at,
        "shelly": shelly_rig.driver_at,
        "kasa": behind_login(folder),
    }


@pytest.mark.parametrize("name", ["wled", "shelly", "kasa"])
async def test_nobody_is_sent_elsewhere(tmp_path: Path, name: str) -> None:
    async with stranger(answer("200 OK", "Content-Length: 2", body=b"{}")) as victim:
        to = f"Location: http://127.0.0.1:{victim.port}/reboot"
        async with stranger(answer("307 Temporary Redirect", to, "Content-Length: 0")) as sender:
            gone = await outcome(at(sender.port, by_http(tmp_path)[name]))
            assert isinstance(gone, Unreachable)
            assert sender.visits
        assert not victim.visits


@pytest.mark.parametrize("name", ["wled", "shelly", "kasa"])
async def test_an_answer_without_an_end_is_not_listened_to(tmp_path: Path, name: str) -> None:
    head = answer("200 OK", "Content-Type: application/json")
    async with stranger(head, b" " * 65536) as talker:
        gone = await outcome(at(talker.port, by_http(tmp_path)[name]))
        assert isinstance(gone, Unreachable)
        assert talker.visits
        assert talker.sent < MOST_SENT * talker.visits


async def test_nothing_is_unpacked() -> None:
    packer = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
    bomb = b"".join(packer.compress(bytes(1_000_000)) for _ in range(100)) + packer.flush()
    said = answer("200 OK", "Content-Type: application/json", "Content-Encoding: gzip", body=bomb)
    async with stranger(said) as sender:
        tracemalloc.start()
        try:
            gone = await outcome(at(sender.port, wled_rig.driver_at))
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert isinstance(gone, Unreachable)
        assert sender.visits
        assert most < 20_000_000, "of a hundred million bytes"


async def test_a_plug_that_promises_four_gigabytes_is_hung_up_on() -> None:
    async with stranger(b"\xff\xff\xff\xff", b"\x00" * 65536) as talker:
        gone = await outcome(at(talker.port, kasa_rig.driver_at))
        assert isinstance(gone, Unreachable)
        assert talker.visits
        assert talker.sent < MOST_SENT * talker.visits


async def test_one_byte_at_a_time_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("drivers.kasa.CONNECT_LIMIT_S", 0.5)

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(4096)
        try:
            writer.write(b"\x00\x00\x10\x00")
            while True:
                writer.write(b"x")
                await writer.drain()
                await asyncio.sleep(0.05)
        except OSError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    try:
        gone = await outcome(at(server.sockets[0].getsockname()[1], kasa_rig.driver_at))
        assert isinstance(gone, Unreachable)
    finally:
        server.close()


async def test_a_message_nested_without_end_is_dropped() -> None:
    with wled_rig.controller("rgb") as strip:
        driver, me = wled_rig.driver_at(strip), wled_rig.IDS["rgb"]
        async with running(driver) as port:
            await strip.test("raw", ["[" * 100_000, '{"state":' * 50_000])
            await strip.test("change", {"bri": 51})
            await port.until(lambda: port.state(me).level == 0.2)
            assert driver.stats.malformed == 2
            assert driver.stats.attempts == 1


@pytest.mark.parametrize("mac", ["../../etc/passwd", "", "a0b1\n", "a" * 5000])
async def test_an_id_is_made_of_hardware_addresses_alone(mac: str) -> None:
    with pytest.raises(ValueError, match="hardware address"):
        hardware_address(mac)
    with wled_rig.controller("rgb") as strip:
        await strip.test("info", {"mac": mac})
        assert isinstance(await outcome(wled_rig.driver_at(strip)), Unreachable)


def made(kind: Any, **told: Any) -> Any:
    """Make one of the library's messages; its classes hide their fields from mypy."""
    return kind(**told)


def test_a_node_with_more_entities_than_can_be_is_not_believed() -> None:
    info = made(NodeInfo, name="n", mac_address=esphome_rig.MAC)
    many = [made(SensorInfo, key=n, object_id=f"s{n}") for n in range(MOST_ENTITIES + 1)]
    Node("esphome", info, many[:-1], APIVersion(1, 10))
    with pytest.raises(ValueError, match="more entities"):
        Node("esphome", info, many, APIVersion(1, 10))


def test_an_entitys_name_does_not_get_out_of_its_id() -> None:
    info = made(NodeInfo, name="n", mac_address=esphome_rig.MAC)
    odd = [made(SwitchInfo, key=7, object_id="../#/+"), made(SwitchInfo, key=8, object_id="ok")]
    ids = [one.id for one in Node("esphome", info, odd, APIVersion(1, 10)).devices()]
    assert ids == [f"{esphome_rig.NODE_ID}:switch:entity_7", f"{esphome_rig.NODE_ID}:switch:ok"]


async def test_a_shelly_with_thousands_of_outputs_is_not_believed() -> None:
    with shelly_rig.shelly() as cellar:
        many = {f"switch:{n}": {"id": n, "output": False} for n in range(100, 100 + MOST_DEVICES)}
        await cellar.test("add", many)
        gone = await outcome(shelly_rig.driver_at(cellar))
        assert isinstance(gone, Unreachable)
        assert "more devices" in gone.reason
