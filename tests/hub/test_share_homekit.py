"""The hub in Apple Home, with aiohomekit as the controller that pairs with it."""

import asyncio
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohomekit.characteristic_cache import CharacteristicCacheMemory
from aiohomekit.controller.ip.controller import IpController
from aiohomekit.controller.ip.discovery import IpDiscovery
from aiohomekit.exceptions import AuthenticationError
from aiohomekit.model.categories import Categories
from aiohomekit.model.feature_flags import FeatureFlags
from aiohomekit.model.status_flags import StatusFlags
from aiohomekit.zeroconf import HomeKitService
from structlog.testing import capture_logs
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from hub.app import Hub
from hub.errors import Refusal
from hub.extras import needed
from hub.settings import Settings
from hub.share.homekit_code import TOO_EASY, pin_of, setup_link
from hub.types import RoomId
from tests.fakes.process import free_port
from tests.hub.share_rig import hub_with, sharing, state_of, until_true

pytestmark = pytest.mark.slow

HERE = "127.0.0.1"
SERVICE = "share apple_home"
ON_, OCCUPIED, ACTIVE, NAME = "25", "71", "75", "23"


@pytest.fixture(autouse=True)
async def phones_hang_up() -> AsyncIterator[None]:
    yield
    await gave_up()


def home(state: Path, port: int, **more: Any) -> Settings:
    apple = {"enabled": True, "port": port, "address": HERE}
    return sharing(state, {"apple_home": apple, "may_resume": True} | more)


async def up(hub: Hub) -> str:
    """Wait for the bridge; return its code."""
    await until_true(lambda: hub.share.view().get("apple_home", {}).get("up"), "the bridge")
    answer = await hub.operations.ask("apple_home")
    return str(answer["code"])


class Controller:
    """A phone's side."""

    def __init__(self, ip: IpController, pairing: Any) -> None:
        self.ip = ip
        self.pairing = pairing
        self.names: dict[str, dict[str, tuple[int, int]]] = {}
        self.events: list[dict[tuple[int, int], dict[str, Any]]] = []

    async def look(self) -> None:
        """Read what there is: characteristics by accessory and short type."""
        self.names = {}
        for accessory in await self.pairing.list_accessories_and_characteristics():
            found: dict[str, tuple[int, int]] = {}
            title = ""
            for service in accessory["services"]:
                for one in service["characteristics"]:
                    short = one["type"].split("-")[0].lstrip("0")
                    if short == NAME and not title:
                        title = one.get("value", "")
                    found[short] = (accessory["aid"], one["iid"])
            self.names[title] = found

    async def read(self, title: str, short: str) -> Any:
        key = self.names[title][short]
        return (await self.pairing.get_characteristics([key]))[key]["value"]

    async def write(self, title: str, short: str, value: Any) -> None:
        await self.pairing.put_characteristics([(*self.names[title][short], value)])

    async def listen(self) -> None:
        self.pairing.dispatcher_connect(self.events.append)
        await self.pairing.subscribe(
            [
                found[short]
                for found in self.names.values()
                for short in (ON_, OCCUPIED)
                if short in found
            ]
        )

    def heard(self, title: str, short: str, value: Any) -> bool:
        key = self.names[title][short]
        return any(event.get(key, {}).get("value") == value for event in self.events)


async def announced(mdns: AsyncZeroconf, port: int) -> HomeKitService:
    """Return what the bridge announces, as a controller takes it."""
    names: list[str] = []

    def noticed(zeroconf: Any, service_type: str, name: str, state_change: Any) -> None:
        names.append(name)

    browser = AsyncServiceBrowser(mdns.zeroconf, ["_hap._tcp.local."], handlers=[noticed])
    try:
        async with asyncio.timeout(15):
            while True:
                for name in names:
                    info = AsyncServiceInfo("_hap._tcp.local.", name)
                    if await info.async_request(mdns.zeroconf, 2000) and info.port == port:
                        said = {k: v or "" for k, v in info.decoded_properties.items()}
                        return HomeKitService(
                            name, said["id"].lower(), said["md"],
                            FeatureFlags(int(said.get("ff", 0))), StatusFlags(int(said["sf"])),
                            int(said["c#"]), int(said["s#"]), Categories(int(said["ci"])),
                            said["pv"], "_hap._tcp.local.", HERE, [HERE], port,
                        )  # fmt: skip
                await asyncio.sleep(0.05)
    finally:
        await browser.async_cancel()


