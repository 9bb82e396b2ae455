"""What a broker, or something else at its address, may send; and what it may leave unread."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest
from structlog.testing import capture_logs

from drivers import mqtt, mqtt_client
from drivers import mqtt_wire as wire
from drivers.mqtt_client import MqttLink
from drivers.mqtt_connection import Broker as BrokerAddress
from drivers.types import BadCredentials, Unreachable
from tests.drivers.mqtt_rig import (
    CLIMATE,
    LUX,
    NO_DISCOVERY,
    Deaf,
    driver_at,
    listener,
)
from tests.drivers.test_mqtt_dialects import fuzzed
from tests.fakes.broker import Broker
from tests.fakes.port import RememberingPort
from tests.fakes.running import outcome, running

pytestmark = pytest.mark.peer


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
