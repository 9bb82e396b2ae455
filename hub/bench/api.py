"""Measures the API beside a bare aiohttp handler, and a hundred clients of live updates.

The hub and the bare handler, which answers the same JSON, share this process and its loop, over
plain http on loopback: what is measured is the gate, not TLS, which both would pay alike. Reads
come from a process of their own, by turns to one and the other, so that a busy machine is as busy
for both: one connection for the time of a read, several for how many a second. The hundred clients
are in this process, and their own part counts in.
"""

import asyncio
import json
import resource
import sys
import tempfile
import time
from pathlib import Path

import aiohttp
from aiohttp import web

from hub.app import Hub
from hub.bench.figures import Figure, at_least, at_most
from hub.bench.whole_hub import whole_hub
from hub.errors import HubError
from hub.settings import Settings
from hub.types import Mood, RoomId
from models.types import Emotion, MoodEstimate, Sense

READS, CONNECTIONS, ROUNDS = 400, 8, 7
CLIENTS, UPDATES_PER_S, SECONDS = 100, 10, 5.0
LOAD_LIMIT_S = 150.0


def measure(*, quick: bool = False) -> list[Figure]:
    """Return the figures; `quick` reads less often."""
    return asyncio.run(_measure(3 if quick else ROUNDS))


async def _measure(rounds: int) -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="moodsync-bench-") as folder:
        settings = Settings.model_validate(
            {
                "rooms": {"den": {}},
                "senses": {"text": {"enabled": False}},
                "store": {"directory": str(Path(folder) / "state")},
                "api": {"port": 0, "http_port": 0},
            }
        )
        async with whole_hub(settings) as (hub, port):
            token = (await hub.api.ask("token", {}))["token"]
            headers = {"Authorization": f"Bearer {token}"}
            async with aiohttp.ClientSession(f"http://localhost:{port}", headers=headers) as client:
                async with client.get("/api/v1/rooms") as answer:
                    same = await answer.json()
                figures = await _reads(port, token, same, rounds)
                return [*figures, await _updates(client, hub)]


async def _reads(port: int, token: str, same: object, rounds: int) -> list[Figure]:
    runner = web.AppRunner(_bare(same), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    p50, rate = [], []
    try:
        bare_port: int = runner.addresses[0][1]
        addresses = (bare_port, "/rooms"), (port, "/api/v1/rooms")
        for _ in range(rounds):
            alone = [await _load(at, path, token, 1) for at, path in addresses]
            many = [await _load(at, path, token, CONNECTIONS) for at, path in addresses]
            p50.append((alone[1]["p50_s"] / alone[0]["p50_s"], alone))
            rate.append((many[1]["per_s"] / many[0]["per_s"], many))
    finally:
        await runner.cleanup()
    (slower, alone), (share, many) = (sorted(one, key=_first)[rounds // 2] for one in (p50, rate))
    times = " against ".join(f"{one['p50_s'] * 1000:.2f} ms" for one in reversed(alone))
    rates = " against ".join(f"{one['per_s']:.0f}/s" for one in reversed(many))
    return [
        at_most("api_read_p50", slower, "x", 1.5, f"{times} bare, one connection"),
        at_least("api_read_rate", share, "x", 0.6, f"{rates} bare, {CONNECTIONS} connections"),
    ]


def _first(pair: tuple[float, object]) -> float:
    return pair[0]


async def _load(port: int, path: str, token: str, connections: int) -> dict[str, float]:
    """Let another process read; return what it measured."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "hub.bench.api_load"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    asked = {"port": port, "path": path, "token": token, "connections": connections, "times": READS}
    async with asyncio.timeout(LOAD_LIMIT_S):
        out, _ = await child.communicate(json.dumps(asked).encode() + b"\n")
    if child.returncode:
        raise HubError("the API was not read to the end")
    found: dict[str, float] = json.loads(out)
    return found


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
