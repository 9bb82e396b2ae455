"""Compares MQTT clients for the hub's driver: the same echo on a real mosquitto, one by one.

An event is two messages in (a sensor's value, the lamp's new state) and one out (the command).
`scripts/bench_mqtt_clients.py` measures aiomqtt and the driver's own link; gmqtt too if it is
installed. docs/decisions/0003-mqtt-client.md holds what it printed.
"""

import asyncio
import importlib.util
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import aiomqtt

from drivers.mqtt_client import MqttLink
from drivers.mqtt_connection import Broker
from hub.bench.processes import broker

LATENCIES = 300
EVENTS = 6000
WINDOW = 64
SENSOR, STATE, COMMAND, MARK = "echo/sensor", "echo/state", "echo/command", "echo/mark"


def main() -> None:
    """Measure every client, or be one of them: `CLIENT PORT`."""
    if len(sys.argv) > 1:
        asyncio.run(CLIENTS[sys.argv[1]](int(sys.argv[2])))
        return
    for nodelay in (True, False):
        print(f"mosquitto with set_tcp_nodelay {str(nodelay).lower()}")
        for name in CLIENTS:
            if name == "gmqtt" and importlib.util.find_spec("gmqtt") is None:
                continue
            print(f"  {name:16s} {_measure(name, nodelay=nodelay)}", flush=True)


def _measure(name: str, *, nodelay: bool) -> str:
    with tempfile.TemporaryDirectory() as folder, broker(Path(folder), nodelay=nodelay) as port:
        command = [sys.executable, __file__, name, str(port)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as client:
            assert client.stdout
            assert client.stdout.readline() == "ready\n"
            p50_ms, per_s = asyncio.run(_load(port))
            cpu_ms = float(client.stdout.readline())
            client.kill()
    return f"p50 {p50_ms:6.2f} ms   {per_s:6.0f} events/s   {cpu_ms:.2f} ms CPU an event"


class _Load:
    """The other side: answers each command with the lamp's state."""

    def __init__(self) -> None:
        self.link: MqttLink | None = None
        self.answered = 0
        self.news = asyncio.Event()

    def message(self, _topic: str, payload: bytes, _retained: bool) -> None:
        self.answered += 1
        if self.link is not None:
            self.link.send(STATE, payload)
        self.news.set()

    def skipped(self) -> None:
        """Nothing is that long."""

    def turn_over(self) -> None:
        """Nothing waits."""


async def _load(port: int) -> tuple[float, float]:
    load = _Load()
    async with MqttLink.open(_broker(port, "load"), load) as link:
        await link.subscribe([COMMAND])
        load.link = link
        took_ms = []
        for _ in range(LATENCIES):
            started = time.perf_counter()
            load.news.clear()
            link.send(SENSOR, b"1")
            await load.news.wait()
            took_ms.append((time.perf_counter() - started) * 1000)
            await asyncio.sleep(0.002)
        link.send(MARK, b"1")
        await asyncio.sleep(0.1)
        load.answered = sent = 0
        started = time.perf_counter()
        while load.answered < EVENTS:
            while sent < min(EVENTS, load.answered + WINDOW):
                link.send(SENSOR, b"1")
                sent += 1
            load.news.clear()
            await load.news.wait()
        per_s = EVENTS / (time.perf_counter() - started)
        await asyncio.sleep(0.1)
        link.send(MARK, b"2")
        await asyncio.sleep(0.1)
    return sorted(took_ms)[len(took_ms) // 2], per_s


class _Marks:
    """Prints what the events between the two marks cost."""

    def __init__(self) -> None:
        self._before: float | None = None

    def mark(self) -> None:
        used = resource.getrusage(resource.RUSAGE_SELF)
        cpu_s = used.ru_utime + used.ru_stime
        if self._before is not None:
            print((cpu_s - self._before) / EVENTS * 1000, flush=True)
        self._before = cpu_s


async def _with_aiomqtt(port: int) -> None:
    marks = _Marks()
    async with aiomqtt.Client("127.0.0.1", port) as client:
        await client.subscribe([(topic, 0) for topic in (SENSOR, STATE, MARK)])
        print("ready", flush=True)
        async for message in client.messages:
            if message.topic.value == SENSOR:
                await client.publish(COMMAND, message.payload)
            elif message.topic.value == MARK:
                marks.mark()


async def _with_gmqtt(port: int) -> None:
    gmqtt = importlib.import_module("gmqtt")  # only if it is installed
    marks, client = _Marks(), gmqtt.Client("echo")

    def on_message(_client: Any, topic: str, payload: bytes, *_: Any) -> int:
        if topic == SENSOR:
            client.publish(COMMAND, payload, qos=0)
        elif topic == MARK:
            marks.mark()
        return 0

    client.on_message = on_message
    await client.connect("127.0.0.1", port, version=4)
    for topic in (SENSOR, STATE, MARK):
        client.subscribe(topic)
    await asyncio.sleep(0.5)
    print("ready", flush=True)
    await asyncio.Event().wait()


class _Echo:
    """The driver's link, echoing at QoS 0, or at QoS 1 as the driver does."""

    def __init__(self, group: asyncio.TaskGroup | None) -> None:
        self.link: MqttLink | None = None
        self._group = group
        self._marks = _Marks()

    def message(self, topic: str, payload: bytes, _retained: bool) -> None:
        assert self.link
        if topic == SENSOR and self._group is not None:
            self._group.create_task(self.link.publish(COMMAND, payload))
        elif topic == SENSOR:
            self.link.send(COMMAND, payload)
        elif topic == MARK:
            self._marks.mark()

    def skipped(self) -> None:
        """Nothing is that long."""

    def turn_over(self) -> None:
        """Nothing waits."""


async def _with_link(port: int, *, acknowledged: bool = False) -> None:
    async with asyncio.TaskGroup() as group:
        echo = _Echo(group if acknowledged else None)
        async with MqttLink.open(_broker(port, "echo"), echo) as link:
            echo.link = link
            await link.subscribe([SENSOR, STATE, MARK])
            print("ready", flush=True)
            await asyncio.Event().wait()


async def _with_link_acknowledged(port: int) -> None:
    await _with_link(port, acknowledged=True)


def _broker(port: int, name: str) -> Broker:
    return Broker("127.0.0.1", port, name, 30, 65_536)


CLIENTS = {
    "aiomqtt": _with_aiomqtt,
    "gmqtt": _with_gmqtt,
    "ours, QoS 0": _with_link,
    "ours, QoS 1": _with_link_acknowledged,
}

if __name__ == "__main__":
    main()
