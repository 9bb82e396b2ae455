"""Goals become commands by capability; brightness never moves faster than it may."""

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.types import (
    Audible,
    Blows,
    Capability,
    Colorful,
    Covers,
    Device,
    DeviceId,
    DeviceState,
    Dimmable,
    Heats,
    Measures,
    PlayMusic,
    SetCover,
    SetFan,
    SetLight,
    SetSwitch,
    SetTemperature,
    SetVolume,
    StopMusic,
    Switchable,
    Tunable,
)
from hub.act.fade import STEP_S, fade_steps, step_pause_s
from hub.act.plan import (
    RESTORE_TRANSITION_S,
    is_light,
    plan_music,
    plan_restore,
    plan_scene,
    slew_s,
)
from hub.settings import Scene
from hub.types import MusicGoal

SLEW = 0.5


def device(name: str, *capabilities: Capability, state: DeviceState | None = None) -> Device:
    return Device(DeviceId(f"x:{name}"), name, "x", capabilities, state or DeviceState())


OFF = DeviceState(on=False, level=1.0)
LIGHT = Switchable(light=True)
FULL = device("full", LIGHT, Dimmable(), Tunable(2200, 6500), Colorful(), state=OFF)
WHITE = device("white", LIGHT, Dimmable(), Tunable(2700, 4000), state=OFF)
BULB = device("bulb", LIGHT)
PLUG = device("plug", Switchable())
PLAYER = device("player", Audible())
HEATER = device("heater", Heats(5.0, 28.0, 0.5))
SENSOR = device("sensor", Measures(("lux",)))
EVERYTHING = (FULL, WHITE, BULB, PLUG, PLAYER, HEATER, SENSOR)


def scene(**given_: Any) -> Scene:
    return Scene.model_validate(given_)


def test_lights_get_what_they_can_do_and_nothing_else() -> None:
    wanted = scene(lights={"level": 0.4, "kelvin": 2400, "xy": [0.3, 0.4], "transition_s": 5})
    assert plan_scene(wanted, EVERYTHING, SLEW) == (
        SetLight(FULL.id, True, 0.4, None, (0.3, 0.4), 5.0),
        SetLight(WHITE.id, True, 0.4, 2700, None, 5.0),
        SetSwitch(BULB.id, True),
    )


def test_a_level_turns_a_plain_lamp_on_or_off() -> None:
    assert plan_scene(scene(lights={"level": 0.01}), [BULB], SLEW) == (SetSwitch(BULB.id, True),)
    assert plan_scene(scene(lights={"level": 0}), [BULB], SLEW) == (SetSwitch(BULB.id, False),)
    assert plan_scene(scene(lights={"on": False}), [BULB], SLEW) == (SetSwitch(BULB.id, False),)


def test_a_plug_is_no_lamp_unless_the_scene_names_it() -> None:
    assert not is_light(PLUG)
    assert plan_scene(scene(lights={"level": 1}), [PLUG], SLEW) == ()
    named = scene(lights={"level": 1}, devices={PLUG.id: {"on": False}})
    assert plan_scene(named, [PLUG], SLEW) == (SetSwitch(PLUG.id, False),)


def test_a_named_lamp_gets_its_own_part() -> None:
    wanted = scene(lights={"level": 1}, devices={WHITE.id: {"level": 0.2, "kelvin": 9000}})
    commands = {c.device: c for c in plan_scene(wanted, [FULL, WHITE], None)}
    assert commands[WHITE.id] == SetLight(WHITE.id, True, 0.2, 4000, None, 2.0)
    assert commands[FULL.id] == SetLight(FULL.id, True, 1.0, None, None, 2.0)
    assert plan_scene(scene(devices={SENSOR.id: {"on": True}}), [SENSOR], None) == ()


def test_turning_off_fades_from_where_the_lamp_is() -> None:
    on = dataclasses.replace(WHITE, state=DeviceState(on=True, level=0.8))
    wanted = scene(lights={"on": False, "transition_s": 0})
    [command] = plan_scene(wanted, [on], SLEW)
    assert command == SetLight(WHITE.id, on=False, transition_s=1.6)


