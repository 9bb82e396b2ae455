"""The ends of things: pages of a list, the last client that is taken, those who say nothing."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from hub.api import events
from hub.api.access import Role
from hub.types import Decision, Mood, RoomId, SceneGoal, Trigger
from models.types import Emotion, MoodEstimate
from tests.hub.api_rig import API, Rig, running, settings_for

pytestmark = pytest.mark.slow

SUBSCRIBE = {"do": "subscribe", "topics": ["moods"]}


@pytest.fixture
async def rig(state: Path) -> AsyncIterator[Rig]:
    async with running(settings_for(state)) as rig:
        yield rig


def decision(rig: Rig, number: int) -> Decision:
    now, what = rig.hub.clock.monotonic(), SceneGoal("soft")
    where = RoomId("study"), "soften"
    return Decision(number, *where, what, Trigger.TIME, "Because.", 1.0, None, now, now + 1)


def mood(rig: Rig, number: int) -> Mood:
    estimate = MoodEstimate(number / 1000, 0.1, Emotion.NEUTRAL, 0.7, {}, 0.0)
    return Mood(number, RoomId("study"), None, estimate, rig.hub.clock.monotonic())


async def test_a_list_is_read_page_by_page_without_gap_or_repetition(rig: Rig) -> None:
    adult = await rig.as_(Role.ADULT)
    for number in range(1, 24):
        rig.hub.store.record(decision(rig, number))
    found: list[int] = []
    before: int | None = 10**12
    pages = 0
    while before is not None:
        async with adult.get(f"{API}/decisions?limit=5&before={before}") as answer:
            page = await answer.json()
        ids = [one["id"] for one in page["decisions"]]
        assert ids == sorted(ids, reverse=True)
        assert len(ids) <= 5
        found += ids
        before = page["next"]
        pages += 1
    assert found == list(range(23, 0, -1))
    assert pages == 5
    for wrong in ("limit=0", "limit=100000", "before=-1", "before=x", "limit=5&limit=6"):
        async with adult.get(f"{API}/decisions?{wrong}") as answer:
            assert answer.status == 422, wrong


async def test_a_hundred_apps_are_told_and_one_too_many_is_refused(rig: Rig) -> None:
    adult = await rig.as_(Role.ADULT)
    many = rig.client(dict(adult.headers))
    many.connector._limit = 0  # type: ignore[union-attr]
    url = f"{rig.plain}{API}/events"
    async with AsyncExitStack() as stack:
        apps = [
            await stack.enter_async_context(many.ws_connect(url))
            for _ in range(events.MOST_CLIENTS)
        ]
        assert len(apps) >= 100
        for app in apps:
            await app.send_json(SUBSCRIBE)
        async with asyncio.timeout(25):
            assert {(await app.receive_json())["type"] for app in apps} == {"snapshot"}
            rig.hub.bus.publish(mood(rig, 1))
            told = [await app.receive_json() for app in apps]
        assert {(one["type"], one["seq"]) for one in told} == {("delta", 1)}
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await many.ws_connect(url)
        assert refused.value.status == 503


async def test_an_app_that_answers_no_ping_is_closed(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "HEARTBEAT_S", 0.3)
    adult = await rig.as_(Role.ADULT)
    live = rig.hub.api._server._context_made.events  # type: ignore[union-attr]
    async with adult.ws_connect(f"{API}/events", autoping=False) as silent:
        async with asyncio.timeout(20):
            assert (await silent.receive()).type is aiohttp.WSMsgType.PING
            while len(live):
                await silent.receive()


@pytest.mark.parametrize("sent", [b"", b'{"verdict": '])
async def test_a_body_that_never_comes_to_its_end_is_given_up(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setattr("hub.api.gate.BODY_LIMIT_S", 0.3)
    token = await rig.token(Role.ADULT, "ada")
    port = int(rig.plain.rsplit(":", 1)[1])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head: dict[str, Any] = {
        "Host": f"localhost:{port}",
        "Authorization": f"Bearer {token}",
        "Content-Type": "application/json",
        "Content-Length": 1000,
    }
    lines = [f"POST {API}/feedback/corrections HTTP/1.1", *(f"{k}: {v}" for k, v in head.items())]
    writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + sent)
    async with asyncio.timeout(20):
        assert b" 408 " in await reader.readline()
        await reader.read()  # to the end: the hub hangs up
    writer.close()
