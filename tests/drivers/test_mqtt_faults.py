"""What can be wrong with a broker: away, frozen, hostile, badly set; and leaving at any time."""

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest
from structlog.testing import capture_logs

from drivers import mqtt, mqtt_client
from drivers import mqtt_wire as wire
from drivers.mqtt_client import MqttLink
from drivers.mqtt_connection import Broker as BrokerAddress
from drivers.types import BadCredentials, SetSwitch, Unreachable
from tests.drivers.mqtt_rig import (
    CLIMATE,
    LUX,
    NO_DISCOVERY,
    PLUG,
    Deaf,
    driver_at,
    house,
    received,
    running,
)
from tests.drivers.test_mqtt_dialects import fuzzed
from tests.fakes.broker import PASSWORD, USER, Broker
from tests.fakes.certificates import Authority
from tests.fakes.port import RememberingPort
from tests.fakes.process import free_port

pytestmark = pytest.mark.peer


def open_sockets() -> int:
    count = 0
    for descriptor in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # the listing's own
            count += str(descriptor.readlink()).startswith("socket:")
    return count


async def outcome(driver: Any, limit_s: float = 15.0) -> BaseException:
    """Run a driver to its end and return what it raised."""
    async with asyncio.timeout(limit_s):
        try:
            await driver.run(RememberingPort())
        except (BadCredentials, Unreachable) as err:
            return err
    raise AssertionError("the driver returned")


# Away and back -------------------------------------------------------------------------------


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


# Leaving at any time -------------------------------------------------------------------------


@asynccontextmanager
async def listener(*answers: bytes) -> AsyncIterator[tuple[int, list[bytes]]]:
    """Accept connections; give one answer to each thing heard, then listen on."""
    heard: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for answer in (*answers, b""):
            heard.append(await reader.read(1000))
            writer.write(answer)
        await reader.read()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], heard
    finally:
        server.close()
        await asyncio.sleep(0.05)


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


# Who may come in -----------------------------------------------------------------------------


@pytest.mark.fault("refused")
async def test_with_a_password_over_tls(tmp_path: Path) -> None:
    authority = Authority(tmp_path, "home")
    password = tmp_path / "password"
    password.write_text(PASSWORD + "\n")
    secrets = {
        "tls": True,
        "host": "localhost",
        "ca_file": authority.ca_file,
        "username": USER,
        "password_file": password,
    }
    certificate = authority.issue("broker")
    with Broker(tmp_path, password=True, certificate=certificate) as broker:
        driver = driver_at(broker.port, **secrets)
        async with running(driver) as port:
            await driver.execute(SetSwitch(PLUG, on=True))
            assert port.connections == 1
            before = open_sockets()
        assert open_sockets() == before - 1

        password.write_text("wrong")
        error = await outcome(driver_at(broker.port, **secrets))
        assert isinstance(error, BadCredentials)
        assert "password" in error.reason
        assert "wrong" not in error.reason

        error = await outcome(driver_at(broker.port, tls=True, ca_file=authority.ca_file))
        assert isinstance(error, BadCredentials)

        plain = {"username": USER, "password_file": password}
        assert isinstance(await outcome(driver_at(broker.port, **plain)), Unreachable)


@pytest.mark.fault("refused")
async def test_certificates_that_a_person_must_look_at(tmp_path: Path) -> None:
    ours, other = Authority(tmp_path, "home"), Authority(tmp_path, "other")
    wrong_host = ours.issue("elsewhere", host="elsewhere.example")
    with Broker(tmp_path, certificate=ours.issue("broker")) as broker:
        error = await outcome(driver_at(broker.port, tls=True, ca_file=other.ca_file))
        assert isinstance(error, BadCredentials)
        assert "certificate" in error.reason
    with Broker(tmp_path, certificate=wrong_host) as broker:
        error = await outcome(driver_at(broker.port, tls=True, ca_file=ours.ca_file))
        assert isinstance(error, BadCredentials)


