from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from hub.api.access import Role
from hub.config import load
from hub.errors import ConfigError
from hub.types import Mood, RoomId
from models.types import Emotion, MoodEstimate, Sense
from tests.hub.api_rig import API, Rig, running, settings_for


@pytest.fixture
async def rig(state: Path) -> AsyncIterator[Rig]:
    async with running(settings_for(state)) as rig:
        yield rig


RULE: dict[str, Any] = {
    "room": "living_room",
    "when": {"mood": {"valence": [0.2, 1.0], "confidence": 0.4}},
    "then": {"scene": "soft"},
    "for_s": 10,
    "cooldown_s": 60,
}


async def test_a_rule_made_in_the_app_counts_and_can_be_undone(rig: Rig, tmp_path: Path) -> None:
    adult = await rig.as_(Role.ADULT, "ada")
    async with adult.put(f"{API}/policies/cheer", json=RULE) as answer:
        assert answer.status == 200, await answer.text()
        tag = answer.headers["ETag"]
    assert "cheer" in rig.hub.settings.rules
    changed = RULE | {"for_s": 20}
    async with adult.put(f"{API}/policies/cheer", json=changed) as answer:
        assert answer.status == 428
    async with adult.put(
        f"{API}/policies/cheer", json=changed, headers={"If-Match": '"old"'}
    ) as answer:
        assert answer.status == 412
    async with adult.put(
        f"{API}/policies/cheer", json=changed, headers={"If-Match": tag}
    ) as answer:
        assert answer.status == 200
    async with adult.get(f"{API}/policies/cheer", headers={"If-None-Match": tag}) as answer:
        assert answer.status == 200
        newer = answer.headers["ETag"]
    async with adult.get(f"{API}/policies/cheer", headers={"If-None-Match": newer}) as answer:
        assert answer.status == 304
    bad = RULE | {"then": {"scene": "nowhere"}}
    async with adult.put(f"{API}/policies/worse", json=bad) as answer:
        assert answer.status == 422
        assert "unknown scene" in await answer.text()
    async with adult.delete(f"{API}/scenes/soft", headers={"If-Match": "*"}) as answer:
        assert answer.status == 422  # a rule needs it
    # What the app changed is read after the household's own file, at every start.
    file = tmp_path / "hub.yaml"
    plain = rig.hub.settings.model_dump(mode="json", by_alias=True, exclude_unset=True)
    plain["rules"].pop("cheer")
    file.write_text(yaml.safe_dump(plain))
    assert load(file, {}).rules["cheer"].for_s == 20
    rig.hub.read_settings = lambda: load(file, {})
    async with adult.post(f"{API}/edits/undo") as answer:
        assert answer.status == 200, await answer.text()
    assert rig.hub.settings.rules["cheer"].for_s == 10
    async with adult.post(f"{API}/edits/undo") as answer:
        assert answer.status == 200
    assert "cheer" not in rig.hub.settings.rules
    async with adult.post(f"{API}/edits/undo") as answer:
        assert answer.status == 422


async def test_a_removed_rule_of_the_households_file_stays_removed(
    rig: Rig, tmp_path: Path
) -> None:
    adult = await rig.as_(Role.ADULT, "ada")
    async with adult.delete(f"{API}/policies/soften", headers={"If-Match": "*"}) as answer:
        assert answer.status == 204
    file = tmp_path / "hub.yaml"
    store = {"directory": str(rig.hub.settings.store.directory)}
    rule = RULE | {"then": {"restore": True}}
    home = {"rooms": {"living_room": {}}, "rules": {"soften": rule}, "store": store}
    file.write_text(yaml.safe_dump(home))
    assert load(file, {}).rules == {}
    (rig.hub.edits.path).write_text("rules: {cheer: {room: nowhere, when: {}, then: {}}}")
    with pytest.raises(ConfigError, match=r"edits\.yaml"):
        load(file, {})


async def test_what_is_on_now_becomes_a_scene(rig: Rig) -> None:
    adult = await rig.as_(Role.ADULT, "ada")
    wish = {"on": True, "level": 0.6}
    async with adult.post(f"{API}/devices/simulated:lamp/commands", json=wish) as answer:
        assert answer.status == 200
    body = {"room": "living_room", "name": "As it is"}
    async with adult.post(f"{API}/scenes/as_it_is/save", json=body) as answer:
        assert answer.status == 200, await answer.text()
    async with adult.post(f"{API}/devices/simulated:lamp/commands", json={"on": False}) as answer:
        assert answer.status == 200
    async with adult.post(f"{API}/scenes/as_it_is/apply", json={"room": "living_room"}) as answer:
        assert [o["status"] for o in (await answer.json())["outcomes"]] == ["done"]
    (lamp,) = rig.hub.devices.all()
    assert (lamp.state.on, lamp.state.level) == (True, 0.6)


