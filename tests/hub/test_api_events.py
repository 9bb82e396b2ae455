import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from structlog.testing import capture_logs
from yarl import URL

from hub.api.access import Role
from hub.api.live_client import QUEUE, SLOW
from hub.types import Mood, RoomId
from models.types import Emotion, MoodEstimate
from tests.hub.api_rig import API, Rig, running, settings_for

pytestmark = pytest.mark.slow


@pytest.fixture
async def rig(state: Path) -> AsyncIterator[Rig]:
    async with running(settings_for(state)) as rig:
        yield rig


def publish(rig: Rig, number: int, room: str = "living_room") -> None:
    estimate = MoodEstimate(number / 1000, 0.1, Emotion.NEUTRAL, 0.7, {}, 0.0)
    now = rig.hub.clock.monotonic()
    rig.hub.bus.publish(Mood(number, RoomId(room), None, estimate, now))


async def receive(socket: aiohttp.ClientWebSocketResponse) -> dict[str, Any]:
    async with asyncio.timeout(5):
        message: dict[str, Any] = await socket.receive_json()
        return message


async def test_a_snapshot_then_deltas_in_order_and_what_was_missed(rig: Rig) -> None:
    adult = await rig.as_(Role.ADULT)
    subscribe: dict[str, Any] = {"do": "subscribe", "topics": ["moods", "devices"]}
    async with adult.ws_connect(f"{API}/events") as first, adult.ws_connect(f"{API}/events"):
        await first.send_json(subscribe)
        devices, moods = await receive(first), await receive(first)
        assert (devices["topic"], moods["topic"]) == ("devices", "moods")
        assert [d["id"] for d in devices["data"]["devices"]] == ["simulated:lamp"]
        assert [r["room"] for r in moods["data"]["rooms"]] == ["living_room", "study"]
        await asyncio.sleep(0.05)
        publish(rig, 1)
        delta = await receive(first)
        assert (delta["type"], delta["topic"], delta["data"]["room"]) == (
            "delta",
            "moods",
            "living_room",
        )
        wish = {"on": True, "level": 0.7}
        async with adult.post(f"{API}/devices/simulated:lamp/commands", json=wish) as answer:
            assert answer.status == 200
        seqs = [delta["seq"]]
        while delta["topic"] != "devices":
            delta = await receive(first)
            seqs.append(delta["seq"])
        assert delta["data"]["state"]["level"] == 0.7
        assert seqs == sorted(set(seqs))
        await first.close()
        publish(rig, 2, "study")
        await asyncio.sleep(0.2)
        async with adult.ws_connect(f"{API}/events") as again:
            await again.send_json(subscribe | {"boot": moods["boot"], "seq": delta["seq"]})
            publish(rig, 3, "study")
            # Nobody subscribed while the study changed: only deltas that were told are missed.
            assert (await receive(again))["type"] in {"delta", "snapshot"}
        async with adult.ws_connect(f"{API}/events") as late:
            await late.send_json(subscribe | {"boot": "another", "seq": 1})
            assert (await receive(late))["type"] == "snapshot"


async def test_what_was_missed_between_two_connections_comes_again(rig: Rig) -> None:
    adult = await rig.as_(Role.ADULT)
    subscribe: dict[str, Any] = {"do": "subscribe", "topics": ["moods"]}
    async with adult.ws_connect(f"{API}/events") as other:
        await other.send_json(subscribe)
        boot = (await receive(other))["boot"]
        await asyncio.sleep(0.05)
        for number in range(3):
            publish(rig, number)
            await asyncio.sleep(0.08)
        told = [await receive(other) for _ in range(3)]
        async with adult.ws_connect(f"{API}/events") as back:
            await back.send_json(subscribe | {"boot": boot, "seq": told[0]["seq"]})
            assert [await receive(back) for _ in range(2)] == told[1:]


async def test_garbage_gets_a_problem_and_the_client_goes_on(rig: Rig) -> None:
    adult = await rig.as_(Role.ADULT)
    async with adult.ws_connect(f"{API}/events") as socket:
        for text in ("", "[]", "{}", '{"do": "subscribe", "topics": ["secrets"]}', "[" * 3000):
            await socket.send_str(text)
            assert (await receive(socket))["type"] == "problem"
        await socket.send_json({"do": "subscribe", "topics": ["status"]})
        assert (await receive(socket))["topic"] == "status"


async def test_a_client_that_does_not_keep_up_is_closed_and_others_go_on(rig: Rig) -> None:
    adult = await rig.as_(Role.ADULT)
    events = rig.hub.api._server._context_made.events  # type: ignore[union-attr]
    async with adult.ws_connect(f"{API}/events") as socket:
        await socket.send_json({"do": "subscribe", "topics": ["moods"]})
        await receive(socket)
        (client,) = events._clients
        for _ in range(QUEUE + 1):
            client.put('{"type": "delta"}')
        async with asyncio.timeout(5):
            while not socket.closed:
                await socket.receive()
        assert socket.close_code == SLOW
    assert events.closed_slow == 1


async def test_sockets_end_with_their_session_and_strangers_get_none(rig: Rig) -> None:
    stranger = rig.client()
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        await stranger.ws_connect(f"{API}/events")
    assert caught.value.status == 401
    token = await rig.token(Role.ADULT)
    evil = rig.client({"Authorization": f"Bearer {token}", "Origin": "https://evil.example"})
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        await evil.ws_connect(f"{API}/events")
    assert caught.value.status == 403
    adult = await rig.as_(Role.ADULT)
    async with adult.ws_connect(f"{API}/events") as socket:
        async with adult.delete(f"{API}/sessions/current") as answer:
            assert answer.status == 204
        async with asyncio.timeout(5):
            assert (await socket.receive()).type is aiohttp.WSMsgType.CLOSE
    await asyncio.sleep(0.1)
    # With nobody there, nothing listens to the bus: an idle house pays nothing.
    assert "api" not in rig.hub.bus.drops()


async def test_a_dead_client_does_not_hold_the_hubs_end_up(state: Path) -> None:
    async with running(settings_for(state)) as rig:
        port = int(rig.plain.rsplit(":", 1)[1])
        token = await rig.token(Role.ADULT)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(
            f"GET {API}/events HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: Upgrade\r\n"
            "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nAuthorization: Bearer {token}\r\n\r\n"
            "".encode()
        )
        async with asyncio.timeout(5):
            assert b" 101 " in await reader.readline()
        began = rig.hub.clock.monotonic()
        assert await rig.hub.supervisor._stop(["api"], 1.0) == []  # in its stage's limit
        assert rig.hub.clock.monotonic() - began < 2.0
        (api,) = (h for h in rig.hub.supervisor.health() if h.name == "api")
        assert api.state == "stopped"
        writer.close()


async def test_who_hangs_up_while_being_answered_is_no_fault_of_the_hub(rig: Rig) -> None:
    token = await rig.token(Role.ADULT)
    port = URL(rig.plain).port
    assert port is not None
    asked = (
        f"GET {API}/events HTTP/1.1\r\nHost: localhost:{port}\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nAuthorization: Bearer {token}\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    with capture_logs() as logs:
        for _ in range(20):
            with socket.create_connection(("localhost", port)) as asker:
                await asyncio.sleep(0.01)  # the hub has accepted it
                asker.sendall(asked.encode())
                asker.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            await asyncio.sleep(0.01)
        adult = await rig.as_(Role.ADULT)
        async with adult.get(f"{API}/status") as answer:
            assert answer.status == 200
    assert [line for line in logs if line["log_level"] in ("error", "critical")] == []
