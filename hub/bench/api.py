"""Measures the API beside a bare aiohttp handler, and a hundred clients of live updates.

Everything runs in this process and on its loop, over plain http on loopback: what is measured is
the gate, not TLS, which both would pay alike.
"""

import asyncio
import resource
import tempfile
import time
from pathlib import Path
from statistics import median

import aiohttp
from aiohttp import web

from hub.app import Hub
from hub.bench.figures import Figure, at_most
from hub.clock import SystemClock
from hub.settings import Settings
from hub.types import Mood, RoomId
from models.types import Emotion, MoodEstimate, Sense

READS, CLIENTS, UPDATES_PER_S, SECONDS = 1500, 100, 10, 5.0


def measure(*, quick: bool = False) -> list[Figure]:
    """Return the figures; `quick` reads less often."""
    return asyncio.run(_measure(READS // 5 if quick else READS))


async def _measure(reads: int) -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="moodsync-bench-") as folder:
        settings = Settings.model_validate(
            {
                "rooms": {"den": {}},
                "senses": {"text": {"enabled": False}},
                "store": {"directory": str(Path(folder) / "state")},
                "api": {"port": 0, "http_port": 0},
            }
        )
        clock = SystemClock()
        hub = await Hub.create(settings, clock, clock.monotonic())
        hub.counters.acted.set()
        await hub.start()
        try:
            async with asyncio.timeout(30):
                where = await hub.api.up()
            token = (await hub.api.ask("token", {}))["token"]
            url = f"http://localhost:{where['http_port']}"
            headers = {"Authorization": f"Bearer {token}"}
            async with aiohttp.ClientSession(url, headers=headers) as client:
                return [*await _reads(client, reads), await _updates(client, hub)]
        finally:
            await hub.stop()


async def _reads(client: aiohttp.ClientSession, reads: int) -> list[Figure]:
    async with client.get("/api/v1/rooms") as answer:
        same = await answer.json()
    runner = web.AppRunner(_bare(same), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        port = runner.addresses[0][1]
        ours: list[float] = []
        bare: list[float] = []
        for _ in range(reads):  # by turns, so that a busy machine is as busy for both
            bare.append(await _get(client, f"http://127.0.0.1:{port}/rooms"))
            ours.append(await _get(client, "/api/v1/rooms"))
    finally:
        await runner.cleanup()
    ratio, rate = median(ours) / median(bare), sum(bare) / sum(ours)
    note = f"{median(ours) * 1000:.2f} ms against {median(bare) * 1000:.2f} ms bare, p50"
    return [
        at_most("api_read_p50", ratio, "x", 1.5, note),
        at_most("api_read_cost", 1 / rate, "x", 1 / 0.6, "whole time against bare, one at a time"),
    ]


async def _get(client: aiohttp.ClientSession, url: str) -> float:
    began = time.perf_counter()
    async with client.get(url) as answer:
        await answer.read()
    return time.perf_counter() - began


def _bare(data: object) -> web.Application:
    """Return an application that does nothing but answer the same JSON."""

    async def handler(_request: web.Request) -> web.Response:
        return web.json_response(data)

    app = web.Application()
    app.router.add_get("/rooms", handler)
    return app


async def _updates(client: aiohttp.ClientSession, hub: Hub) -> Figure:
    """Return the share of a core that updates take, the clients' own part included."""
    async with asyncio.TaskGroup() as group:
        ready = [asyncio.Event() for _ in range(CLIENTS)]
        heard = [0] * CLIENTS
        tasks = [
            group.create_task(_listen(client, ready[n], heard, n), name=f"client {n}")
            for n in range(CLIENTS)
        ]
        for event in ready:
            await event.wait()
        began, used = time.perf_counter(), _cpu_s()
        for number in range(round(SECONDS * UPDATES_PER_S)):
            estimate = MoodEstimate(number / 100, 0.0, Emotion.NEUTRAL, 0.7, {Sense.FACE: 1.0}, 0.0)
            hub.bus.publish(Mood(number, RoomId("den"), None, estimate, hub.clock.monotonic()))
            await asyncio.sleep(1 / UPDATES_PER_S)
        share = (_cpu_s() - used) / (time.perf_counter() - began)
        for task in tasks:
            task.cancel()
    note = f"{CLIENTS} clients, {UPDATES_PER_S}/s, both ends: {sum(heard)} messages heard"
    return at_most("api_updates_cpu", share * 100, "% of a core", 20, note)


async def _listen(
    client: aiohttp.ClientSession, ready: asyncio.Event, heard: list[int], number: int
) -> None:
    async with client.ws_connect("/api/v1/events") as socket:
        await socket.send_json({"do": "subscribe", "topics": ["moods"]})
        await socket.receive()
        ready.set()
        async for _ in socket:
            heard[number] += 1


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
