"""Who sees whose mood now, by every role, in GET /moods, the live updates and the reasons."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from hub.api.access import Role
from hub.api.sight import OF_SOMEBODY
from hub.types import PersonId, RoomId, SourceId
from models.types import Emotion, Sense
from tests.hub.api_rig import API, Rig, running, settings_for
from tests.hub.mood_helpers import SAD, reading, sensed

pytestmark = pytest.mark.slow

RULE = {
    "room": "living_room",
    "when": {"person": "ada", "mood": {"valence": [-1, -0.2], "confidence": 0}},
    "then": {"scene": "soft"},
}


@pytest.fixture
async def rig(state: Path) -> AsyncIterator[Rig]:
    guards = {"confidence_floor": 0}
    async with running(settings_for(state, rules={"for_ada": RULE}, guards=guards)) as rig:
        yield rig


async def ada_is_sad(rig: Rig) -> None:
    """Let Ada's strap and the room's camera say something; wait until a rule has acted on it."""
    hub, room = rig.hub, RoomId("living_room")
    sad = reading(Sense.TEXT, Emotion.SADNESS, at=(-0.8, -0.3))
    async with asyncio.timeout(20):
        while not hub.recent.decisions(room):
            now = hub.clock.monotonic()
            hub.bus.publish(sensed(sad, now, room, PersonId("ada"), source="text"))
            hub.bus.publish(sensed(SAD, now, room, source="cam"))
            await asyncio.sleep(0.1)
    assert hub.moods.current(room, PersonId("ada")) is not None
    assert {view.source for view in hub.moods.senses(room)} == {SourceId("text"), SourceId("cam")}


def shown(room: dict[str, Any]) -> tuple[list[str], set[str], bool]:
    """Return whose moods a view holds, which sources, and whether it tells why of Ada."""
    return (
        [one["person"] for one in room["people"]],
        {one["source"] for one in room["senses"]},
        any("Ada" in one["because"] for one in room["decisions"]),
    )


async def moods(client: aiohttp.ClientSession) -> dict[str, Any]:
    async with client.get(f"{API}/moods?room=living_room") as answer:
        assert answer.status == 200
        (room,) = (await answer.json())["rooms"]
    assert room["mood"] is not None  # the room's mood is everybody's
    return dict(room)


async def test_a_persons_mood_is_theirs_the_owners_and_by_their_leave_the_adults(rig: Rig) -> None:
    await ada_is_sad(rig)
    nobody: list[str] = []
    whole, bare = (["ada"], {"text", "cam"}, True), (nobody, {"cam"}, False)
    ada = await rig.as_(Role.CHILD, "ada")
    owner = await rig.as_(Role.OWNER)
    bob = await rig.as_(Role.ADULT, "bob")
    child, guest = await rig.as_(Role.CHILD), await rig.as_(Role.GUEST)
    for client, sees in ((ada, whole), (owner, whole), (bob, bare), (child, bare), (guest, bare)):
        assert shown(await moods(client)) == sees
    async with bob.get(f"{API}/decisions") as answer:
        (decision,) = (await answer.json())["decisions"]
    assert decision["because"] == OF_SOMEBODY
    async with bob.get(f"{API}/decisions/{decision['id']}") as answer:
        assert (await answer.json())["because"] == OF_SOMEBODY

    path = f"{API}/people/ada/sharing"
    async with bob.put(path, json={"shared": True}) as answer:
        assert answer.status == 403
    async with guest.put(path, json={"shared": True}) as answer:
        assert answer.status == 403
    async with ada.put(path, json={"shared": True}) as answer:
        people = {one["id"]: one["shares"] for one in (await answer.json())["people"]}
        assert people == {"ada": True, "bob": False}
    for client, sees in ((bob, whole), (child, bare), (guest, bare)):
        assert shown(await moods(client)) == sees
    async with bob.get(f"{API}/decisions") as answer:
        assert "Ada" in (await answer.json())["decisions"][0]["because"]


async def test_live_updates_show_each_client_what_is_for_them(rig: Rig) -> None:
    bob, owner = await rig.as_(Role.ADULT, "bob"), await rig.as_(Role.OWNER)
    subscribe: dict[str, Any] = {"do": "subscribe", "topics": ["moods"]}
    async with bob.ws_connect(f"{API}/events") as his, owner.ws_connect(f"{API}/events") as hers:
        for socket in (his, hers):
            await socket.send_json(subscribe)
            boot = (await socket.receive_json(timeout=10))["boot"]
        await ada_is_sad(rig)
        seen: dict[str, Any] = {}
        for name, socket in (("his", his), ("hers", hers)):
            delta = await socket.receive_json(timeout=10)
            while name == "hers" and not shown(delta["data"])[0]:
                delta = await socket.receive_json(timeout=10)
            seen[name] = shown(delta["data"])[0], delta["seq"]
    assert seen["hers"][0] == ["ada"]
    assert seen["his"][0] == []
    async with bob.ws_connect(f"{API}/events") as again:
        await again.send_json(subscribe | {"boot": boot, "seq": 0})
        missed = await again.receive_json(timeout=10)
        data = missed["data"]
        for room in data.get("rooms", [data]):
            assert shown(room)[0] == []


async def test_a_dry_run_does_not_tell_what_history_must_not(rig: Rig) -> None:
    bob, owner = await rig.as_(Role.ADULT, "bob"), await rig.as_(Role.OWNER)
    for client, status in ((bob, 403), (owner, 200)):
        async with client.post(f"{API}/policies/dry-run", json={"rule": RULE}) as answer:
            assert answer.status == status, await answer.text()