@asynccontextmanager
async def network() -> AsyncIterator[tuple[AsyncZeroconf, IpController]]:
    mdns = AsyncZeroconf(interfaces=[HERE])
    browser = AsyncServiceBrowser(
        mdns.zeroconf, ["_hap._tcp.local.", "_hap._udp.local."], handlers=[lambda **_: None]
    )
    controller: Any = IpController(CharacteristicCacheMemory(), zeroconf_instance=mdns)
    await controller.async_start()
    try:
        yield mdns, controller
    finally:
        await controller.async_stop()
        await browser.async_cancel()
        await mdns.async_close()


async def gave_up() -> None:
    """End what aiohomekit leaves behind when a bridge hangs up on it while it closes."""
    left = [t for t in asyncio.all_tasks() if "HomeKitConnection" in repr(t.get_coro())]
    for task in left:
        task.cancel()
    if left:
        await asyncio.wait(left, timeout=10)


@asynccontextmanager
async def paired(port: int, code: str) -> AsyncIterator[Controller]:
    async with network() as (mdns, ip):
        discovery: Any = IpDiscovery(ip, await announced(mdns, port))
        try:
            finish = await discovery.async_start_pairing("phone")
            pairing = await finish(code)
            controller = Controller(ip, pairing)
            try:
                await controller.look()
                yield controller
            finally:
                await pairing.shutdown()
        finally:
            await discovery.close()
            await gave_up()


@pytest.mark.slow
@pytest.mark.timeout(180)
async def test_a_controller_pairs_reads_writes_and_is_told(state: Path) -> None:
    port = free_port()
    with capture_logs() as logs:
        async with hub_with(home(state, port)) as hub:
            code = await up(hub)
            async with paired(port, code) as phone:
                assert {
                    "Test home MoodSync",
                    "Privacy mode",
                    "Living room occupancy",
                    "Study occupancy",
                    "Soft Living room",
                    "Soft Study",
                } == phone.names.keys()
                await phone.listen()
                await until_true(hub.devices.all)
                # A scene is brought in, and its switch moves back.
                await phone.write("Soft Living room", ON_, True)
                await until_true(lambda: hub.devices.all()[0].state.level == 0.3)
                await until_true(lambda: phone.heard("Soft Living room", ON_, False))
                # Privacy, both ways.
                assert not await phone.read("Privacy mode", ON_)
                await phone.write("Privacy mode", ON_, True)
                await until_true(lambda: hub.permission.privacy)
                await phone.write("Privacy mode", ON_, False)
                await until_true(lambda: not hub.permission.privacy)
                # Occupancy is told as it changes, and not told while the house is paused.
                hub.surroundings.tell(RoomId("study"), "test", present=True)
                await until_true(lambda: phone.heard("Study occupancy", OCCUPIED, 1))
                assert await phone.read("Study occupancy", ACTIVE)
                await hub.operations.ask("privacy", on=True)
                await until_true(lambda: phone.heard("Privacy mode", ON_, True))
                assert await phone.read("Study occupancy", OCCUPIED) == 0
                assert not await phone.read("Study occupancy", ACTIVE)
                assert hub.share.view()["apple_home"]["paired"] == 1
                assert (await hub.operations.ask("apple_home"))["code"] is None
                await phone.pairing.remove_pairing(phone.pairing.pairing_data["iOSPairingId"])
                await until_true(lambda: hub.share.view()["apple_home"]["paired"] == 0)
            noted = await hub.store.config.audit_log()
            assert ("apple_home", "scene", "soft in living_room") in {
                (one.actor, one.action, one.detail) for one in noted
            }
    assert code not in str(logs)
    assert code not in str(noted)


