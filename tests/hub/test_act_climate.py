"""Heating, cooling, fans and blinds stay within what the household allows automation."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.types import (
    Blows,
    Capability,
    Command,
    Covers,
    Device,
    DeviceId,
    DeviceState,
    Heats,
    SetCover,
    SetFan,
    SetTemperature,
)
from hub.act.climate import AGREE_C, HOUR_S, Limits, agree
from hub.act.dispatch import By
from hub.act.plan import plan_restore, plan_scene
from hub.clock import ManualClock
from hub.config import load
from hub.errors import ConfigError
from hub.settings import Guards, Scene
from hub.types import Decision, RestoreGoal, RoomId, SceneGoal, Trigger
from tests.hub.act_rig import ROOM, Rig, turns

A, B = DeviceId("hand:a"), DeviceId("hand:b")
WIDE = Limits((5.0, 30.0))

steps = st.sampled_from([0.1, 0.2, 0.5, 1.0, 5 / 9])
heats = st.builds(
    Heats, st.sampled_from([5.0, 7.0, 10.0, 16.0]), st.sampled_from([24.0, 28.0, 35.0]), steps
)
degrees = st.floats(5, 30)


def decision(goal: Any, at: float, number: int = 1) -> Decision:
    return Decision(
        number, RoomId(ROOM), "r", goal, Trigger.MOOD, "because", 1.0, None, at, at + 30
    )


def scenes(**targets: float) -> dict[str, Any]:
    return {"scenes": {name: {"target_c": target} for name, target in targets.items()}}


def sent(rig: Rig) -> list[float]:
    return [one.target_c for one in rig.driver.got if isinstance(one, SetTemperature)]


@given(degrees, st.lists(heats, min_size=1, max_size=4), degrees, degrees)
def test_thermostats_of_a_room_never_work_against_each_other(
    wanted: float, room: list[Heats], one: float, other: float
) -> None:
    low, high = sorted((one, other))
    thermostats = [(DeviceId(f"x:{n}"), each) for n, each in enumerate(room)]
    targets = agree(wanted, thermostats, Limits((low, high)))
    assert targets.keys() in (set(), {device for device, _ in thermostats})
    if targets:
        assert max(targets.values()) - min(targets.values()) <= AGREE_C + 1e-3
    for device, each in thermostats:
        if device in targets:
            target = targets[device]
            assert max(low, each.min_c) - 1e-3 <= target <= min(high, each.max_c) + 1e-3
            number = (target - each.min_c) / each.step_c
            assert target == each.max_c or abs(number - round(number)) < 0.02


@given(degrees, heats)
def test_one_thermostat_gets_the_nearest_of_its_steps(wanted: float, each: Heats) -> None:
    target = agree(wanted, [(A, each)], None)[A]
    clamped = min(max(wanted, each.min_c), each.max_c)
    assert abs(target - clamped) <= each.step_c / 2 + 1e-3


def test_a_coarse_thermostat_decides_for_its_room() -> None:
    heater, cooler = Heats(5, 30, 0.5), Heats(16, 30, 1.0)
    assert agree(21.5, [(A, heater), (B, cooler)], None) == {A: 22.0, B: 22.0}
    odd = Heats(16.4, 30, 1.0)
    assert agree(21.0, [(A, Heats(16, 30, 1.0)), (B, odd)], None) == {}


def test_the_hub_gives_targets_and_no_modes() -> None:
    device = Device(A, "a", "hand", (Heats(5, 30),), DeviceState(target_c=20.0))
    commands: list[Command] = [
        *plan_scene(Scene(target_c=22), [device], 0.5, WIDE),
        *plan_restore({A: DeviceState(target_c=19.0)}, [device], 0.5, WIDE),
    ]
    assert {type(command) for command in commands} == {SetTemperature}


@given(st.floats(0, 1), st.floats(0, 1), st.integers(1, 8))
def test_fans_and_blinds_stay_within_their_bounds(wanted: float, bound: float, count: int) -> None:
    fan = Device(A, "a", "hand", (Blows(count),))
    blinds = [Device(B, "b", "hand", (Covers(anywhere),)) for anywhere in (True, False)]
    low, high = sorted((bound, 1 - bound))
    limits = Limits((16, 25), bound, (low, high))
    for command in plan_scene(Scene(fan=wanted, cover=wanted), [fan, *blinds], 0.5, limits):
        match command:
            case SetFan(speed=speed):
                assert 0 <= speed <= bound + 1e-4
                assert abs(speed * count - round(speed * count)) < 0.01
            case SetCover(position=position):
                assert low <= position <= high


async def test_automation_stays_within_the_households_bounds_and_a_person_need_not() -> None:
    rig = Rig(scenes(hot=29.0) | {"guards": {"target_c": [17, 23]}})
    rig.add("a", (Heats(5, 30),), DeviceState(target_c=22.5))
    async with rig.acting():
        rig.decide(decision(SceneGoal("hot"), rig.clock.monotonic()))
        await turns(10)
        assert sent(rig) == [23.0]
        await rig.actor.apply_scene(RoomId(ROOM), "hot", by_person=True)
        assert sent(rig) == [23.0, 29.0]


async def test_in_an_hour_a_target_moves_no_further_than_allowed() -> None:
    rig = Rig(scenes(cold=16.0, warm=25.0))
    a = rig.add("a", (Heats(5, 30),), DeviceState(target_c=20.0))
    async with rig.acting():
        for number, scene in enumerate(["warm", "warm", "cold", "warm"]):
            rig.decide(decision(SceneGoal(scene), rig.clock.monotonic(), number))
            await turns(10)
            rig.report(a, target_c=sent(rig)[-1])
            rig.pass_time(60)
        assert sent(rig) == [22.0, 22.0, 20.0, 22.0]
        rig.pass_time(HOUR_S)
        rig.decide(decision(SceneGoal("warm"), rig.clock.monotonic(), 9))
        await turns(10)
        assert sent(rig)[-1] == 24.0


async def test_what_was_before_is_put_back() -> None:
    rig = Rig(scenes(warm=22.0))
    a = rig.add("a", (Heats(5, 30),), DeviceState(target_c=20.5))
    async with rig.acting():
        rig.decide(decision(SceneGoal("warm"), rig.clock.monotonic()))
        await turns(10)
        rig.report(a, target_c=22.0)
        rig.decide(decision(RestoreGoal(), rig.clock.monotonic(), 2))
        await turns(10)
    assert sent(rig) == [22.0, 20.5]


@pytest.mark.parametrize(
    ("capability", "before", "after"),
    [
        (Heats(5, 30), DeviceState(target_c=20.0), {"target_c": 23.0}),
        (Blows(), DeviceState(values={"speed": 0.2}), {"values": {"speed": 0.8}}),
        (Covers(), DeviceState(values={"position": 1.0}), {"values": {"position": 0.3}}),
    ],
)
def test_a_persons_change_of_heating_fan_or_blind_is_an_override(
    capability: Capability, before: DeviceState, after: dict[str, Any]
) -> None:
    rig = Rig()
    a = rig.add("a", (capability,), before)
    rig.pass_time(10)
    rig.report(a, **after)
    assert [change.device for change in rig.manual] == [a]


async def test_what_a_fan_and_a_blind_do_on_our_word_is_no_override() -> None:
    rig = Rig({"scenes": {"air": {"fan": 0.6, "cover": 0.0}}})
    fan = rig.add("fan", (Blows(),), DeviceState(on=True, values={"speed": 0.2}))
    blind = rig.add("blind", (Covers(),), DeviceState(values={"position": 1.0}))
    rig.pass_time(10)
    await rig.actor.apply_scene(RoomId(ROOM), "air", by_person=False)
    rig.report(fan, values={"speed": 0.4})
    rig.report(fan, values={"speed": 0.6})
    for position in (0.8, 0.3):
        rig.pass_time(20)
        rig.report(blind, values={"position": position})
    assert rig.manual == []
    rig.report(blind, values={"position": 0.5})
    assert rig.manual == []  # on its way, as far as anybody can tell
    rig.pass_time(120)
    rig.report(blind, values={"position": 0.0})
    assert rig.manual == []
    rig.report(blind, values={"position": 0.7})
    assert [change.device for change in rig.manual] == [blind]


async def test_automation_goes_on_from_what_a_person_chose() -> None:
    rig = Rig(scenes(cold=16.0))
    a = rig.add("a", (Heats(5, 30),), DeviceState(target_c=24.0))
    async with rig.acting():
        rig.decide(decision(SceneGoal("cold"), rig.clock.monotonic()))
        await turns(10)
        rig.report(a, target_c=22.0)
        rig.pass_time(30)
        rig.report(a, target_c=19.0)
        assert [change.device for change in rig.manual] == [a]
        rig.decide(decision(SceneGoal("cold"), rig.clock.monotonic(), 2))
        await turns(10)
    assert sent(rig) == [22.0, 17.0]


@given(
    st.lists(st.tuples(st.floats(5, 30), st.floats(0, 4000)), min_size=2, max_size=12),
    st.floats(0.5, 5),
)
def test_however_scenes_follow_each_other_no_hour_sees_more_than_allowed(
    wishes: list[tuple[float, float]], most: float
) -> None:
    rig = Rig({"guards": {"max_target_change_c_per_h": most, "target_c": [5, 30]}}, ManualClock())
    a = rig.add("a", (Heats(5, 30, 0.1),), DeviceState(target_c=20.0))
    had: list[tuple[float, float]] = [(rig.clock.monotonic() - HOUR_S, 20.0)]
    for wanted, wait in wishes:
        rig.pass_time(wait)
        rig.settings.scenes["s"] = Scene(target_c=wanted)
        for command in rig.actor._plan(RoomId(ROOM), SceneGoal("s"), By.AUTOMATION):
            assert isinstance(command, SetTemperature)
            rig.overrides.sending(command, rig.devices.get(a).state)  # type: ignore[union-attr]
            rig.report(a, target_c=command.target_c)
            had.append((rig.clock.monotonic(), command.target_c))
    assert rig.manual == []
    now = rig.clock.monotonic()
    for index, (_, target) in enumerate(had):
        start = had[index][0] - HOUR_S
        held = [t for (_, t), (ends, _) in pairwise(had[: index + 1]) if ends > start]
        assert all(abs(target - other) <= most + 1e-3 for other in held), now


def test_bounds_the_wrong_way_round_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "hub.yaml"
    file.write_text("guards: {target_c: [24, 18]}\n")
    with pytest.raises(ConfigError, match=r"guards\.target_c: 24 lies above 18"):
        load(file, {})
    assert Guards().target_c == (16, 25)
