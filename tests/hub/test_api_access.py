"""Every route, every role: nobody gets further than the permission table says."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from hub.api.access import TABLE, Access, Role, allowed, role_of
from hub.api.route import Route
from hub.api.table import ROUTES
from hub.types import Mood, PersonId, RoomId
from models.types import Emotion, MoodEstimate, Sense
from tests.hub.api_rig import API, Rig, running, settings_for


@pytest.fixture
async def rig(state: Path) -> AsyncIterator[Rig]:
    async with running(settings_for(state)) as rig:
        yield rig


def path_of(route: Route) -> str:
    return API + re.sub(r"{(\w+)}", "nothing", route.path)


async def status_of(client: aiohttp.ClientSession, route: Route, **more: object) -> tuple[int, str]:
    body = {"json": {"nonsense": True}} if route.body is not None else {}
    async with client.request(route.method, path_of(route), **body, **more) as answer:  # type: ignore[arg-type]
        text = await answer.text()
        return answer.status, text


def test_the_table_is_the_households_word() -> None:
    assert TABLE[Role.GUEST] < TABLE[Role.ADULT] < TABLE[Role.OWNER]
    assert TABLE[Role.CHILD] < TABLE[Role.ADULT]
    assert all(Access.PAUSE in TABLE[role] for role in Role)  # anybody may pause the senses
    assert Access.AUDIT in TABLE[Role.ADULT]
    assert Access.HISTORY not in TABLE[Role.CHILD] | TABLE[Role.GUEST]
    assert {role for role in Role if Access.ADMIN in TABLE[role]} == {Role.OWNER}


def test_scopes_restrict_and_never_widen() -> None:
    for role in Role:
        assert allowed(role, ()) == TABLE[role]
        assert allowed(role, ("see",)) <= {Access.SEE, Access.PUBLIC, Access.SESSION}
    assert Access.SEE in allowed(Role.GUEST, ("see",))
    assert Access.ADMIN not in allowed(Role.GUEST, ("admin",))


def test_roles_and_scopes_of_another_version_give_nothing() -> None:
    assert role_of("lord") is Role.GUEST
    assert allowed(Role.OWNER, ("see", "teleport")) == allowed(Role.OWNER, ("see",))
    assert allowed(Role.OWNER, ("teleport",)) == {Access.PUBLIC}


async def test_every_route_refuses_who_may_not_and_knows_who_may(rig: Rig) -> None:
    stranger = rig.client()
    for route in ROUTES:
        status, text = await status_of(stranger, route)
        if status == 429:  # strangers may not ask as fast as this machine can
            rig.hub.api._server._context_made.strangers._buckets.clear()  # type: ignore[union-attr]
            status, text = await status_of(stranger, route)
        if route.own_auth:
            assert status == 401, (route.path, status)
        elif route.access is Access.PUBLIC:
            assert status not in (401, 403) or "signed" in text, (route.path, status)
        else:
            assert status == 401, (route.path, status)
    for role in Role:
        client = await rig.as_(role)
        for route in ROUTES:
            if route.access is Access.PUBLIC or route.path == "/sessions/{session}":
                continue
            rig.hub.api._server._context_made.commands._buckets.clear()  # type: ignore[union-attr]
            status, text = await status_of(client, route)
            if route.access in TABLE[role]:
                assert status != 401, (role, route.path)
                assert "this session may not do this" not in text, (role, route.path)
                assert status < 500 or status == 501, (role, route.path, status, text)
            else:
                assert status == 403, (role, route.path, status)


async def test_a_persons_past_moods_are_for_themselves_and_the_owner(rig: Rig) -> None:
    hub = rig.hub
    now = hub.clock.monotonic()
    estimate = MoodEstimate(0.3, 0.1, Emotion.HAPPINESS, 0.7, {Sense.TEXT: 1.0}, 0.0)
    for number, person in enumerate((None, PersonId("ada")), start=1):
        hub.store.record(Mood(number, RoomId("den"), person, estimate, now))
    own = await rig.as_(Role.ADULT, "ada")
    other = await rig.as_(Role.ADULT, "bob")
    owner = await rig.as_(Role.OWNER)
    for path in ("/moods/history", "/moods/rollups"):
        for client, status in ((own, 200), (owner, 200), (other, 403)):
            async with client.get(f"{API}{path}?person=ada") as answer:
                assert answer.status == status, (path, await answer.text())
    for client, query, people in (
        (own, "", [None]),
        (other, "", [None]),
        (own, "?person=ada", ["ada"]),
        (owner, "?person=ada", ["ada"]),
    ):
        async with client.get(f"{API}/moods/history{query}") as answer:
            assert [mood["person"] for mood in (await answer.json())["moods"]] == people


async def test_forged_hosts_and_origins_are_refused_everywhere(rig: Rig) -> None:
    owner = await rig.as_(Role.OWNER)
    host = rig.url.removeprefix("https://")
    forged = [
        {"Host": "evil.example"},
        {"Host": f"evil.example:{host.split(':')[1]}"},
        {"Host": "192.0.2.1"},
        {"Host": f"localhost@evil.example:{host.split(':')[1]}"},
        {"Origin": "https://evil.example"},
        {"Origin": f"http://{host}"},
        {"Origin": "null"},
        {"Origin": "https://localhost"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ]
    for headers in forged:
        for route in ROUTES:
            status, _ = await status_of(owner, route, headers=headers)
            assert status == 403, (headers, route.path, status)
        for path in ("/", "/ca.crt", "/api/openapi.json", "/api/v1/none"):
            async with owner.get(path, headers=headers) as answer:
                assert answer.status == 403, (headers, path)
    async with owner.get(f"{API}/status", headers={"Origin": f"https://{host}"}) as answer:
        assert answer.status == 200
        assert "Access-Control-Allow-Origin" not in answer.headers


async def test_a_token_never_does_more_than_its_scopes_or_its_maker(rig: Rig) -> None:
    adult = await rig.as_(Role.ADULT, "ada")
    body = {"name": "script", "scopes": ["see"]}
    async with adult.post(f"{API}/sessions/tokens", json=body) as answer:
        assert answer.status == 403  # a token makes no tokens
    narrow = await rig.as_(Role.OWNER, None, "see")
    async with narrow.get(f"{API}/status") as answer:
        assert answer.status == 200
    for route in ("/decisions", "/system/log", "/privacy/audit"):
        async with narrow.get(f"{API}{route}") as answer:
            assert answer.status == 403
