"""Decisions become commands, scenes leave a way back, and one slow lamp delays no other."""

import asyncio
from itertools import count
from typing import Any

import pytest

from drivers.types import (
    Audible,
    DeviceId,
    DeviceState,
    PlayMusic,
    SetLight,
    Status,
    StopMusic,
)
from hub.act.override import SETTLE_S
from hub.act.scenes import Snapshots
from hub.clock import ManualClock
from hub.errors import NotFound
from hub.settings import Scene, Settings
from hub.types import Decision, Goal, MusicGoal, RestoreGoal, RoomId, SceneGoal, Trigger
from tests.hub.act_rig import LAMP, ROOM, Rig, turns

SCENES = {
    "dim": {"lights": {"level": 0.2, "transition_s": 0}},
    "bright": {"lights": {"level": 1.0, "transition_s": 0}},
    "quiet": {"music": {"stop": True}},
}
LIT = DeviceState(on=True, level=0.5)
ids = count(1)


@pytest.fixture
def rig() -> Rig:
    return Rig({"scenes": SCENES, "guards": {"max_level_per_s": 10}})


def decision(
    rig: Rig,
    goal: Goal,
    room: str = ROOM,
    trigger: Trigger = Trigger.MOOD,
    lasts_s: float = 10.0,
) -> Decision:
    now = rig.clock.monotonic()
    return Decision(
        next(ids), RoomId(room), "rule", goal, trigger, "because", 0.9, None, now, now + lasts_s
    )


def levels(rig: Rig) -> list[tuple[str, float | None]]:
    return [(c.device, c.level) for c in rig.driver.got if isinstance(c, SetLight)]


async def test_a_decision_reaches_every_lamp_of_its_room_and_no_other(rig: Rig) -> None:
    one, two = rig.add("one"), rig.add("two")
    rig.add("hall", room="hall")
    wanted = decision(rig, SceneGoal("dim"))
    async with rig.acting():
        rig.decide(wanted)
        await turns()
    assert levels(rig) == [(one, 0.2), (two, 0.2)]
    assert [a.decision_id for a in rig.acted] == [wanted.id, wanted.id]


async def test_decisions_before_the_start_are_acted_on_newest_only(rig: Rig) -> None:
    lamp = rig.add("lamp")
    rig.decide(decision(rig, SceneGoal("dim")))
    rig.decide(decision(rig, SceneGoal("bright")))
    rig.decide(decision(rig, SceneGoal("dim"), room="hall"))
    async with rig.acting():
        await turns()
    assert levels(rig) == [(lamp, 1.0)]
    assert rig.actor.replaced == 1


async def test_an_expired_decision_is_not_acted_on(rig: Rig) -> None:
    rig.add("lamp")
    rig.decide(decision(rig, SceneGoal("dim"), lasts_s=5))
    rig.pass_time(6)
    async with rig.acting():
        await turns()
    assert rig.driver.got == []
    assert rig.actor.expired == 1


async def test_a_slow_lamp_delays_neither_others_nor_the_next_decision(rig: Rig) -> None:
    slow = rig.add("slow")
    rig.driver.holds = True
    async with rig.acting():
        rig.decide(decision(rig, SceneGoal("dim")))
        await turns()
        rig.driver.holds = False
        quick = rig.add("quick")
        rig.decide(decision(rig, SceneGoal("bright")))
        await turns()
        assert levels(rig) == [(slow, 0.2), (slow, 1.0), (quick, 1.0)]
        statuses = {(a.outcome.command.device, a.outcome.status) for a in rig.acted}
        assert statuses == {
            (slow, Status.SUPERSEDED),
            (slow, Status.DONE),
            (quick, Status.DONE),
        }


async def test_an_unknown_scene_or_device_in_a_decision_stops_nothing(rig: Rig) -> None:
    lamp = rig.add("lamp")
    rig.actor.reload(
        Settings.model_validate(
            {"scenes": {"odd": {"devices": {"hand:gone": {"on": True}}}} | SCENES}
        )
    )
    async with rig.acting():
        for scene in ("never_heard_of", "odd", "bright"):
            rig.decide(decision(rig, SceneGoal(scene)))
            await turns()
    assert levels(rig) == [(lamp, 1.0)]
    assert rig.errors == []


