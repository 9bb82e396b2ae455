"""The Matter driver against a server that behaves as the recorded one; see tests/fakes."""

import asyncio
import json
import time
from random import Random
from typing import Any

import pytest
from structlog.testing import capture_logs

from drivers import matter_link
from drivers.matter import MatterDriver
from drivers.matter_settings import MatterSettings
from drivers.operations import Answer
from drivers.types import (
    Colorful,
    DeviceId,
    Dimmable,
    Measures,
    Refused,
    SetLight,
    SetSwitch,
    SetTemperature,
    Switchable,
    Tunable,
    Unreachable,
)
from tests.fakes.matter_server import CODE, MatterServer
from tests.fakes.port import RememberingPort
from tests.fakes.process import free_port
from tests.fakes.running import running
from tests.fakes.websocket_proxy import WebSocketProxy

pytestmark = pytest.mark.peer

LAMP, PLUG, THERMOMETER, ROOM, DOOR = (
    DeviceId(f"matter:0123456789abcdef-1-{endpoint}") for endpoint in range(1, 6)
)


def driver_at(url: str) -> MatterDriver:
    return MatterDriver(MatterSettings(url=url))


async def operate(driver: MatterDriver, name: str, **given: object) -> Answer:
    operation = next(known for known in driver.operations() if known.name == name)
    async with asyncio.timeout(operation.limit_s):
        return await operation.run(operation.arguments.model_validate(given), lambda _: None)


async def test_devices_commands_and_changes_from_outside() -> None:
    with MatterServer() as server:
        driver = driver_at(server.url)
        async with running(driver) as port:
            kinds = {name: {type(c) for c in d.capabilities} for name, d in port.devices.items()}
            assert kinds == {
                LAMP: {Switchable, Dimmable, Tunable, Colorful},
                PLUG: {Switchable, Measures},
                THERMOMETER: {Measures},
                ROOM: {Measures},
                DOOR: {Measures},
            }
            info = port.devices[LAMP].info
            assert info
            assert (info.manufacturer, info.model) == ("MoodSync tests", "House")
            assert port.state(PLUG).values == {"power": 12.5, "voltage": 230.0, "current": 0.1}
            assert port.state(THERMOMETER).values == {"temperature": 21.5}
            assert port.state(ROOM).values == {"occupancy": False}
            assert port.state(DOOR).values == {"contact": False}  # closed

            await driver.execute(SetLight(LAMP, level=0.5, xy=(0.3, 0.3)))
            await port.until(lambda: port.state(LAMP).level == pytest.approx(0.5))
            assert port.state(LAMP).on
            assert port.state(LAMP).xy == pytest.approx((0.3, 0.3), abs=1e-3)
            await driver.execute(SetLight(LAMP, kelvin=3000))
            await port.until(lambda: port.state(LAMP).kelvin == pytest.approx(3000, abs=5))
            assert port.state(LAMP).xy is None
            await driver.execute(SetLight(LAMP, level=0, transition_s=1))
            await port.until(lambda: port.state(LAMP).on is False)
            assert port.state(LAMP).level == pytest.approx(0.5)  # to come back to
            has = server.house()
            assert (has["1/6/0"], has["1/8/0"], has["1/768/7"]) == (False, 127, 333)

            server.house(a1_6_0=True, a2_144_8=60_000, a3_1026_0=2290, a4_1030_0=1, a5_69_0=False)
            await port.until(lambda: port.state(DOOR).values == {"contact": True})
            assert port.state(LAMP).on
            assert port.state(PLUG).values["power"] == 60.0
            assert port.state(THERMOMETER).values == {"temperature": 22.9}
            assert port.state(ROOM).values == {"occupancy": True}

            for command in (SetTemperature(LAMP, 20.0), SetLight(PLUG, level=0.5)):
                with pytest.raises(Refused):
                    await driver.execute(command)


@pytest.mark.fault("refused")
async def test_a_device_is_commissioned_by_its_code_and_removed() -> None:
    with MatterServer(commissioned=False) as server:
        driver = driver_at(server.url)
        async with running(driver) as port:
            assert not port.devices
            with pytest.raises(Refused, match="failed"):
                await operate(driver, "commission", code="00000000000")
            assert await operate(driver, "commission", code=CODE) == {"commissioned": 1}
            assert port.devices[LAMP].available
            assert await operate(driver, "ping", device=LAMP) == {"answers": True}
            await operate(driver, "interview", device=LAMP)
            status = await operate(driver, "status")
            assert len(status["nodes"]) == 5
            await driver.execute(SetSwitch(PLUG, on=True))
            assert await operate(driver, "remove", device=PLUG) == {"removed": 1}
            assert not port.devices
            with pytest.raises(Refused, match="no device"):
                await operate(driver, "ping", device=LAMP)
        with pytest.raises(Unreachable):
            await operate(driver, "status")


def test_a_code_and_a_password_show_nowhere() -> None:
    operations = {known.name: known for known in driver_at("ws://127.0.0.1:1").operations()}
    commission = operations["commission"].arguments.model_validate({"code": CODE})
    wifi = operations["set_wifi"].arguments.model_validate({"ssid": "home", "password": "hush"})
    assert CODE not in repr(commission)
    assert "hush" not in repr(wifi)


