import inspect
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub.api.access import Role
from hub.api.table import ROUTES
from tests.hub.api_rig import API, Rig, running, settings_for


@pytest.fixture
async def rig(state: Path) -> AsyncIterator[Rig]:
    async with running(settings_for(state)) as rig:
        yield rig


async def test_an_adult_sees_and_changes_the_house_over_real_tls(rig: Rig) -> None:
    adult = await rig.as_(Role.ADULT, "ada")
    async with adult.get(f"{API}/status") as answer:
        assert answer.status == 200, await answer.text()
        status = await answer.json()
    assert status["home"] == "Test home"
    assert {s["name"]: s["state"] for s in status["services"]}["api"] == "running"
    async with adult.get(f"{API}/rooms") as answer:
        rooms = (await answer.json())["rooms"]
    assert [(r["id"], r["devices"]) for r in rooms] == [
        ("living_room", ["simulated:lamp"]),
        ("study", []),
    ]
    async with adult.get(f"{API}/moods") as answer:
        moods = await answer.json()
    assert [r["mood"] for r in moods["rooms"]] == [None, None]
    wish = {"on": True, "level": 0.4}
    async with adult.post(f"{API}/devices/simulated:lamp/commands", json=wish) as answer:
        assert [o["status"] for o in (await answer.json())["outcomes"]] == ["done"]
    async with adult.get(f"{API}/devices") as answer:
        (lamp,) = (await answer.json())["devices"]
    assert (lamp["state"]["on"], lamp["state"]["level"]) == (True, 0.4)


async def test_nobody_is_let_in_without_a_session(rig: Rig) -> None:
    stranger = rig.client()
    async with stranger.get(f"{API}/status") as answer:
        assert answer.status == 401
        assert answer.content_type == "application/problem+json"
        assert (await answer.json())["code"] == "unauthenticated"
    async with stranger.get(f"{API}/status", headers={"Authorization": "Bearer wrong"}) as answer:
        assert answer.status == 401


async def test_the_document_is_served_and_fresh(rig: Rig) -> None:
    async with rig.client().get("/api/openapi.json") as answer:
        served = await answer.json()
    root = Path(__file__).resolve().parents[2]
    assert served == json.loads((root / "config" / "openapi.json").read_text())


def test_a_route_without_a_limit_of_time_is_one_that_waits_for_nothing() -> None:
    for route in ROUTES:
        source = inspect.getsource(route.handler)
        assert route.waits or not re.search(r"\bawait\b|\basync (with|for)\b", source), route.path
    assert {route.path for route in ROUTES if not route.waits} >= {"/rooms", "/scenes", "/people"}
    assert {route.path for route in ROUTES if route.waits} >= {"/events", "/decisions", "/status"}