async def test_a_certificate_out_of_date_is_tried_again(tmp_path: Path) -> None:
    ours = Authority(tmp_path, "home")
    with Broker(tmp_path, certificate=ours.issue("broker", ended=True)) as broker:
        error = await outcome(driver_at(broker.port, tls=True, ca_file=ours.ca_file))
        assert isinstance(error, Unreachable)
        assert "expired" in error.reason


async def test_tls_to_a_broker_without_it_is_unreachable(tmp_path: Path) -> None:
    with Broker(tmp_path) as broker:
        assert isinstance(await outcome(driver_at(broker.port, tls=True)), Unreachable)


async def test_files_that_cannot_be_read_need_a_person(tmp_path: Path) -> None:
    missing = {"username": "me", "password_file": tmp_path / "missing"}
    assert isinstance(await outcome(driver_at(1, **missing)), BadCredentials)
    no_ca = tmp_path / "ca.crt"
    assert isinstance(await outcome(driver_at(1, tls=True, ca_file=no_ca)), BadCredentials)
    no_ca.write_text("not a certificate")
    assert isinstance(await outcome(driver_at(1, tls=True, ca_file=no_ca)), BadCredentials)


# What comes in -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (b"\x20\x02\x00\x01", Unreachable),
        (b"\x20\x02\x00\x02", BadCredentials),
        (b"\x20\x02\x00\x03", Unreachable),
        (b"\x20\x02\x00\x04", BadCredentials),
        (b"\x20\x02\x00\x05", BadCredentials),
        (b"\x20\x01\x00", Unreachable),
        (b"\x20\x02\x00\x00\x20\x02\x00\x00", Unreachable),
        (b"\x20\x02\x00\x00\x10\x00", Unreachable),
        (b"\x20\x02\x00\x00\x30\xff\xff\xff\xff\xff", Unreachable),
        (b"\x20\x02\x00\x00\x40\x01\x00", Unreachable),
        (b"HTTP/1.1 400 Bad Request\r\n" + b"Server: not a broker\r\n" * 5, Unreachable),
    ],
)
async def test_answers_of_something_else_than_a_good_broker(
    answer: bytes, kind: type[BaseException]
) -> None:
    async with listener(answer) as (port, _):
        assert isinstance(await outcome(driver_at(port)), kind)


async def test_a_broker_that_refuses_subscriptions_is_unreachable() -> None:
    answers = (b"\x20\x02\x00\x00", wire.puback(1), b"\x90\x03\x00\x02\x80")
    async with listener(*answers) as (port, _):
        error = await outcome(driver_at(port))
    assert isinstance(error, Unreachable)
    assert "refuses 1 subscriptions" in error.reason


async def test_a_broker_that_does_not_answer_to_us_is_unreachable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(mqtt, "START_LIMIT_S", 0.1)
    monkeypatch.setattr(mqtt_client, "CONNECT_LIMIT_S", 0.1)
    accepted = b"\x20\x02\x00\x00"
    for answers in ((), (accepted,), (accepted, wire.puback(1))):
        async with listener(*answers) as (port, _):
            error = await outcome(driver_at(port))
        assert isinstance(error, Unreachable)
        assert "does not answer" in error.reason


async def test_a_broker_that_keeps_our_probe_to_itself_is_used_all_the_same() -> None:
    answers = (b"\x20\x02\x00\x00", wire.puback(1), b"\x90\x03\x00\x02\x00")
    async with listener(*answers) as (port, _):
        with capture_logs() as logs:
            async with running(driver_at(port, discovery=NO_DISCOVERY)):
                async with asyncio.timeout(5):
                    while not any(entry["event"] == "mqtt_probe_unanswered" for entry in logs):
                        await asyncio.sleep(0.05)
    assert not [entry for entry in logs if entry["log_level"] == "warning"]


