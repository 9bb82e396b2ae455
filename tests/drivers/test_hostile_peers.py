"""What answers to a driver and means it no good: it hangs, fills and drags nothing along."""

import asyncio
import json
import ssl
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from lifx.network.discovery import DiscoveredDevice
from structlog.testing import capture_logs

from drivers import lifx
from drivers.hue_bridge import pair
from drivers.hue_commands import group_of
from drivers.lan import Desk, LanDriver
from drivers.lifx_settings import LifxSettings
from drivers.types import Command, Device, DeviceId, Refused, SetSwitch, Switchable, Unreachable
from tests.drivers import hue_rig, lifx_rig, shelly_rig
from tests.drivers.test_matter import PLUG
from tests.drivers.test_matter import driver_at as matter_driver_at
from tests.fakes.certificates import Authority
from tests.fakes.hue_bridge import STRIP, owned
from tests.fakes.matter_server import MatterServer
from tests.fakes.running import open_sockets, outcome, running
from tests.fakes.waiting import eventually
from tests.fakes.websocket_proxy import WebSocketProxy

pytestmark = pytest.mark.peer
MOST_SENT = 16_000_000
"""Bytes that get out before somebody hangs up: what we take, and the buffers of the way."""


# One device among others ------------------------------------------------------------------------


class Odd:
    """A session to a device whose words break what reads them."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def follow(self) -> None:
        raise RecursionError("nested without end")

    async def execute(self, device: Device, command: Command) -> None:
        raise NotImplementedError


class Plain(Odd):
    """A session to one that works."""

    async def follow(self) -> None:
        self._desk.up([Device(DeviceId("odd:plain"), "Plain", "odd", (Switchable(),))])
        await asyncio.sleep(60)

    async def execute(self, device: Device, command: Command) -> None:
        """Do nothing, well."""


async def test_one_device_that_breaks_its_reader_does_not_take_the_others_along() -> None:
    driver = LanDriver("odd", {"odd": Odd, "plain": Plain})
    with capture_logs() as logs:
        async with running(driver) as port:
            await eventually(lambda: driver.stats.attempts >= 3)  # it is tried again
            await driver.execute(SetSwitch(DeviceId("odd:plain"), on=True))
            assert port.devices[DeviceId("odd:plain")].available
    assert [one["device"] for one in logs if one["event"] == "device_session_broke"] == ["odd"]
    assert isinstance(await outcome(LanDriver("odd", {"odd": Odd})), Unreachable)


async def test_a_shelly_whose_state_is_nested_without_end_stays_connected() -> None:
    with shelly_rig.shelly() as cellar:
        driver = shelly_rig.driver_at(cellar)
        deep = '{"a":' * 980 + "1" + "}" * 980
        said = f'{{"method":"NotifyStatus","params":{{"switch:0":{{"x":{deep}}}}}}}'
        async with running(driver) as port:
            await cellar.test("raw", [said, said])
            await cellar.test("change", {"switch:0": {"output": True}})
            await port.until(lambda: port.state(shelly_rig.output("switch:0")).on is True)
            assert driver.stats.malformed == 1
            assert driver.stats.attempts == 1


# LIFX -------------------------------------------------------------------------------------------


def answering(
    monkeypatch: pytest.MonkeyPatch, *found: DiscoveredDevice, instead: bool = True
) -> None:
    """Let these answer to every sweep: nobody can forge them more easily than over UDP."""
    honest = lifx._sweep

    async def sweep(settings: LifxSettings) -> AsyncGenerator[DiscoveredDevice, None]:
        if not instead:
            async for one in honest(settings):
                yield one
        for one in found:
            yield one

    monkeypatch.setattr(lifx, "_sweep", sweep)


async def test_ever_more_lights_that_answer_to_nothing_are_neither_asked_nor_logged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lifx, "MOST_LIGHTS", 3)
    monkeypatch.setattr(lifx, "ANSWER_LIMIT_S", 0.05)
    port = lifx_rig.free_udp_port()
    crowd = [DiscoveredDevice(f"d073d5{n:06x}", "127.0.0.1", port) for n in range(50)]
    answering(monkeypatch, *crowd)
    driver = lifx_rig.driver_at(port)
    before = open_sockets()
    with capture_logs() as logs:
        for _ in range(3):
            assert isinstance(await outcome(driver), Unreachable)
    assert driver.stats.refused == 3 * (50 - 3)
    assert len(logs) <= 3 + 1
    await asyncio.sleep(0.1)
    assert open_sockets() == before


async def test_a_light_that_answers_is_not_taken_for_moved_because_somebody_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    elsewhere = lifx_rig.free_udp_port()
    false = DiscoveredDevice(lifx_rig.COLOUR, "127.0.0.1", elsewhere)
    answering(monkeypatch, false, instead=False)
    monkeypatch.setattr(lifx, "ANSWER_LIMIT_S", 0.5)
    with lifx_rig.emulator() as home:
        driver = lifx_rig.driver_at(home.port, discover_s=1)
        async with running(driver):
            await eventually(lambda: driver.stats.sweeps >= 3)
            light = driver._known[lifx_rig.COLOUR_ID].light
            assert light.port == home.port
            assert driver.stats.missed == 0
            await driver.execute(SetSwitch(lifx_rig.COLOUR_ID, on=True))
            assert (await home.seen(lifx_rig.COLOUR))["power_level"] == 65535
            home.freeze()  # now it may have moved
            await eventually(lambda: light.port == elsewhere)
            home.thaw()


# Hue --------------------------------------------------------------------------------------------


class Bridge:
    """What answers where a bridge is to be, over TLS."""

    def __init__(self, says: bytes, more: bytes = b"") -> None:
        self.says, self.more = says, more
        self.sent = self.visits = self.port = 0

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if not await reader.read(4096):
                return
            self.visits += 1
            writer.write(self.says)
            while self.more and self.sent < 4 * MOST_SENT:  # a cut TLS connection takes it all
                writer.write(self.more)
                await writer.drain()
                self.sent += len(self.more)
            await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()


@asynccontextmanager
async def bridge(folder: Path, one: Bridge) -> AsyncIterator[Bridge]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*Authority(folder, "stranger").issue("bridge"))
    server = await asyncio.start_server(one.talk, "127.0.0.1", 0, ssl=context)
    one.port = server.sockets[0].getsockname()[1]
    try:
        yield one
    finally:
        server.close()


async def test_pairing_does_not_listen_to_a_bridge_without_end(tmp_path: Path) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"
    async with bridge(tmp_path, Bridge(head, b" " * 65536)) as one:
        with pytest.raises(Unreachable):
            await pair("127.0.0.1", one.port)
        assert one.visits == 1
        assert one.sent < 2 * MOST_SENT


async def test_pairing_is_not_sent_elsewhere(tmp_path: Path) -> None:
    async with bridge(tmp_path, Bridge(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")) as victim:
        to = f"Location: https://127.0.0.1:{victim.port}/reboot\r\n".encode()
        found = b"HTTP/1.1 307 Temporary Redirect\r\n" + to + b"Content-Length: 0\r\n\r\n"
        async with bridge(tmp_path, Bridge(found)) as one:
            with pytest.raises(Unreachable):
                await pair("127.0.0.1", one.port)
            assert one.visits == 1
        assert not victim.visits


async def test_a_paired_bridge_whose_answer_has_no_end_is_unreachable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("drivers.hue_bridge.MOST_BYTES", 5000)
    with hue_rig.house(tmp_path) as home:  # whose resources are longer than that
        gone = await outcome(home.driver(tmp_path / "own"))
    assert isinstance(gone, Unreachable)
    assert "Untrusted" in gone.reason


async def test_a_bridge_that_adds_without_end_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with hue_rig.house(tmp_path) as home:
        driver = home.driver(tmp_path / "own")
        async with running(driver) as port:
            there = len(driver._resources)
            monkeypatch.setattr("drivers.hue.MOST_RESOURCES", there + 3)
            for number in range(10):
                await home.test("add", {"id": f"odd-{number}", "type": "scene"})
            await home.test("change", {"id": owned(STRIP, "light"), "on": {"on": True}})
            await port.until(lambda: port.state(hue_rig.STRIP_ID).on is True)
            assert len(driver._resources) == there + 3
            assert driver.stats.malformed == 7


@pytest.mark.parametrize(
    "room",
    [
        {"type": "room", "children": None},
        {"type": "room", "children": ["x"]},
        {"type": "room", "children": [{"rtype": "light"}]},
        {"type": "room", "children": [{"rtype": "light", "rid": []}]},
    ],
)
def test_a_room_that_cannot_be_read_is_no_group(room: dict[str, object]) -> None:
    assert group_of([DeviceId("hue:1")], {"r": room}) is None


# Matter -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [[], {}, None, "x", -1])
async def test_a_matter_servers_odd_refusal_is_a_refusal(code: object) -> None:
    with MatterServer() as server:
        async with WebSocketProxy(server.url) as proxy:
            driver = matter_driver_at(f"ws://127.0.0.1:{proxy.port}/ws")
            async with running(driver):
                proxy.held = True
                asking = asyncio.create_task(driver.execute(SetSwitch(PLUG, on=True)))
                await eventually(lambda: proxy.asked("device_command"))
                asked = proxy.asked("device_command")
                assert asked
                await proxy.say(json.dumps({"message_id": asked["message_id"], "error_code": code}))
                with pytest.raises(Refused):
                    await asking
                proxy.held = False
                await driver.execute(SetSwitch(PLUG, on=False))