async def test_a_disabled_device_is_listed_in_its_room_under_its_name(rig: Rig) -> None:
    adult = await rig.as_(Role.ADULT, "ada")
    lamp = f"{API}/devices/simulated:lamp"
    async with adult.patch(lamp, json={"disabled": True}) as answer:
        assert answer.status == 200, await answer.text()
    assert rig.hub.devices.all() == ()
    for given, name, room in (
        ({}, "Lamp", "living_room"),  # as the configuration has it
        ({"name": "Reading lamp", "room": "study"}, "Reading lamp", "study"),
        ({"name": None, "room": None, "nowhere": True}, "Lamp", None),
    ):
        if given:
            async with adult.patch(lamp, json=given) as answer:
                assert answer.status == 200, await answer.text()
        async with adult.get(f"{API}/devices") as answer:
            (one,) = (await answer.json())["devices"]
        async with adult.get(lamp) as answer:
            assert (await answer.json())["device"]["room"] == room
        assert (one["name"], one["room"], one["disabled"]) == (name, room, True)


async def test_a_dry_run_says_how_often_a_rule_would_have_acted(rig: Rig) -> None:
    adult = await rig.as_(Role.ADULT, "ada")
    hub = rig.hub
    # Three times half a minute of good mood, a day apart; the dwell of 10 s is kept each time.
    for number in range(18):
        day, step = divmod(number, 6)
        at = hub.clock.monotonic() - (3 - day) * 86_400 + step * 5.0
        estimate = MoodEstimate(
            0.5 + number / 50, 0.1, Emotion.HAPPINESS, 0.8, {Sense.FACE: 1.0}, 0.0
        )
        hub.store.record(Mood(number + 1, RoomId("living_room"), None, estimate, at))
    stored = await hub.store.moods(fresh=True)
    async with adult.post(f"{API}/policies/dry-run", json={"rule": RULE, "days": 7}) as answer:
        assert answer.status == 200, await answer.text()
        told = await answer.json()
    assert told["moods"] == len(stored) > 0
    assert (told["acted"], told["wished"]) == (3, False)
    assert "cheer" not in hub.settings.rules
    assert "simulated:lamp" not in {d.id for d in hub.devices.all() if d.state.on}


async def test_a_dry_run_of_a_rule_that_more_is_wished_of_acts_sooner(rig: Rig) -> None:
    adult = await rig.as_(Role.ADULT, "ada")
    hub = rig.hub
    # A good mood of 10 s: too short for a rule that waits for 15 s, long enough for half of that.
    for step in range(3):
        estimate = MoodEstimate(0.6, 0.1, Emotion.HAPPINESS, 0.8, {Sense.FACE: 1.0}, 0.0)
        at = hub.clock.monotonic() - 86_400 + step * 5.0
        hub.store.record(Mood(step + 1, RoomId("living_room"), None, estimate, at))
    estimate = MoodEstimate(-0.6, 0.1, Emotion.SADNESS, 0.8, {Sense.FACE: 1.0}, 0.0)
    hub.store.record(Mood(9, RoomId("living_room"), None, estimate, at + 2.0))
    await hub.store.moods(fresh=True)
    rule = RULE | {"for_s": 15.0}
    async with adult.put(f"{API}/policies/cheer", json=rule) as answer:
        assert answer.status == 200, await answer.text()

    async def asked(**more: object) -> tuple[int, bool]:
        async with adult.post(f"{API}/policies/dry-run", json={"rule": rule, **more}) as answer:
            told = await answer.json()
            return told["acted"], told["wished"]

    assert await asked(name="cheer") == (0, False)
    await hub.operations.noted_as("ada").wish("cheer", more=True)
    assert await asked(name="cheer") == (1, True)
    assert await asked() == (0, False)