def test_music_and_warmth_go_to_what_plays_and_what_heats() -> None:
    wanted = scene(music={"valence": 0.5, "energy": -0.5, "volume": 0.2}, target_c=21.3)
    assert plan_scene(wanted, EVERYTHING, SLEW) == (
        PlayMusic(PLAYER.id, 0.5, -0.5, 0.2),
        SetTemperature(HEATER.id, 21.5),
    )
    stop = scene(music={"stop": True}, target_c=30)
    assert plan_scene(stop, EVERYTHING, SLEW) == (
        StopMusic(PLAYER.id),
        SetTemperature(HEATER.id, 28.0),
    )
    assert plan_music(MusicGoal(0.1, 0.2, None), EVERYTHING) == (
        PlayMusic(PLAYER.id, 0.1, 0.2, None),
    )


@pytest.mark.parametrize(
    ("state", "on", "level", "seconds"),
    [
        (DeviceState(on=True, level=0.2), True, 0.7, 1.0),
        (DeviceState(on=False, level=0.9), True, 0.5, 1.0),
        (DeviceState(on=True, level=0.9), False, None, 1.8),
        (DeviceState(on=False), False, None, 0.0),
        (DeviceState(on=True, level=0.9), True, None, 0.0),
        (DeviceState(on=False, level=0.9), True, None, 2.0),
        (DeviceState(on=True), True, None, 2.0),
        (DeviceState(), True, 0.8, 1.6),
        (DeviceState(), True, 0.2, 1.6),
        (DeviceState(), False, None, 2.0),
        (DeviceState(level=0.3), True, None, 1.4),
    ],
)
def test_the_least_time_of_a_change(
    state: DeviceState, on: bool, level: float | None, seconds: float
) -> None:
    assert slew_s(state, on, level, SLEW) == pytest.approx(seconds)


units = st.floats(0, 1)
states = st.builds(DeviceState, on=st.none() | st.booleans(), level=st.none() | units)


@given(states, st.booleans(), st.none() | units, st.floats(0, 10), st.floats(0.01, 10))
def test_automation_never_changes_brightness_faster_than_it_may(
    state: DeviceState, on: bool, level: float | None, transition_s: float, slew: float
) -> None:
    lamp = dataclasses.replace(WHITE, state=state)
    wanted = scene(lights={"on": on, "level": level, "transition_s": transition_s})
    [command] = plan_scene(wanted, [lamp], slew)
    assert isinstance(command, SetLight)
    assert command.transition_s >= transition_s
    now = 0.0 if state.on is False else state.level
    goal = 0.0 if command.on is False else command.level
    if now is not None and goal is not None:
        assert abs(goal - now) <= slew * command.transition_s + 1e-9
    [by_person] = plan_scene(wanted, [lamp], None)
    assert isinstance(by_person, SetLight)
    assert by_person.transition_s == transition_s


def test_everything_is_put_back_as_it_was() -> None:
    before = {
        FULL.id: DeviceState(on=True, level=0.3, xy=(0.2, 0.2), kelvin=3000),
        WHITE.id: DeviceState(on=False, level=0.7),
        BULB.id: DeviceState(on=True),
        PLUG.id: DeviceState(on=False),
        PLAYER.id: DeviceState(volume=0.4),
        HEATER.id: DeviceState(target_c=19.0),
        SENSOR.id: DeviceState(),
    }
    assert plan_restore(before, EVERYTHING, None) == (
        SetLight(FULL.id, True, 0.3, None, (0.2, 0.2), RESTORE_TRANSITION_S),
        SetLight(WHITE.id, on=False, transition_s=RESTORE_TRANSITION_S),
        SetSwitch(BULB.id, True),
        SetSwitch(PLUG.id, False),
        StopMusic(PLAYER.id),
        SetVolume(PLAYER.id, 0.4),
        SetTemperature(HEATER.id, 19.0),
    )


def test_what_was_unknown_or_not_there_is_left_alone() -> None:
    unknown = {d.id: DeviceState(playing="a song") for d in EVERYTHING}
    assert plan_restore(unknown, EVERYTHING, SLEW) == ()
    assert plan_restore({}, EVERYTHING, SLEW) == ()
    warm = {WHITE.id: DeviceState(on=True, level=0.5, kelvin=3000)}
    assert plan_restore(warm, EVERYTHING, SLEW) == (
        SetLight(WHITE.id, True, 0.5, 3000, None, RESTORE_TRANSITION_S),
    )


