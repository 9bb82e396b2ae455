"""What can be wrong with a Z-Wave JS server and its stick: away, frozen, pulled out, nonsense."""

import asyncio
import json
import threading
import time
from random import Random
from typing import Any

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from drivers import zwave_link
from drivers.types import DeviceId, SetCover, SetSwitch, Unreachable
from tests.drivers.zwave_rig import BLIND, PLUG, driver_at, operate
from tests.fakes.port import RememberingPort
from tests.fakes.process import free_port
from tests.fakes.running import open_sockets, outcome, running
from tests.fakes.websocket_proxy import WebSocketProxy
from tests.fakes.zwave_server import ZwaveNetwork

pytestmark = pytest.mark.peer
slow = pytest.mark.slow


async def test_a_server_that_is_away_is_unreachable() -> None:
    error = await outcome(driver_at(f"ws://127.0.0.1:{free_port()}"))
    assert isinstance(error, Unreachable)
    assert isinstance(await outcome(driver_at("ws://zwave.invalid:3000")), Unreachable)


@pytest.mark.parametrize(
    "first",
    ["", "no JSON", "[]", "{}", '{"type": "version"}', '{"minSchemaVersion": "x"}'],
)
async def test_what_is_no_z_wave_server_is_unreachable(first: str) -> None:
    async def speak(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_str(first)
        await socket.receive()
        return socket

    async with _serving(speak) as port:
        assert isinstance(await outcome(driver_at(f"ws://127.0.0.1:{port}")), Unreachable)


async def test_a_server_that_is_too_new_is_said_to_be_so() -> None:
    async def speak(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        version = {"driverVersion": "99", "serverVersion": "99", "homeId": 1}
        await socket.send_json(version | {"minSchemaVersion": 90, "maxSchemaVersion": 99})
        await socket.receive()
        return socket

    async with _serving(speak) as port:
        error = await outcome(driver_at(f"ws://127.0.0.1:{port}"))
        assert "not understood" in str(error)


@slow
@pytest.mark.fault("pulled")
async def test_a_pulled_stick_is_noticed_and_one_that_is_back_as_well(
    zwave_network: ZwaveNetwork,
) -> None:
    driver = driver_at(zwave_network.url)
    port = RememberingPort()
    run = asyncio.create_task(driver.run(port))
    await port.until(lambda: port.connections == 1)
    zwave_network.kill_stick()
    try:
        with pytest.raises(Unreachable):
            async with asyncio.timeout(25):
                await run
        assert not any(found.available for found in port.devices.values())
        with pytest.raises(Unreachable):
            await driver.execute(SetSwitch(DeviceId(PLUG), on=True))
    finally:
        run.cancel()
        zwave_network.kill()
        zwave_network.start_stick()
        zwave_network.start()
    async with running(driver):
        await driver.execute(SetSwitch(DeviceId(PLUG), on=True))
        assert zwave_network.state(3)["BinarySwitch_currentValue"] is True
        await driver.execute(SetSwitch(DeviceId(PLUG), on=False))


@slow
@pytest.mark.fault("frozen")
async def test_a_frozen_server_is_noticed_and_a_waiting_command_learns_of_it(
    zwave_network: ZwaveNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zwave_link, "HEARTBEAT_S", 1.0)
    driver = driver_at(zwave_network.url)
    port = RememberingPort()
    run = asyncio.create_task(driver.run(port))
    await port.until(lambda: port.connections == 1)
    zwave_network.freeze()
    try:
        command = asyncio.create_task(driver.execute(SetSwitch(DeviceId(PLUG), on=True)))
        started = time.monotonic()
        for task in (run, command):
            with pytest.raises(Unreachable):
                await task
        assert time.monotonic() - started < 20
    finally:
        zwave_network.thaw()
    zwave_network.wait_ready()
    async with running(driver):
        await driver.execute(SetSwitch(DeviceId(PLUG), on=False))


async def test_a_frozen_server_does_not_hold_up_the_stop(zwave_network: ZwaveNetwork) -> None:
    driver = driver_at(zwave_network.url)
    async with running(driver):  # asserts that it stops within a second
        zwave_network.freeze()
    zwave_network.thaw()


async def test_a_command_without_an_answer_ends(
    zwave_network: ZwaveNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with WebSocketProxy(zwave_network.url) as proxy:
        driver = driver_at(f"ws://127.0.0.1:{proxy.port}")
        async with running(driver):
            proxy.held = True
            limited = (zwave_link.ZwaveLink.ask.__kwdefaults__ or {}) | {"limit_s": 0.3}
            monkeypatch.setattr(zwave_link.ZwaveLink.ask, "__kwdefaults__", limited)
            with pytest.raises(Unreachable, match="does not answer"):
                await driver.execute(SetCover(DeviceId(BLIND), 0.4))
            proxy.held = False
            monkeypatch.undo()
            await driver.execute(SetCover(DeviceId(BLIND), 0.5))


async def test_operations_learn_of_a_lost_connection(zwave_network: ZwaveNetwork) -> None:
    driver = driver_at(zwave_network.url)
    async with running(driver):
        joining = asyncio.create_task(operate(driver, "permit_join", [], seconds=20))
        await asyncio.sleep(0.3)
    with pytest.raises(Unreachable):
        await joining
    with pytest.raises(Unreachable):
        await operate(driver, "status", [])
    async with running(driver):  # the network is not left open for anybody
        assert await operate(driver, "permit_join", [], seconds=5) == {"joined": None}


@slow
@pytest.mark.fault("fuzzed")
async def test_nonsense_is_counted_and_dropped_and_the_rest_goes_on(
    zwave_network: ZwaveNetwork,
) -> None:
    random = Random(1)
    threads = threading.active_count()
    async with WebSocketProxy(zwave_network.url) as proxy:
        driver = driver_at(f"ws://127.0.0.1:{proxy.port}")
        with capture_logs() as logs:
            async with running(driver) as port:
                before = dict(port.devices)
                for _ in range(10_000):
                    await proxy.say(nonsense(random))
                await driver.execute(SetSwitch(DeviceId(PLUG), on=True))
                await port.until(lambda: port.state(PLUG).on is True)
                await driver.execute(SetSwitch(DeviceId(PLUG), on=False))
                assert port.devices.keys() == before.keys()
        assert driver.stats.malformed > 5_000
        said = [entry for entry in logs if entry["event"] == "zwave_message_dropped"]
        assert 1 < len(said) < 30  # each sort once
    assert threading.active_count() <= threads + 3


async def test_ten_starts_and_stops_leave_no_socket(zwave_network: ZwaveNetwork) -> None:
    async with running(driver_at(zwave_network.url)):
        pass
    sockets = open_sockets()
    for pause in range(10):
        run = asyncio.create_task(driver_at(zwave_network.url).run(RememberingPort()))
        await asyncio.sleep(pause * 0.02)
        run.cancel()
        await asyncio.wait({run}, timeout=10.0)
        assert run.cancelled()
    await asyncio.sleep(0.05)
    assert open_sockets() == sockets


def nonsense(random: Random) -> str | bytes:
    """Return a message like the server's with something wrong in it."""
    junk: list[Any] = [None, True, -1, 1e300, "x" * 300, [], {}, [[]], {"nodeId": 3}, "3", 2**70]
    value_id = {"commandClass": 37, "property": "currentValue", "endpoint": 0}
    event: dict[str, Any] = {
        "source": "node",
        "event": random.choice(
            [
                "value updated",
                "value added",
                "value removed",
                "ready",
                "notification",
                "dead?",
                "metadata updated",
                "value notification",
                "interview stage completed",
            ]
        ),
        "nodeId": 3,
        "args": value_id | {"commandClassName": "Binary Switch", "newValue": False},
    }
    match random.randrange(7):
        case 0:
            return random.randbytes(random.randrange(1, 60))
        case 1:
            return json.dumps(random.choice(junk))
        case 2:
            return json.dumps(
                {"type": random.choice(["event", "result", "?"]), "event": random.choice(junk)}
            )
        case 3:
            return json.dumps({"type": "event", "event": event})[: random.randrange(5, 90)]
        case 4:
            event[random.choice(["source", "event", "nodeId", "args"])] = random.choice(junk)
        case 5:
            del event[random.choice(["source", "event", "nodeId", "args"])]
        case _:
            event["args"][random.choice(["commandClass", "property", "endpoint"])] = random.choice(
                junk
            )
            event["nodeId"] = random.choice([3, 77])
    return json.dumps({"type": "event", "event": event})


class _serving:  # noqa: N801 - reads like a function
    def __init__(self, speak: Any) -> None:
        app = web.Application()
        app.router.add_get("/", speak)
        self._runner = web.AppRunner(app, shutdown_timeout=0.5)
        self._port = free_port()

    async def __aenter__(self) -> int:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        return self._port

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()