async def test_a_decision_that_breaks_the_plan_stops_no_other(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    lamp = rig.add("lamp")
    rig.decide(decision(rig, MusicGoal(0, 0, None), room="hall"))
    rig.decide(decision(rig, SceneGoal("dim")))
    monkeypatch.setattr("hub.act.engine.plan_music", None)
    async with rig.acting():
        await turns()
    assert levels(rig) == [(lamp, 0.2)]


async def test_stopping_leaves_the_lights_and_ends_what_is_under_way(rig: Rig) -> None:
    lamp = rig.add("lamp")
    rig.driver.holds = True
    async with rig.acting():
        rig.decide(decision(rig, SceneGoal("dim")))
        await turns()
    assert rig.driver.cancelled == rig.driver.got
    assert [c.device for c in rig.driver.got] == [lamp]


async def test_music_goals_reach_players(rig: Rig) -> None:
    player = rig.add("player", (Audible(),), DeviceState(volume=0.1))
    async with rig.acting():
        rig.decide(decision(rig, MusicGoal(0.4, 0.1, None)))
        await turns()
        rig.decide(decision(rig, RestoreGoal()))
        await turns()
    assert rig.driver.got[:2] == [PlayMusic(player, 0.4, 0.1), StopMusic(player)]


async def test_a_decision_of_a_person_is_a_persons_command(rig: Rig) -> None:
    lamp = rig.add("lamp")
    async with rig.acting():
        rig.decide(decision(rig, SceneGoal("dim"), trigger=Trigger.PERSON))
        await turns()
    assert [m.device for m in rig.manual] == [lamp]


# Restoring -----------------------------------------------------------------------------------


async def act(rig: Rig, goal: Goal) -> None:
    rig.decide(decision(rig, goal))
    await turns()
    for command in rig.driver.got:  # the lamp obeys
        if isinstance(command, SetLight):
            rig.report(
                command.device,
                on=command.on is not False,
                **({} if command.level is None else {"level": command.level}),
            )
    rig.driver.got.clear()


async def test_several_scenes_in_a_row_are_restored_to_what_was_before_the_first(rig: Rig) -> None:
    lamp = rig.add("lamp", state=LIT)
    async with rig.acting():
        await act(rig, SceneGoal("dim"))
        await act(rig, SceneGoal("bright"))
        rig.decide(decision(rig, RestoreGoal()))
        await turns()
        assert levels(rig) == [(lamp, 0.5)]
        rig.driver.got.clear()
        rig.decide(decision(rig, RestoreGoal()))
        await turns()
        assert rig.driver.got == []


async def test_a_lamp_changed_by_hand_is_not_put_back(rig: Rig) -> None:
    rig.add("lamp", state=LIT)
    other = rig.add("other", state=LIT)
    rig.pass_time(SETTLE_S + 1)
    async with rig.acting():
        await act(rig, SceneGoal("dim"))
        rig.pass_time(100)
        rig.report(DeviceId("hand:lamp"), level=0.77)
        rig.decide(decision(rig, RestoreGoal()))
        await turns()
        assert levels(rig) == [(other, 0.5)]


async def test_a_lamp_that_was_away_is_not_put_back_into_an_old_state(rig: Rig) -> None:
    lamp = rig.add("lamp", state=LIT, available=False)
    async with rig.acting():
        await act(rig, SceneGoal("dim"))
        rig.reachable(lamp, True)
        rig.decide(decision(rig, RestoreGoal()))
        await turns()
    assert rig.driver.got == []


async def test_a_scene_during_the_way_back_keeps_the_goal_of_the_way_back(rig: Rig) -> None:
    lamp = rig.add("lamp", state=LIT)
    async with rig.acting():
        await act(rig, SceneGoal("bright"))
        await act(rig, RestoreGoal())
        rig.report(lamp, level=0.9)  # only half-way back when the next scene comes
        await act(rig, SceneGoal("dim"))
        rig.decide(decision(rig, RestoreGoal()))
        await turns()
        assert levels(rig) == [(lamp, 0.5)]


def test_after_the_way_back_the_present_counts() -> None:
    rig = Rig()
    lamp = rig.add("lamp", state=LIT)
    room = RoomId(ROOM)
    snapshots = Snapshots()
    snapshots.keep(room, rig.devices.all(), now=0.0)
    rig.report(lamp, level=0.9)
    assert snapshots.take(room, now=1.0, takes_s=2.0) == {lamp: LIT}
    snapshots.keep(room, rig.devices.all(), now=4.0)
    snapshots.drop(room, DeviceId("hand:other"))
    assert snapshots.take(room, now=5.0, takes_s=2.0) == {lamp: DeviceState(on=True, level=0.9)}
    snapshots.drop(RoomId("attic"), lamp)
    assert snapshots.take(RoomId("attic"), now=0, takes_s=1) == {}


# Asked by the command line -------------------------------------------------------------------


async def test_a_person_applies_a_scene_without_slew_and_may_take_it_back() -> None:
    rig = Rig({"scenes": SCENES, "guards": {"max_level_per_s": 0.1}})
    lamp = rig.add("lamp", state=LIT)
    outcomes = await rig.actor.apply_scene(RoomId(ROOM), "bright", by_person=True)
    assert [(o.status, o.command) for o in outcomes] == [
        (Status.DONE, SetLight(lamp, True, 1.0, transition_s=0.0))
    ]
    assert [m.device for m in rig.manual] == [lamp]
    [outcome] = await rig.actor.restore(RoomId(ROOM), by_person=True)
    assert outcome.command == SetLight(lamp, True, 0.5, transition_s=2.0)
    assert await rig.actor.restore(RoomId(ROOM), by_person=True) == ()


async def test_automation_may_be_asked_for_too_and_undone_by_a_person() -> None:
    rig = Rig({"scenes": SCENES, "guards": {"max_level_per_s": 0.1}})
    lamp = rig.add("lamp", state=LIT)
    [outcome] = await rig.actor.apply_scene(RoomId(ROOM), "bright", by_person=False)
    assert outcome.command == SetLight(lamp, True, 1.0, transition_s=5.0)
    assert rig.manual == []
    [outcome] = await rig.actor.restore(RoomId(ROOM), by_person=True)
    assert outcome.command == SetLight(lamp, True, 0.5, transition_s=2.0)
    assert await rig.actor.restore(RoomId(ROOM), by_person=False) == ()


async def test_rooms_and_scenes_that_do_not_exist_are_named() -> None:
    rig = Rig({"scenes": SCENES})
    with pytest.raises(NotFound, match="attic"):
        await rig.actor.apply_scene(RoomId("attic"), "dim", by_person=True)
    with pytest.raises(NotFound, match="party"):
        await rig.actor.apply_scene(RoomId(ROOM), "party", by_person=True)
    with pytest.raises(NotFound, match="attic"):
        await rig.actor.restore(RoomId("attic"), by_person=True)


async def test_each_command_of_a_scene_has_its_own_outcome(rig: Rig) -> None:
    rig.add("one")
    rig.add("two", available=False)
    outcomes = await rig.actor.apply_scene(RoomId(ROOM), "dim", by_person=True)
    assert [o.status for o in outcomes] == [Status.DONE, Status.UNREACHABLE]


async def test_a_cancelled_scene_is_cancelled(rig: Rig) -> None:
    rig.add("lamp", LAMP)
    rig.driver.holds = True
    task: asyncio.Task[Any] = asyncio.create_task(
        rig.actor.apply_scene(RoomId(ROOM), "dim", by_person=True)
    )
    await turns()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(rig.driver.cancelled) == 1


async def test_a_persons_newest_scene_is_taken_back_and_then_automations(rig: Rig) -> None:
    lamp = rig.add("lamp", state=LIT)
    async with rig.acting():
        await rig.actor.apply_scene(RoomId(ROOM), "dim", by_person=True)
        rig.report(lamp, level=0.2)
        await rig.actor.apply_scene(RoomId(ROOM), "bright", by_person=True)
        rig.report(lamp, level=1.0)
        await rig.actor.restore(RoomId(ROOM), by_person=True)
        assert levels(rig) == [(lamp, 0.2), (lamp, 1.0), (lamp, 0.2)]
        rig.report(lamp, level=0.2)
        assert await rig.actor.restore(RoomId(ROOM), by_person=True) == ()
        await rig.actor.apply_scene(RoomId(ROOM), "bright", by_person=True)
        rig.report(lamp, level=1.0)
        rig.decide(decision(rig, SceneGoal("dim")))
        await turns()
        rig.report(lamp, level=0.2)
        await rig.actor.restore(RoomId(ROOM), by_person=True)
    assert levels(rig)[3:] == [(lamp, 1.0), (lamp, 0.2), (lamp, 1.0)]


async def test_a_decision_that_does_nothing_leaves_the_way_back(rig: Rig) -> None:
    lamp = rig.add("lamp", state=LIT)
    async with rig.acting():
        await rig.actor.apply_scene(RoomId(ROOM), "bright", by_person=True)
        rig.report(lamp, level=1.0)
        rig.decide(decision(rig, SceneGoal("deleted meanwhile")))
        await turns()
        await rig.actor.restore(RoomId(ROOM), by_person=True)
    assert levels(rig) == [(lamp, 1.0), (lamp, 0.5)]


async def test_previews_in_a_row_leave_one_way_back_that_a_hand_shortens(rig: Rig) -> None:
    lamp, other = rig.add("lamp", state=LIT), rig.add("other", state=LIT)
    assert isinstance(rig.clock, ManualClock)
    rig.clock.advance(SETTLE_S + 1)
    unsaved = [Scene.model_validate({"lights": {"level": n / 10}}) for n in (3, 4)]
    async with rig.acting():
        for scene in unsaved:
            await rig.actor.preview(RoomId(ROOM), scene)
            for device in (lamp, other):
                rig.report(device, level=scene.lights.level if scene.lights else None)
        rig.report(other, on=False)
        rig.driver.got.clear()
        await rig.actor.end_preview(RoomId(ROOM))
        assert levels(rig) == [(lamp, 0.5)]
        assert await rig.actor.end_preview(RoomId(ROOM)) == ()
    with pytest.raises(NotFound):
        await rig.actor.preview(RoomId("cellar"), unsaved[0])
