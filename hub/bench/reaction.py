"""MQTT sensor value in -> rule -> light command out, beside a bare echo on the same broker.

Both answerers run all the time; batches alternate between them, so that a change of the machine's
speed meets both. The hub records every decision while it is measured.
"""

import asyncio
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import aiomqtt

from hub.bench import ceiling
from hub.bench.figures import Figure, at_least, at_most, median, percentile, plain
from hub.bench.processes import START_LIMIT_S, broker, hub, running
from hub.control_client import ControlClient
from hub.process_stats import process_stats

ANSWER_LIMIT_S = 5.0


def config(port: int) -> dict[str, Any]:
    """Return a hub whose lamp goes bright above 50 and dim below, at once and every time."""
    sensor = {"device": "mqtt:probe", "kind": "value"}
    quick = {"room": "den", "cooldown_s": 0}
    return {
        "rooms": {"den": {"devices": ["mqtt:probe", "mqtt:lamp"]}},
        "senses": {"text": {"enabled": False}},
        "drivers": {
            "mqtt": {
                "port": port,
                "devices": {
                    "probe": {"kind": "sensor", "state_topic": "hub/in", "measures": ["value"]},
                    "lamp": {
                        "kind": "light",
                        "dialect": "json_light",
                        "state_topic": "hub/lamp",
                        "command_topic": "hub/out",
                    },
                },
            }
        },
        "scenes": {"bright": {"lights": {"level": 1.0}}, "dim": {"lights": {"level": 0.1}}},
        "rules": {
            "up": quick | {"when": {"sensor": sensor | {"above": 50}}, "then": {"scene": "bright"}},
            "down": quick | {"when": {"sensor": sensor | {"below": 50}}, "then": {"scene": "dim"}},
        },
    }


def measure(*, quick: bool) -> list[Figure]:
    """Measure with a well-set broker, then with mosquitto's defaults."""
    rounds = 4 if quick else 12
    with tempfile.TemporaryDirectory() as name:
        good = Path(name) / "nodelay"
        good.mkdir()
        with (
            broker(good) as port,
            running(sys.executable, "-m", "hub.bench.echo", str(port)),
            hub(good, config(port)) as (pid, client),
        ):
            figures = asyncio.run(_latency(port, rounds, batch=50))
            figures += asyncio.run(_throughput(port, pid, client, quick=quick))
        default = Path(name) / "default"
        default.mkdir()
        with (
            broker(default, nodelay=False) as port,
            running(sys.executable, "-m", "hub.bench.echo", str(port)),
            hub(default, config(port)),
        ):
            figures += asyncio.run(_default_broker(port, rounds=2, batch=26))
    return figures + ceiling.measure(quick=quick)


async def _latency(port: int, rounds: int, batch: int) -> list[Figure]:
    bare, ours = await _pairs(port, rounds, batch)
    ratios = [median(b) / median(a) for a, b in zip(bare, ours, strict=True)]
    all_bare = [x for run in bare for x in run]
    all_ours = [x for run in ours for x in run]
    return [
        plain("reaction_echo_p50", median(all_bare), "ms", "bare aiomqtt echo, same broker"),
        plain("reaction_p50", median(all_ours), "ms", "sensor -> rule -> light command"),
        plain("reaction_p95", percentile(all_ours, 0.95), "ms"),
        at_most("reaction_ratio", median(ratios), "x", 1.5, "median of paired batches"),
    ]


async def _default_broker(port: int, rounds: int, batch: int) -> list[Figure]:
    bare, ours = await _pairs(port, rounds, batch)
    note = "mosquitto's default set_tcp_nodelay false"
    return [
        plain("reaction_default_broker_echo_p50", median([x for r in bare for x in r]), "ms", note),
        plain("reaction_default_broker_p50", median([x for r in ours for x in r]), "ms", note),
    ]


