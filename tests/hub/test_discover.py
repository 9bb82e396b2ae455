"""Looking for what could be added, against real responders on this machine."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml
from kasa.transports.xortransport import XorEncryption
from ssdpy import SSDPServer
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from drivers.nearby import Nearby, read_ssdp
from drivers.nearby_kasa import ask_kasa, read_kasa
from drivers.shown import shown
from hub.api.access import Role
from hub.cli.main import main
from hub.discover.discover import discover, suggest
from hub.discover.kinds import KASA, MDNS, of_ssdp
from hub.settings import Settings
from tests.hub.api_rig import API, running, settings_for

pytestmark = pytest.mark.slow

HERE = "127.0.0.1"
BRIDGE = "Philips Hue bridge"
HUE_ANSWER = (
    "HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age=100\r\nEXT:\r\n"
    "LOCATION: http://192.0.2.9:80/description.xml\r\n"
    "SERVER: Hue/1.0 UPnP/1.0 IpBridge/1.60.0\r\nhue-bridgeid: 001788FFFE000001\r\n"
    "ST: upnp:rootdevice\r\nUSN: uuid:2f402f80::upnp:rootdevice\r\n\r\n"
)


@asynccontextmanager
async def announced(*services: tuple[str, str, int]) -> AsyncIterator[None]:
    """Announce services by a responder of its own."""
    mdns = AsyncZeroconf(interfaces=[HERE])
    try:
        for kind, name, port in services:
            info = AsyncServiceInfo(
                f"{kind}.local.",
                f"{name}.{kind}.local.",
                port=port,
                parsed_addresses=["192.0.2.7"],
                properties={"v": "1"},
                server=f"discover-test-{port}.local.",
            )
            await (await mdns.async_register_service(info))
        yield
    finally:
        await mdns.async_unregister_all_services()
        await mdns.async_close()


@asynccontextmanager
async def answering(port: int) -> AsyncIterator[None]:
    """Answer searches: a media renderer by ssdpy, and a Hue bridge word for word."""
    renderer = SSDPServer(
        "uuid:1::urn:schemas-upnp-org:device:MediaRenderer:1",
        device_type="urn:schemas-upnp-org:device:MediaRenderer:1",
        port=port,
        address=HERE,
        location="http://192.0.2.8/desc.xml",
    )
    renderer.sock.setblocking(False)
    loop = asyncio.get_running_loop()

    def asked() -> None:
        data, address = renderer.sock.recvfrom(1024)
        renderer.on_recv(data, address)
        renderer.sock.sendto(HUE_ANSWER.encode(), address)
        renderer.sock.sendto(b"\xff\x00 nonsense", address)

    loop.add_reader(renderer.sock, asked)
    try:
        yield
    finally:
        loop.remove_reader(renderer.sock)
        renderer.sock.close()


def free_udp_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((HERE, 0))
        return int(probe.getsockname()[1])


class Plug(asyncio.DatagramProtocol):
    """A Kasa plug, by python-kasa's own coding."""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        if XorEncryption.decrypt(data) == '{"system":{"get_sysinfo":{}}}':
            about = {"alias": "Heater plug", "model": "HS110(EU)"}
            answer = json.dumps({"system": {"get_sysinfo": about}})
            self.transport.sendto(XorEncryption.encrypt(answer)[4:], addr)
            self.transport.sendto(b"nonsense", addr)


async def test_a_kasa_plug_answers(state: Path) -> None:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(Plug, local_addr=(HERE, 0))
    port = transport.get_extra_info("sockname")[1]
    try:
        for _ in range(5):
            if found := await ask_kasa(1.0, HERE, port, HERE):
                break
    finally:
        transport.close()
    assert [(one.name, one.properties) for one in found] == [
        ("Heater plug", {"model": "HS110(EU)"})
    ]
    suggestion = suggest(settings_for(state), [(KASA, found[0], "kasa")])[0]
    assert suggestion.kind == "TP-Link Kasa device"