@pytest.mark.slow
@pytest.mark.timeout(180)
async def test_a_wrong_code_is_refused(state: Path) -> None:
    port = free_port()
    async with hub_with(home(state, port)) as hub:
        code = await up(hub)
        wrong = "111-22-333" if code != "111-22-333" else "111-22-334"
        with pytest.raises(AuthenticationError):
            async with paired(port, wrong):
                pass
        assert hub.share.view()["apple_home"]["paired"] == 0
        async with paired(port, code):
            assert hub.share.view()["apple_home"]["paired"] == 1


@pytest.mark.slow
@pytest.mark.timeout(180)
async def test_a_pairing_outlives_a_restart_and_its_files_are_the_hubs_alone(state: Path) -> None:
    port = free_port()
    settings = home(state, port)
    async with hub_with(settings) as hub:
        code = await up(hub)
        async with paired(port, code) as phone:
            ids = {title: found[ON_] for title, found in phone.names.items() if ON_ in found}
    folder = state / "share"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    files = [file for file in folder.iterdir() if file.is_file()]
    assert {file.name for file in files} == {"apple_home.code", "apple_home.json"}
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    async with hub_with(settings) as hub:
        await until_true(lambda: hub.share.view().get("apple_home", {}).get("paired") == 1)
        async with network() as (mdns, ip):
            service = await announced(mdns, port)
            assert not service.status_flags & StatusFlags.UNPAIRED
            pairing = ip.load_pairing("phone", dict(phone.pairing.pairing_data))
            assert pairing is not None
            pairing.description = service
            again = Controller(ip, pairing)
            await again.look()
            assert ids == {t: found[ON_] for t, found in again.names.items() if ON_ in found}
            await pairing.shutdown()
        await hub.operations.ask("apple_home", forget=True)
        await until_true(
            lambda: hub.share.view()["apple_home"] == {"up": True, "paired": 0, "left_out": 0}
        )
        assert (await hub.operations.ask("apple_home"))["code"] != code


@pytest.mark.slow
@pytest.mark.timeout(180)
async def test_rooms_that_come_appear_and_switched_off_it_ends(state: Path) -> None:
    port = free_port()
    settings = home(state, port)
    async with hub_with(settings) as hub:
        await up(hub)
        rooms = {**settings.model_dump()["rooms"], "attic": {"name": "Attic"}}
        assert hub.reload(
            home(state, port).model_copy(
                update={"rooms": Settings.model_validate({"rooms": rooms}).rooms}
            )
        )
        await until_true(lambda: not hub.share.view()["apple_home"]["up"])
        async with paired(port, await up(hub)) as phone:
            assert "Attic occupancy" in phone.names
        assert hub.reload(sharing(state, {}))
        await until_true(lambda: state_of(hub, SERVICE) == "stopped")
        with pytest.raises(Refusal, match="not being shown"):
            await hub.operations.ask("apple_home")


async def test_a_taken_port_is_said_and_mended(state: Path) -> None:
    port = free_port()
    server = await asyncio.start_server(lambda _r, _w: None, HERE, port)
    async with hub_with(home(state, port)) as hub:
        await until_true(lambda: state_of(hub, SERVICE) == "waiting")
        server.close()
        await server.wait_closed()
        hub.supervisor.retry_now()
        await up(hub)


def test_the_code_is_kept_and_never_an_easy_one(tmp_path: Path) -> None:
    file = tmp_path / "share" / "code"
    code = pin_of(file)
    assert pin_of(file) == code
    assert code.replace("-", "") not in TOO_EASY
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.write_text("12345678\n")
    assert pin_of(file) != "123-45-678"
    # The example of HAP-python and Home Assistant: category 2, IP, this code.
    assert setup_link("031-45-154", "ABCD").startswith("X-HM://00")
    assert len(setup_link("999-99-999", "ABCD")) == len("X-HM://") + 9 + 4


def test_run_installs_what_it_needs(tmp_path: Path) -> None:
    file = tmp_path / "hub.yaml"
    file.write_text("share: {apple_home: {enabled: true}}\n")
    assert needed(file) == ("homekit",)
