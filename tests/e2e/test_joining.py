"""A device joins by its PIN, asked for at a terminal or sent to the API; nothing repeats it."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest
import yaml
from structlog.testing import capture_logs

from hub.api.access import Role
from tests.e2e.running import ROOT, moodsync
from tests.fakes.matter_server import CODE, MatterServer
from tests.fakes.terminal import Terminal
from tests.fakes.waiting import eventually
from tests.fakes.zwave_server import ZwaveNetwork, shared
from tests.hub.api_rig import API, Rig, running, settings_for

pytestmark = [pytest.mark.slow, pytest.mark.peer, pytest.mark.timeout(240)]
AUTHENTICATED = 1
QUESTION = "without them it is not authenticated (Enter for none): "
OPERATIONS = f"{API}/networks/zwave/operations"


@asynccontextmanager
async def home(folder: Path, name: str, url: str) -> AsyncIterator[Rig]:
    """Run a home with one more driver; its configuration is `hub.yaml` in the folder."""
    simulated = {"devices": {"lamp": {"kind": "lamp", "name": "Lamp"}}}
    drivers = {"simulated": simulated, name: {"url": url}}
    async with running(settings_for(folder, drivers=drivers)) as rig:
        (folder / "hub.yaml").write_text(yaml.safe_dump({"store": {"directory": str(folder)}}))
        await eventually(lambda: _connected(rig, name), limit_s=60.0)
        yield rig


def _connected(rig: Rig, name: str) -> bool:
    return any(one.driver == name for one in rig.hub.devices.all())


def pair(folder: Path, pin: str, *more: str) -> tuple[int, str]:
    """Bring a device in as a person at a terminal does; return the exit code and what was shown."""
    config = str(folder / "hub.yaml")
    command = (sys.executable, "-m", "hub", "devices", "--config", config, "pair", "zwave")
    with closing(Terminal((*command, "seconds=20", *more), ROOT, {})) as terminal:
        if not more:
            terminal.until(QUESTION)
            terminal.type(pin)
        code = terminal.end()
        return code, terminal.shown


async def leave(rig: Rig, network: ZwaveNetwork, node: int) -> None:
    owner = await rig.as_(Role.OWNER)
    network.do("leave", node=node)
    async with owner.post(f"{OPERATIONS}/exclude", json={"arguments": {"seconds": 20}}) as answer:
        assert (await answer.json())["answer"] == {"left": node}


async def test_a_pin_is_asked_at_the_terminal_without_echo(tmp_path: Path) -> None:
    with shared() as network, capture_logs() as logs:
        async with home(tmp_path, "zwave", network.url) as rig:
            pin: str = network.do("join", node=50, classes=[AUTHENTICATED])
            code, shown = await asyncio.to_thread(pair, tmp_path, pin)
            assert code == 0, shown
            assert "security: s2_authenticated" in shown
            await leave(rig, network, 50)

            pin = network.do("join", node=51, classes=[AUTHENTICATED])
            wrong = f"{(int(pin) + 1) % 65_536:05d}"
            code, shown_2 = await asyncio.to_thread(pair, tmp_path, wrong)
            assert code == 1, shown_2
            assert "this PIN is not the device's" in shown_2
            await leave(rig, network, 51)

            pin = network.do("join", node=52, classes=[AUTHENTICATED])
            code, shown_3 = await asyncio.to_thread(pair, tmp_path, "", f"pin={pin}")
            assert code == 0, shown_3
            await leave(rig, network, 52)
    for one in (pin, wrong):
        assert one not in f"{shown}{shown_2}{shown_3}{logs}"


async def test_a_pin_is_sent_to_the_api_and_not_sent_back(tmp_path: Path) -> None:
    with shared() as network, capture_logs() as logs:
        async with home(tmp_path, "zwave", network.url) as rig:
            owner = await rig.as_(Role.OWNER)

            async def join(pin: object) -> tuple[int, dict[str, Any]]:
                given = {"arguments": {"seconds": 20, "pin": pin}}
                async with owner.post(f"{OPERATIONS}/permit_join", json=given) as answer:
                    return answer.status, await answer.json()

            pin: str = network.do("join", node=53, classes=[AUTHENTICATED])
            status, said = await join(pin)
            assert (status, said["answer"]["security"]) == (200, "s2_authenticated")
            await leave(rig, network, 53)

            pin_2: str = network.do("join", node=54, classes=[AUTHENTICATED])
            wrong = f"{(int(pin_2) + 1) % 65_536:05d}"
            status, told = await join(wrong)
            assert (status // 100, "this PIN is not the device's" in str(told)) == (4, True), told
            await leave(rig, network, 54)

            for bad in ("77777", 77777, ["77777"], {"77777": 1}):
                status, refused = await join(bad)
                assert status // 100 == 4
                assert "pin" in str(refused)
                assert "77777" not in str(refused)
            said_all = f"{said}{told}{logs}"
            for one in (pin, wrong, "77777"):
                assert one not in said_all


async def test_a_program_says_a_code_on_standard_input(tmp_path: Path) -> None:
    with MatterServer() as server:
        async with home(tmp_path, "matter", server.url):
            config = str(tmp_path / "hub.yaml")

            async def pair_matter(said: str) -> tuple[int, str]:
                command = ("devices", "--json", "--config", config, "pair", "matter")
                done = await asyncio.to_thread(moodsync, *command, stdin=said)
                return done.returncode, f"{done.stdout}{done.stderr}"

            code, shown = await pair_matter("")
            assert (code, "code: is missing" in shown) == (1, True), shown
            code, shown = await pair_matter("00000000000\n")
            assert (code, "00000000000" in shown) == (1, False), shown
            code, shown = await pair_matter(f"{CODE}\n")
            assert (code, '"commissioned": 1' in shown) == (0, True), shown
