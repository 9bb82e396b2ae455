"""What is told of a mood is noted with the mood that was seen, also when it arrives later."""

import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from hub.api.access import Role
from hub.types import Decision, Held, Mood, RoomId, SceneGoal, Trigger
from models.types import Emotion, MoodEstimate, Sense
from tests.hub.api_rig import API, Rig, running, settings_for

pytestmark = pytest.mark.slow

ROOM = RoomId("living_room")


@pytest.fixture
async def rig(state: Path) -> AsyncIterator[Rig]:
    async with running(settings_for(state)) as rig:
        yield rig


async def told(rig: Rig, **more: Any) -> tuple[int, dict[str, Any]]:
    adult = await rig.as_(Role.ADULT, "ada")
    body = {"verdict": "wrong", "was": "sadness", "room": ROOM} | more
    async with adult.post(f"{API}/feedback/corrections", json=body) as answer:
        return answer.status, await answer.json()


async def test_what_arrives_late_is_about_the_mood_of_then(rig: Rig) -> None:
    store, now = rig.hub.store, rig.hub.clock.monotonic()
    estimate = MoodEstimate(0.5, 0.1, Emotion.HAPPINESS, 0.8, {Sense.FACE: 1.0}, 0.0)
    first = store.next_ids().mood
    for number, age_s in enumerate((1200, 600, 0)):
        store.record(Mood(first + number, ROOM, None, estimate, now - age_s))
    status, _ = await told(rig, at_ms=round((time.time() - 500) * 1000))
    assert status == 200
    adult = await rig.as_(Role.ADULT, "ada")
    async with adult.get(f"{API}/feedback/corrections") as answer:
        (noted,) = (await answer.json())["corrections"]
    assert (noted["mood"], noted["kind"], noted["note"]) == (first + 1, "wrong", "sadness")


async def test_of_a_time_without_a_mood_there_is_nothing_to_tell(rig: Rig) -> None:
    status, problem = await told(rig, at_ms=round((time.time() - 86_400) * 1000))
    assert (status, problem["code"]) == (409, "nothing_to_correct")


async def test_a_wish_is_about_one_decision_of_that_room(rig: Rig) -> None:
    store, now = rig.hub.store, rig.hub.clock.monotonic()
    number = store.next_ids().decision
    goal, because = SceneGoal("soft"), "because it seems tense"
    done = Decision(number, ROOM, "soften", goal, Trigger.MOOD, because, 0.7, None, now, now + 60)
    store.record(done)
    status, _ = await told(rig, verdict="not_now", was=None, decision=number)
    assert status == 200
    for other in ({"decision": number + 1}, {"decision": number, "room": "study"}):
        status, problem = await told(rig, **({"verdict": "more", "was": None} | other))
        assert (status, problem["code"]) == (409, "nothing_to_correct")
    adult = await rig.as_(Role.ADULT, "ada")
    async with adult.get(f"{API}/feedback/corrections") as answer:
        (noted,) = (await answer.json())["corrections"]
    assert (noted["decision"], noted["mood"], noted["kind"]) == (number, None, "not_now")
    async with adult.get(f"{API}/decisions/{number}") as answer:
        assert [one["kind"] for one in (await answer.json())["corrections"]] == ["not_now"]


async def test_a_wish_acts_on_the_rule_and_is_taken_back(rig: Rig) -> None:
    number, now = rig.hub.store.next_ids().decision, rig.hub.clock.monotonic()
    goal = SceneGoal("soft")
    done = Decision(number, ROOM, "soften", goal, Trigger.MOOD, "so", 0.7, None, now, now + 60)
    rig.hub.bus.publish(done)
    adult = await rig.as_(Role.ADULT, "ada")

    async def sooner() -> tuple[bool, bool | None]:
        async with adult.get(f"{API}/policies/soften") as answer:
            rule = (await answer.json())["sooner"]
        async with adult.get(f"{API}/moods") as answer:
            rooms = {room["room"]: room for room in (await answer.json())["rooms"]}
        return rule, rooms[ROOM]["decisions"][0]["sooner"]

    assert await sooner() == (False, False)
    await told(rig, verdict="more", was=None, decision=number)
    assert await sooner() == (True, True)
    async with adult.delete(f"{API}/policies/soften/sooner") as answer:
        assert answer.status == 204
    assert await sooner() == (False, False)
    async with adult.delete(f"{API}/policies/nothing/sooner") as answer:
        assert answer.status == 404

    # Another rule that is called so has nobody's wish.
    await told(rig, verdict="more", was=None, decision=number)
    async with adult.get(f"{API}/policies/soften") as answer:
        rule = await answer.json()
    match = {"If-Match": rule["etag"]}
    async with adult.delete(f"{API}/policies/soften", headers=match) as answer:
        assert answer.status == 204
    async with adult.put(f"{API}/policies/soften", json=rule["rule"]) as answer:
        assert answer.status == 200
        assert (await answer.json())["sooner"] is False


async def test_not_now_holds_the_rules_of_that_room(rig: Rig) -> None:
    number, now = rig.hub.store.next_ids().decision, rig.hub.clock.monotonic()
    goal = SceneGoal("soft")
    done = Decision(number, ROOM, "other", goal, Trigger.MOOD, "so", 0.7, None, now, now + 60)
    rig.hub.bus.publish(done)
    await told(rig, verdict="not_now", was=None, decision=number)
    held: list[Held] = []
    rig.hub.bus.on(Held, held.append)
    low = MoodEstimate(-0.6, 0.1, Emotion.SADNESS, 0.9, {Sense.FACE: 1.0}, 0.0)
    rig.hub.bus.publish(Mood(rig.hub.store.next_ids().mood, ROOM, None, low, now))
    assert [(one.rule, one.guard) for one in held] == [("soften", "not_now")]