async def test_what_is_announced_is_suggested_and_nothing_added(state: Path) -> None:
    port = free_udp_port()
    settings = settings_for(state)
    before = settings.model_dump()
    services = [
        ("_hue._tcp", "Hue Bridge - 0001", 443),
        ("_mqtt._tcp", "discover test broker", 1884),
        ("_googlecast._tcp", "Kitchen", 8009),
        ("_printer._tcp", "Printer", 515),
    ]
    async with announced(*services), answering(port):
        wanted = {BRIDGE, "MQTT broker", "Google Cast device"}
        for _ in range(5):  # datagrams get lost on a busy machine
            found = await discover(settings, 2.0, [HERE], port, (HERE, free_udp_port()))
            told = {one["kind"]: one for one in found["suggestions"]}
            ways = {(one["kind"], one["found_by"]) for one in found["suggestions"]}
            if wanted | {"UPnP media renderer"} <= told.keys() and (BRIDGE, "ssdp") in ways:
                break
    assert found["problems"] == []
    assert wanted | {"UPnP media renderer"} <= told.keys()
    broker = told["MQTT broker"]
    assert yaml.safe_load(broker["add"]) == {
        "drivers": {"mqtt": {"host": "192.0.2.7", "port": 1884}}
    }
    assert (broker["found_by"], broker["configured"]) == ("mdns", False)
    bridges = [one for one in found["suggestions"] if one["kind"] == BRIDGE]
    assert {one["found_by"] for one in bridges} == {"mdns", "ssdp"}
    assert bridges[0]["run"] == "moodsync network hue pair"
    assert told["Google Cast device"]["add"] == ""
    assert "Printer" not in json.dumps(found)
    assert settings.model_dump() == before


async def test_the_api_looks_around(state: Path) -> None:
    async with running(settings_for(state)) as rig:
        owner, guest = await rig.as_(Role.OWNER), await rig.as_(Role.GUEST)
        async with owner.post(f"{API}/discoveries", json={"seconds": 0.5}) as answer:
            assert answer.status == 200
            assert {"suggestions", "problems"} <= (await answer.json()).keys()
        async with guest.post(f"{API}/discoveries", json={"seconds": 1}) as answer:
            assert answer.status == 403
        async with owner.post(f"{API}/discoveries", json={"seconds": 60}) as answer:
            assert answer.status in (400, 422)


def test_the_command_line_looks_around(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "hub.yaml"
    config.write_text(f"store: {{directory: {tmp_path / 'state'}}}\n")
    words = ["discover", "--config", str(config), "--seconds", "0.5", "--interface", HERE]
    assert main([*words, "--json"]) == 0
    assert "suggestions" in json.loads(capsys.readouterr().out)
    assert not (tmp_path / "state").exists()


def one(service: str, **more: Any) -> Nearby:
    given: dict[str, Any] = {
        "name": "Thing 1",
        "address": "192.0.2.7",
        "port": 80,
        "properties": {},
    }
    return Nearby(service, **(given | more))


def told(settings: Settings, found: Nearby) -> Any:
    kind = MDNS.get(found.service) or of_ssdp(found)
    assert kind is not None
    return suggest(settings, [(kind, found, "mdns")])[0]


def test_what_is_configured_is_known_again(state: Path) -> None:
    drivers = {"hue": {"host": "192.0.2.7"}, "lifx": {}, "mqtt": {"host": "broker.local"}}
    settings = settings_for(state, drivers=drivers, rooms={}, rules={})
    assert told(settings, one("_hue._tcp")).configured
    assert not told(settings, one("_hue._tcp", address="192.0.2.8")).configured
    assert told(settings, one("_lifx._tcp")).configured
    assert told(settings, one("_mqtt._tcp", name="broker")).configured
    assert told(settings, one("_mqtt._tcp", name="broker")).add == ""


def test_every_suggested_line_is_a_valid_configuration(state: Path) -> None:
    settings = settings_for(state)
    for service in MDNS:
        suggestion = told(settings, one(service, name='9 "x": {[\n- evil'))
        if suggestion.add:
            lines = yaml.safe_load(suggestion.add)
            drivers = {"simulated": {}, "mqtt": {}} | lines.get("drivers", {})
            Settings.model_validate({**lines, "drivers": drivers})


def test_ssdp_kinds() -> None:
    assert of_ssdp(one("urn:Belkin:device:controllee:1")) is not None
    assert of_ssdp(one("upnp:rootdevice", properties={"hue-bridgeid": "1"})) is not None
    assert of_ssdp(one("urn:schemas-upnp-org:device:InternetGatewayDevice:1")) is None


def test_strangers_texts_are_harmless() -> None:
    assert read_ssdp(HUE_ANSWER.encode())["hue-bridgeid"] == "001788FFFE000001"
    assert read_ssdp(b"M-SEARCH * HTTP/1.1\r\nST: x\r\n\r\n") == {}
    assert shown("a\x1b[31m\n" + "b" * 500) == "a[31m" + "b" * 73
    random = Random(1)
    for _ in range(2000):
        data = bytearray(HUE_ANSWER.encode())
        for _ in range(random.randrange(1, 20)):
            data[random.randrange(len(data))] = random.randrange(256)
        read_kasa(bytes(data))
        read_ssdp(bytes(data[: random.randrange(len(data))]))