async def test_availability_of_nodes_and_behind_bridges() -> None:
    with MatterServer() as server:
        driver = driver_at(server.url)
        async with running(driver) as port:
            attributes = server.house()
            node = {"node_id": 1, "available": False, "attributes": attributes}
            server.say("node_updated", node)
            await port.until(lambda: not port.devices[LAMP].available)
            attributes |= {"2/57/17": False, "2/57/5": "Kettle"}
            server.say("node_updated", node | {"available": True})
            await port.until(lambda: port.devices[LAMP].available)
            assert (port.devices[PLUG].name, port.devices[PLUG].available) == ("Kettle", False)
            server.say("endpoint_removed", {"node_id": 1, "endpoint_id": 2})
            await port.until(lambda: PLUG in port.removed)


async def test_presses_are_told() -> None:
    switch = {"9/29/0": [{"0": 15, "1": 3}], "9/59/0": 2, "9/59/65532": 30}
    with MatterServer() as server:
        async with running(driver_at(server.url)) as port:
            attributes = server.house() | switch
            node = {"node_id": 1, "available": True, "attributes": attributes}
            server.say("node_updated", node)
            button = DeviceId("matter:0123456789abcdef-1-9")
            await port.until(lambda: button in port.devices)
            press = {"node_id": 1, "endpoint_id": 9, "cluster_id": 59, "data": {}}
            server.say("node_event", press | {"event_id": 2})
            server.say("node_event", press | {"event_id": 3})  # a switch that counts says it twice
            many = {"totalNumberOfPressesCounted": 2}
            server.say("node_event", press | {"event_id": 6, "data": many})
            await port.until(lambda: len(port.presses) == 2)
            assert port.presses == [(button, "hold"), (button, "double")]


# Faults --------------------------------------------------------------------------------------


async def outcome(driver: MatterDriver) -> str:
    with pytest.raises(Unreachable) as raised:
        async with asyncio.timeout(15):
            await driver.run(RememberingPort())
    return raised.value.reason


@pytest.mark.fault("frozen")
async def test_a_server_that_is_away_frozen_or_something_else_is_unreachable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert "reached" in await outcome(driver_at(f"ws://127.0.0.1:{free_port()}/ws"))
    with MatterServer() as server:
        assert "reached" in await outcome(driver_at(server.url.replace("/ws", "/nothing")))
        monkeypatch.setattr(matter_link, "CONNECT_LIMIT_S", 0.5)
        server.freeze()
        assert "answer" in await outcome(driver_at(server.url))
        server.thaw()
        monkeypatch.undo()
        monkeypatch.setattr(matter_link, "HEARTBEAT_S", 1.0)
        driver = driver_at(server.url)
        port = RememberingPort()
        run = asyncio.create_task(driver.run(port))
        await port.until(lambda: port.connections == 1)
        server.freeze()
        command = asyncio.create_task(driver.execute(SetSwitch(PLUG, on=True)))
        started = time.monotonic()
        for task in (run, command):
            with pytest.raises(Unreachable):
                await task
        assert time.monotonic() - started < 20
        assert not any(device.available for device in port.devices.values())


async def test_a_frozen_server_does_not_hold_up_the_stop() -> None:
    with MatterServer() as server:
        async with running(driver_at(server.url)):
            server.freeze()


@pytest.mark.fault("fuzzed")
async def test_nonsense_is_counted_and_dropped_and_the_rest_goes_on() -> None:
    random = Random(1)
    with MatterServer() as server:
        async with WebSocketProxy(server.url) as proxy:
            driver = driver_at(f"ws://127.0.0.1:{proxy.port}/ws")
            with capture_logs() as logs:
                async with running(driver) as port:
                    for _ in range(10_000):
                        await proxy.say(nonsense(random))
                    await driver.execute(SetSwitch(PLUG, on=True))
                    await port.until(lambda: port.state(PLUG).on is True)
            assert driver.stats.malformed > 3_000
            said = [entry for entry in logs if entry["event"] == "matter_message_dropped"]
            assert 1 < len(said) < 12  # each sort once


def nonsense(random: Random) -> str | bytes:
    """Return a message like the server's with something wrong in it."""
    junk: list[Any] = [None, True, -1, 1e300, "x" * 300, [], {}, [[]], "1/6/0", 2**70]
    names = ["attribute_updated", "node_removed", "endpoint_removed", "node_event", "unheard_of"]
    match random.randrange(6):
        case 0:
            return random.randbytes(random.randrange(1, 60))
        case 1:
            return json.dumps(random.choice(junk))
        case 2:
            return json.dumps({"event": random.choice(names), "data": random.choice(junk[:5])})
        case 3:
            path = random.choice(["2/6/1/1", "", "a/b/c", "1/8/0", "1/768/3", "5/69/0", "2/144/8"])
            update = [1, path, random.choice(junk)]
            return json.dumps({"event": "attribute_updated", "data": update})
        case 4:
            attributes = {random.choice(["x", "1/2", "1/6/x"]): 1}
            node = {"node_id": random.choice([7, "x"]), "attributes": attributes}
            return json.dumps({"event": "node_added", "data": node})
        case _:
            return json.dumps({"message_id": random.choice(junk), "result": random.choice(junk)})
