"""What can be wrong with a broker: away, frozen, badly set; and leaving at any time."""

import asyncio
import socket
import threading
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from drivers import mqtt_client
from drivers.types import SetSwitch, Unreachable
from tests.drivers.mqtt_rig import (
    LUX,
    PLUG,
    driver_at,
    house,
    listener,
    received,
)
from tests.fakes.broker import Broker
from tests.fakes.port import RememberingPort
from tests.fakes.process import free_port
from tests.fakes.running import open_sockets, outcome, running

pytestmark = pytest.mark.peer


async def test_a_broker_that_is_away_is_unreachable() -> None:
    error = await outcome(driver_at(free_port()))
    assert isinstance(error, Unreachable)
    assert "refused" in error.reason


async def test_a_name_that_means_nothing_is_unreachable() -> None:
    assert isinstance(await outcome(driver_at(1883, host="broker.invalid")), Unreachable)


async def test_a_look_up_that_hangs_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()
    real = socket.getaddrinfo

    def hanging(host: Any, *more: Any, **named: Any) -> Any:
        if threading.current_thread() is not threading.main_thread():
            over.wait(10)
        return real(host, *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", hanging)
    run = asyncio.create_task(driver_at(1883, host="localhost").run(RememberingPort()))
    await asyncio.sleep(0.1)
    run.cancel()
    await asyncio.wait({run}, timeout=10.0)
    assert run.cancelled()
    over.set()


async def test_every_address_of_a_host_is_tried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def both(_host: str, _port: int) -> list[str]:
        return ["::1", "127.0.0.1"]

    monkeypatch.setattr(mqtt_client, "addresses", both)
    with Broker(tmp_path) as broker:  # it listens on 127.0.0.1 alone
        async with running(driver_at(broker.port, host="localhost")) as port:
            assert port.connections == 1


async def test_a_lost_broker_ends_the_run_and_a_new_run_recovers(tmp_path: Path) -> None:
    with Broker(tmp_path) as broker:
        driver = driver_at(broker.port)
        port = RememberingPort()
        first = asyncio.create_task(driver.run(port))
        await port.until(lambda: port.connections == 1)
        broker.kill()
        with pytest.raises(Unreachable):
            await first
        assert not any(device.available for device in port.devices.values())
        with pytest.raises(Unreachable):
            await driver.execute(SetSwitch(PLUG, on=True))
        assert isinstance(await outcome(driver), Unreachable)

        broker.start()
        async with running(driver) as port, house(broker.port, "plug/set") as house_:
            await house_.publish("lux", "5")
            await port.until(lambda: port.state(LUX).values == {"illuminance": 5.0})
            await driver.execute(SetSwitch(PLUG, on=True))
            assert await received(house_) == ("plug/set", "ON")


@pytest.mark.fault("vanished")
async def test_a_command_waiting_for_its_answer_learns_of_the_loss(tmp_path: Path) -> None:
    with Broker(tmp_path) as broker:
        driver = driver_at(broker.port)
        port = RememberingPort()
        run = asyncio.create_task(driver.run(port))
        await port.until(lambda: port.connections == 1)
        broker.freeze()
        command = asyncio.create_task(driver.execute(SetSwitch(PLUG, on=True)))
        await asyncio.sleep(0.1)
        broker.kill()
        for task in (command, run):
            with pytest.raises(Unreachable):
                await task


@pytest.mark.slow
@pytest.mark.fault("frozen")
async def test_a_frozen_broker_is_noticed_within_its_keepalive(tmp_path: Path) -> None:
    with Broker(tmp_path) as broker:
        port = RememberingPort()
        run = asyncio.create_task(driver_at(broker.port, keepalive_s=5).run(port))
        await port.until(lambda: port.connections == 1)
        broker.freeze()
        started = time.monotonic()
        with pytest.raises(Unreachable, match="said nothing"):
            await run
        assert 3 < time.monotonic() - started < 25
        broker.thaw()


@pytest.mark.slow
async def test_a_quiet_broker_that_answers_is_kept(tmp_path: Path) -> None:
    with Broker(tmp_path) as broker:
        async with running(driver_at(broker.port, keepalive_s=5)) as port:
            await asyncio.sleep(8)
            assert all(device.available for device in port.devices.values() if device.id == LUX)


async def test_a_frozen_broker_does_not_hold_up_leaving(tmp_path: Path) -> None:
    with Broker(tmp_path) as broker:
        before = open_sockets()
        async with running(driver_at(broker.port)):
            broker.freeze()
        assert open_sockets() == before
        broker.thaw()


async def test_it_can_be_cancelled_while_it_connects() -> None:
    blackhole = socket.create_server(("127.0.0.1", 0), backlog=0)
    with blackhole, socket.create_connection(blackhole.getsockname()):
        before = open_sockets()
        run = asyncio.create_task(driver_at(blackhole.getsockname()[1]).run(RememberingPort()))
        await asyncio.sleep(0.2)
        run.cancel()
        await asyncio.wait({run}, timeout=10.0)
        assert run.cancelled()
        assert open_sockets() == before


@pytest.mark.parametrize("tls", [False, True])
async def test_it_can_be_cancelled_while_it_logs_in(tls: bool) -> None:
    async with listener() as (port, heard):
        before = open_sockets()
        run = asyncio.create_task(driver_at(port, tls=tls).run(RememberingPort()))
        async with asyncio.timeout(5):
            while not heard:
                await asyncio.sleep(0.01)
        run.cancel()
        await asyncio.wait({run}, timeout=10.0)
        assert run.cancelled()
        await asyncio.sleep(0.05)
        assert open_sockets() == before


async def test_cancelled_at_every_moment_of_the_start_nothing_is_left(tmp_path: Path) -> None:
    with Broker(tmp_path) as broker:
        before = open_sockets()
        for number in range(40):
            run = asyncio.create_task(driver_at(broker.port).run(RememberingPort()))
            for _ in range(number):
                await asyncio.sleep(0)
            run.cancel()
            await asyncio.wait({run}, timeout=10.0)
            assert run.done()
        assert open_sockets() == before


def reads(port: RememberingPort, lux: int) -> bool:
    return port.state(LUX).values == {"illuminance": float(lux)}


async def test_a_broker_without_nodelay_is_named_once_and_costs_us_nothing(tmp_path: Path) -> None:
    with Broker(tmp_path, nodelay=False) as broker:
        driver = driver_at(broker.port)
        with capture_logs() as logs:
            async with running(driver) as port, house(broker.port) as house_:
                for _ in range(60):
                    if any(entry["event"] == "mqtt_broker_delays_messages" for entry in logs):
                        break
                    await asyncio.sleep(0.02)
                took = []
                for number in range(15):
                    started = time.monotonic()
                    await house_.publish("plug/state", "ON")
                    await house_.publish("lux", str(number))  # the second of two in a row
                    await port.until(partial(reads, port, number))
                    took.append(time.monotonic() - started)
            async with running(driver):
                pass
        hints = [entry for entry in logs if entry["event"] == "mqtt_broker_delays_messages"]
        assert len(hints) == 1
        assert "set_tcp_nodelay true" in hints[0]["mend"]
        assert sorted(took)[2] < 0.035  # delayed, every one would take 0.04 at least


async def test_a_well_set_broker_is_not_complained_of(tmp_path: Path) -> None:
    with Broker(tmp_path) as broker, capture_logs() as logs:
        async with running(driver_at(broker.port)):
            await asyncio.sleep(0.2)
    assert not [entry for entry in logs if entry["log_level"] != "debug"]