async def test_a_frozen_broker_does_not_fill_our_memory(tmp_path: Path) -> None:
    with Broker(tmp_path) as broker:
        address = BrokerAddress("127.0.0.1", broker.port, "crowd", 30, 1000)
        async with MqttLink.open(address, Deaf()) as link:
            broker.freeze()
            sent = 0
            with contextlib.suppress(Unreachable):
                for sent in range(10_000):  # noqa: B007 - looked at afterwards
                    link.send("lux", b"x" * 10_000)
            assert sent < 9_999
            with pytest.raises(Unreachable, match="takes no data"):
                link.send("lux", b"1")
            broker.thaw()


async def test_a_command_that_nobody_waits_for_any_more_frees_its_number(tmp_path: Path) -> None:
    with Broker(tmp_path) as broker:
        address = BrokerAddress("127.0.0.1", broker.port, "crowd", 30, 1000)
        async with MqttLink.open(address, Deaf()) as link:
            waiting = link._connection._answers
            task = asyncio.create_task(link.publish("lux", b"1"))
            await asyncio.sleep(0)
            task.cancel()
            assert len(waiting) == 1
            await link.publish("lux", b"2")
            assert waiting == {}
            never: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            never.cancel()
            waiting.update(dict.fromkeys(range(1, 65_536), never))
            with pytest.raises(Unreachable, match="unanswered"):
                await link.publish("lux", b"3")


async def test_random_bytes_after_login_never_break_anything_but_the_connection() -> None:
    random = Random(3)
    for _ in range(20):
        async with listener(b"\x20\x02\x00\x00" + random.randbytes(200)) as (port, _):
            run = asyncio.create_task(driver_at(port).run(RememberingPort()))
            await asyncio.wait({run}, timeout=0.05)
            run.cancel()
            await asyncio.wait({run}, timeout=10.0)
            assert run.cancelled() or isinstance(run.exception(), Unreachable)


@pytest.mark.slow
@pytest.mark.fault("fuzzed")
async def test_ten_thousand_fuzzed_payloads_over_the_broker(tmp_path: Path) -> None:
    random = Random(11)
    topics = ("lamp/state", "zigbee2mqtt/hall", "plug/state", "zigbee2mqtt/climate", "lux")
    with Broker(tmp_path) as broker:
        driver = driver_at(broker.port)
        crowd = BrokerAddress("127.0.0.1", broker.port, "crowd", 30, 1000)
        with capture_logs() as logs:
            async with running(driver) as port, MqttLink.open(crowd, Deaf()) as house_:
                for number in range(10_000):
                    house_.send(topics[number % len(topics)], fuzzed(random))
                    if number % 100 == 0:
                        await house_.publish("nowhere", b"")
                await house_.publish("climate/status", b"online")
                await house_.publish("zigbee2mqtt/climate", b'{"temperature":20}')
                await port.until(
                    lambda: port.devices[CLIMATE].state.values.get("temperature") == 20
                )
                assert port.connections == 1
        dropped = [entry["topic"] for entry in logs if entry["event"] == "mqtt_payload_dropped"]
    assert driver.stats.malformed > 5000
    assert driver.stats.received >= 10_002
    assert sorted(dropped) == sorted(topics)


async def test_messages_at_qos_1_are_acknowledged_and_those_at_qos_2_refused() -> None:
    message = wire.publish("lux", b"9", packet_id=77)
    async with listener(b"\x20\x02\x00\x00" + message) as (address, _):
        async with running_anyhow(driver_at(address)) as port:
            await port.until(lambda: port.state(LUX).values == {"illuminance": 9.0})
    second = b"\x34" + message[1:]
    async with listener(b"\x20\x02\x00\x00" + second) as (address, _):
        error = await outcome(driver_at(address))
        assert isinstance(error, Unreachable)


@asynccontextmanager
async def running_anyhow(driver: Any) -> AsyncIterator[RememberingPort]:
    """Run a driver against a broker that never answers to subscriptions."""
    port = RememberingPort()
    run = asyncio.create_task(driver.run(port))
    try:
        await port.until(lambda: bool(port.devices))
        yield port
    finally:
        run.cancel()
        await asyncio.wait({run}, timeout=10.0)


# A broker with its defaults ------------------------------------------------------------------


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