# Fades in steps ------------------------------------------------------------------------------

STEPPED = device("stepped", Dimmable(steps=100, fades=False), state=DeviceState(on=True, level=0.2))


def test_a_lamp_that_fades_by_itself_gets_one_command() -> None:
    command = SetLight(WHITE.id, level=1.0, transition_s=10)
    assert fade_steps(command, WHITE) == (command,)
    colour = SetLight(STEPPED.id, xy=(0.1, 0.1), transition_s=10)
    assert fade_steps(colour, STEPPED) == (colour,)
    at_once = SetLight(STEPPED.id, level=1.0)
    assert fade_steps(at_once, STEPPED) == (at_once,)


def test_one_that_does_not_is_led_there_in_even_steps() -> None:
    command = SetLight(STEPPED.id, True, 1.0, transition_s=2.0)
    steps = fade_steps(command, STEPPED)
    levels = [step.level for step in steps]
    assert levels == pytest.approx([0.2 + 0.08 * n for n in range(1, 11)])
    assert all(step.transition_s == 0 for step in steps)
    assert len(steps) * step_pause_s(command, len(steps)) == pytest.approx(2.0)


def test_fading_out_ends_with_off() -> None:
    steps = fade_steps(SetLight(STEPPED.id, on=False, transition_s=0.6), STEPPED)
    assert [(step.on, step.level) for step in steps] == [
        (True, 0.1333),
        (True, 0.0667),
        (False, None),
    ]


def test_a_fade_has_no_more_steps_than_the_lamp_has_levels() -> None:
    command = SetLight(STEPPED.id, level=0.25, transition_s=60)
    steps = fade_steps(command, STEPPED)
    assert len(steps) == 5
    assert step_pause_s(command, len(steps)) == 12
    same = SetLight(STEPPED.id, level=0.2, transition_s=60)
    assert fade_steps(same, STEPPED) == (dataclasses.replace(same, transition_s=0.0),)


def test_a_fade_starts_from_dark_or_from_the_worst_case() -> None:
    dark = dataclasses.replace(STEPPED, state=DeviceState(on=False, level=0.9))
    unknown = dataclasses.replace(STEPPED, state=DeviceState())
    command = SetLight(STEPPED.id, level=0.5, transition_s=5 * STEP_S)
    assert fade_steps(command, dark)[0].level == 0.1
    assert fade_steps(command, unknown)[0].level == 0.9


FAN = device("fan", Switchable(), Blows(4))
BLIND = device("blind", Covers())
SHUTTER = device("shutter", Covers(stops_anywhere=False))


def test_a_scene_moves_fans_by_their_steps_and_covers_as_far_as_they_can() -> None:
    asked = plan_scene(scene(fan=0.6, cover=0.3), (FAN, BLIND, SHUTTER, *EVERYTHING), SLEW)
    assert asked == (SetFan(FAN.id, 0.5), SetCover(BLIND.id, 0.3), SetCover(SHUTTER.id, 0.0))
    assert plan_scene(scene(fan=0.01), (FAN,), SLEW) == (SetFan(FAN.id, 0.25),)
    assert plan_scene(scene(fan=0), (FAN,), SLEW) == (SetFan(FAN.id, 0.0),)
    assert plan_scene(scene(target_c=20), (FAN, BLIND), SLEW) == ()


def test_fans_and_covers_are_put_back_where_they_were() -> None:
    before = {
        FAN.id: DeviceState(on=True, values={"speed": 0.75}),
        BLIND.id: DeviceState(values={"position": 0.2}),
        SHUTTER.id: DeviceState(),
    }
    back = plan_restore(before, (FAN, BLIND, SHUTTER), SLEW)
    assert back == (SetFan(FAN.id, 0.75), SetCover(BLIND.id, 0.2))
    off = {FAN.id: DeviceState(on=False, values={"speed": 0.75})}
    assert plan_restore(off, (FAN,), SLEW) == (SetFan(FAN.id, 0.0),)
