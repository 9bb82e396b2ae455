"""People added in the app: who may, what they are called, and that nobody becomes another."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml

from hub.api.access import Role
from tests.hub.api_rig import API, Rig, running, settings_for

pytestmark = pytest.mark.slow


@pytest.fixture
async def rig(state: Path) -> AsyncIterator[Rig]:
    async with running(settings_for(state)) as rig:
        yield rig


async def add(who: aiohttp.ClientSession, **sent: Any) -> tuple[int, dict[str, Any]]:
    async with who.post(f"{API}/people", json=sent) as answer:
        return answer.status, await answer.json()


def written(rig: Rig) -> dict[str, Any]:
    """Return the people that the app has written."""
    found: dict[str, Any] = yaml.safe_load(rig.hub.edits.text()) or {}
    people: dict[str, Any] = found.get("people", {})
    return people


@pytest.mark.parametrize(
    ("name", "person"),
    [
        ("Mira Zöll", "mira_zoll"),
        ("ADA", "ada_2"),
        ("3 of us", "person_3_of_us"),
        ("Мира", "person"),
        ("x" * 60, "x" * 30),
    ],
)
async def test_an_id_is_made_of_the_name(rig: Rig, name: str, person: str) -> None:
    owner = await rig.as_(Role.OWNER)
    # This hub runs by itself, with nobody to start it anew: then the answer says so.
    assert await add(owner, name=name) == (201, {"id": person, "restarts": False})
    assert written(rig) == {person: {"name": name}}


async def test_no_id_is_given_twice(rig: Rig) -> None:
    owner = await rig.as_(Role.OWNER)
    assert (await add(owner, name="Mira", me=True))[1]["id"] == "mira"
    rig.hub.read_settings = lambda: rig.hub.settings
    async with owner.post(f"{API}/edits/undo") as answer:
        assert answer.status == 200, await answer.text()
    # Gone from the overlay, and their member still is that Mira: another gets an id of her own.
    assert written(rig) == {}
    assert (await add(owner, name="Mira"))[1]["id"] == "mira_2"


async def test_only_an_owner_adds_people_and_is_one_of_them(rig: Rig) -> None:
    for role in (Role.ADULT, Role.CHILD, Role.GUEST):
        assert (await add(await rig.as_(role), name="Mira"))[0] == 403
    ada = await rig.as_(Role.OWNER, "ada")
    status, problem = await add(ada, name="Mira", me=True)
    assert (status, problem["code"]) == (409, "conflict")
    for wrong in ("", " ", "x" * 61):
        assert (await add(ada, name=wrong))[0] == 422
    assert (await add(ada, name="Mira", lives_in=["attic"]))[0] == 422
    assert written(rig) == {}
    assert len(rig.hub.edits._past()) == 0


async def test_two_of_one_name_are_two_people_though_the_hub_has_not_started_anew(rig: Rig) -> None:
    owner = await rig.as_(Role.OWNER)
    assert [(await add(owner, name="Jo"))[1]["id"] for _ in range(2)] == ["jo", "jo_2"]
    assert set(written(rig)) == {"jo", "jo_2"}


async def test_only_who_may_add_a_person_takes_one_back(rig: Rig) -> None:
    owner, adult = await rig.as_(Role.OWNER), await rig.as_(Role.ADULT, "ada")
    rig.hub.read_settings = lambda: rig.hub.settings
    await add(owner, name="Jo")
    async with adult.post(f"{API}/edits/undo") as answer:
        assert answer.status == 403
    assert set(written(rig)) == {"jo"}
    async with owner.post(f"{API}/edits/undo") as answer:
        assert answer.status == 200
    assert written(rig) == {}