async def _pairs(port: int, rounds: int, batch: int) -> tuple[list[list[float]], list[list[float]]]:
    bare: list[list[float]] = []
    ours: list[list[float]] = []
    async with aiomqtt.Client("127.0.0.1", port, identifier="bench") as client:
        await client.subscribe("echo/out")
        await client.subscribe("hub/out")
        answers = client.messages
        for topic in ("echo/in", "hub/in"):
            await _wake(client, answers, topic)
        for number in range(rounds + 1):
            one = await _batch(client, answers, "echo/in", batch)
            two = await _batch(client, answers, "hub/in", batch)
            if number:  # the first round warms both up
                bare.append(one)
                ours.append(two)
    return bare, ours


async def _wake(client: aiomqtt.Client, answers: Any, topic: str) -> None:
    """Send until an answer comes: whoever answers may still be starting. Ends on 90."""
    answered = False
    async with asyncio.timeout(START_LIMIT_S):
        while True:
            await client.publish(topic, b"10")
            await client.publish(topic, b"90")
            try:
                while True:  # until it is quiet again
                    async with asyncio.timeout(0.5):
                        await anext(answers)
                    answered = True
            except TimeoutError:
                if answered:
                    return


async def _batch(client: aiomqtt.Client, answers: Any, topic: str, size: int) -> list[float]:
    times = []
    for number in range(size):
        sent = time.perf_counter()
        await client.publish(topic, b"90" if number % 2 else b"10")
        async with asyncio.timeout(ANSWER_LIMIT_S):
            await anext(answers)
        times.append((time.perf_counter() - sent) * 1000)
        await asyncio.sleep(0.002)
    return times


async def _throughput(port: int, pid: int, control: ControlClient, *, quick: bool) -> list[Figure]:
    seconds = 3.0 if quick else 10.0
    paced = await _flood(port, pid, control, rate=500.0, seconds=seconds)
    return [
        at_least(
            "reaction_sustained",
            paced["commands_per_s"],
            "events/s",
            495.0,
            f"of 500 offered; coalesced {paced['coalesced']:.0f}, lost {paced['lost']:.0f}",
        ),
        at_most("reaction_lost", paced["lost"], "events", 0, "neither acted on nor coalesced"),
        at_most("reaction_cpu", paced["cpu_ms"], "ms/event", 2.5, "hub process, at 500 events/s"),
    ]


async def _flood(
    port: int, pid: int, control: ControlClient, rate: float, seconds: float
) -> dict[str, float]:
    """Offer events for some seconds; count the answers and what the hub says it coalesced."""
    before = _coalesced(control)
    stats = process_stats(pid)
    cpu = stats.cpu_s if stats else 0.0
    received = 0
    last = time.perf_counter()

    async with (
        aiomqtt.Client("127.0.0.1", port, identifier="bench-in") as reader,
        aiomqtt.Client("127.0.0.1", port, identifier="bench-out") as writer,
    ):
        await reader.subscribe("hub/out")

        async def count() -> None:
            nonlocal received, last
            async for _ in reader.messages:
                received += 1
                last = time.perf_counter()

        async with asyncio.TaskGroup() as group:
            counting = group.create_task(count())
            started = time.perf_counter()
            sent = 0
            while (now := time.perf_counter()) - started < seconds:
                due = int((now - started) * rate)
                while sent < due:
                    await writer.publish("hub/in", b"90" if sent % 2 else b"10")
                    sent += 1
                await asyncio.sleep(0.001)
            quiet = received
            while True:
                await asyncio.sleep(1.0)
                if received == quiet:
                    break
                quiet = received
            counting.cancel()
    stats = process_stats(pid)
    coalesced = _coalesced(control) - before
    return {
        "commands_per_s": received / max(last - started, 1e-9),
        "coalesced": coalesced,
        "lost": sent - received - coalesced,
        "cpu_ms": ((stats.cpu_s if stats else 0.0) - cpu) * 1000 / max(sent, 1),
    }


def _coalesced(control: ControlClient) -> float:
    return float(control.call("status")["coalesced"])