async def test_a_rule_is_text_and_data_alike_and_its_mistakes_have_lines(rig: Rig) -> None:
    adult = await rig.as_(Role.ADULT, "ada")
    async with adult.post(f"{API}/policies/text", json={"rule": RULE}) as answer:
        written = await answer.json()
        assert answer.status == 200, written
    assert "valence: [0.2, 1.0]" in written["yaml"]
    async with adult.post(f"{API}/policies/text", json={"yaml": written["yaml"]}) as answer:
        back = await answer.json()
    assert back == written
    bad = "room: living_room\nwhen: {moood: {}}\nthen: {scene: soft}\n"
    async with adult.post(f"{API}/policies/text", json={"yaml": bad}) as answer:
        told = await answer.json()
    assert told["rule"] is None
    assert [(p["line"], p["key"]) for p in told["problems"]] == [(2, "when.moood")]
    assert "did you mean 'mood'" in told["problems"][0]["message"]
    nowhere = "room: attic\nwhen: {presence: true}\nthen:\n  scene: nowhere\n"
    async with adult.post(f"{API}/policies/text", json={"yaml": nowhere}) as answer:
        told = await answer.json()
    assert [(p["line"], p["key"]) for p in told["problems"]] == [(1, "room"), (4, "then.scene")]
    for broken in ("{", "- a\n", "a: 1\na: 2\n"):
        async with adult.post(f"{API}/policies/text", json={"yaml": broken}) as answer:
            assert answer.status == 200
            assert (await answer.json())["problems"]
    for both in ({}, {"yaml": "a: 1", "rule": RULE}):
        async with adult.post(f"{API}/policies/text", json=both) as answer:
            assert answer.status == 422


async def test_a_rule_that_is_off_is_kept_and_can_still_be_asked_about(rig: Rig) -> None:
    adult = await rig.as_(Role.ADULT, "ada")
    off = RULE | {"enabled": False}
    async with adult.put(f"{API}/policies/cheer", json=off) as answer:
        assert answer.status == 200
        assert (await answer.json())["rule"]["enabled"] is False
    async with adult.post(f"{API}/policies/dry-run", json={"rule": off}) as answer:
        assert answer.status == 200


async def test_the_home_is_named_in_the_app_and_the_name_can_be_undone(
    rig: Rig, tmp_path: Path
) -> None:
    adult, child = await rig.as_(Role.ADULT, "ada"), await rig.as_(Role.CHILD, "bob")
    file = tmp_path / "hub.yaml"
    plain = rig.hub.settings.model_dump(mode="json", by_alias=True, exclude_unset=True)
    file.write_text(yaml.safe_dump(plain))
    rig.hub.read_settings = lambda: load(file, {})
    async with adult.put(f"{API}/home", json={"name": "Haus am See"}) as answer:
        assert answer.status == 200, await answer.text()
    async with adult.get(f"{API}/status") as answer:
        assert (await answer.json())["home"] == "Haus am See"
    assert load(file, {}).home.name == "Haus am See"
    assert load(file, {}).home.timezone == rig.hub.settings.home.timezone
    async with child.put(f"{API}/home", json={"name": "Mine"}) as answer:
        assert answer.status == 403
    for bad in ("", " ", "x" * 61):
        async with adult.put(f"{API}/home", json={"name": bad}) as answer:
            assert answer.status == 422
    async with adult.post(f"{API}/edits/undo") as answer:
        assert answer.status == 200
    assert rig.hub.settings.home.name == "Test home"
    rig.hub.edits.path.write_text("home: {kind: household}\n")
    with pytest.raises(ConfigError, match="home"):
        load(file, {})


async def test_a_scene_is_shown_before_it_is_saved_and_put_back(rig: Rig) -> None:
    adult, child = await rig.as_(Role.ADULT, "ada"), await rig.as_(Role.CHILD, "bob")
    before = rig.hub.devices.all()[0].state
    shown = {"room": "living_room", "scene": {"lights": {"level": 0.7, "transition_s": 0}}}
    async with child.post(f"{API}/scene-previews", json=shown) as answer:
        assert answer.status == 403
    async with adult.post(f"{API}/scene-previews", json=shown | {"room": "cellar"}) as answer:
        assert answer.status == 404
    async with adult.post(f"{API}/scene-previews", json=shown) as answer:
        assert [one["status"] for one in (await answer.json())["outcomes"]] == ["done"]
    assert rig.hub.devices.all()[0].state.level == 0.7
    where = {"room": "living_room"}
    async with adult.post(f"{API}/scene-previews/end", json=where) as answer:
        assert [one["status"] for one in (await answer.json())["outcomes"]] == ["done"]
    assert rig.hub.devices.all()[0].state.on == before.on
    assert list(rig.hub.settings.scenes) == ["soft"]
