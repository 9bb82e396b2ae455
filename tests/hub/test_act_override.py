"""What somebody did by hand is told from the echo of what the hub commanded."""

from typing import Any

import pytest

from drivers.types import (
    Adjusts,
    Audible,
    Blows,
    Capability,
    Command,
    Covers,
    DeviceId,
    DeviceState,
    Heats,
    Measures,
    PlayMusic,
    Selects,
    SetCover,
    SetFan,
    SetLight,
    SetNumber,
    SetOption,
    SetSwitch,
    SetTemperature,
    SetVolume,
    StopMusic,
    Switchable,
    Unreachable,
)
from hub.act.dispatch import By
from hub.act.override import COVER_TAKES_S, REMEMBERED, SETTLE_S, SLACK_S
from hub.types import RoomId
from tests.hub.act_rig import LAMP, ROOM, Rig

D = DeviceId("hand:lamp")
Value = float | bool | str
LIT = DeviceState(on=True, level=0.2, kelvin=3000)


@pytest.fixture
def rig() -> Rig:
    return Rig()


def settled(rig: Rig, state: DeviceState = LIT, **more: Any) -> DeviceId:
    device = rig.add("lamp", state=state, **more)
    rig.pass_time(SETTLE_S + 1)
    return device


async def command(rig: Rig, *commands: Command) -> None:
    for each in commands:
        await rig.dispatcher.execute(each, By.AUTOMATION)


def hands(rig: Rig) -> int:
    return len(rig.manual)


@pytest.mark.parametrize(
    "change",
    [{"on": False}, {"level": 0.6}, {"kelvin": 5000}, {"target_c": 22.0}, {"volume": 0.9}],
)
def test_a_change_that_nobody_commanded_is_by_hand(rig: Rig, change: dict[str, Any]) -> None:
    state = DeviceState(on=True, level=0.2, kelvin=3000, target_c=19.0, volume=0.1)
    device = settled(rig, state)
    rig.report(device, **change)
    assert [(m.room, m.device) for m in rig.manual] == [(RoomId(ROOM), device)]


SETTABLE: dict[str, tuple[Capability, Value, Command, Value, Value]] = {
    "speed": (Blows(4), 0.25, SetFan(D, 0.8), 0.75, 1.0),
    "position": (Covers(), 1.0, SetCover(D, 0.3), 0.33, 0.6),
    "option": (Selects(("eco", "away")), "eco", SetOption(D, "away"), "away", "eco"),
    "number": (Adjusts(0, 100, 5), 10.0, SetNumber(D, 31), 30.0, 80.0),
}
"""By the value: what sets it, where it is, a command, its echo, and another value."""


@pytest.mark.parametrize("name", SETTABLE)
async def test_a_value_that_is_set_is_by_hand_unless_it_was_commanded(rig: Rig, name: str) -> None:
    able, start, wanted, echo, other = SETTABLE[name]
    state = DeviceState(values={name: start, "power": 1.0})
    device = settled(rig, state, capabilities=(able, Measures(("power",))))
    rig.report(device, values={name: start, "power": 2.0})
    await command(rig, wanted)
    rig.pass_time(SLACK_S + 1)
    rig.report(device, values={name: echo, "power": 2.0})
    assert hands(rig) == 0
    rig.pass_time(COVER_TAKES_S + 1)
    rig.report(device, values={name: other, "power": 2.0})
    assert hands(rig) == 1


async def test_a_value_of_the_same_name_that_is_only_measured_is_nobodys(rig: Rig) -> None:
    state = DeviceState(values=dict.fromkeys(SETTABLE, 1.0))
    sensor = settled(rig, state, capabilities=(Measures(tuple(SETTABLE)),))
    rig.report(sensor, values=dict.fromkeys(SETTABLE, 2.0))
    assert hands(rig) == 0


async def test_a_cover_on_its_way_is_not_by_hand_but_one_going_elsewhere_is(rig: Rig) -> None:
    device = settled(rig, DeviceState(values={"position": 1.0}), capabilities=(Covers(),))
    await command(rig, SetCover(D, 0.2))
    for position in (0.9, 0.6, 0.5):
        rig.pass_time(20)
        rig.report(device, values={"position": position})
    assert hands(rig) == 0
    rig.report(device, values={"position": 0.0})
    assert hands(rig) == 1


async def test_what_knows_only_open_and_closed_ends_at_the_nearer(rig: Rig) -> None:
    able = (Covers(stops_anywhere=False),)
    device = settled(rig, DeviceState(values={"position": 1.0}), capabilities=able)
    await command(rig, SetCover(D, 0.4))
    rig.report(device, values={"position": 0.0})
    assert hands(rig) == 0
    rig.pass_time(COVER_TAKES_S + SLACK_S + 1)
    rig.report(device, values={"position": 1.0})
    assert hands(rig) == 1


async def test_a_fan_that_runs_up_to_its_speed_is_not_by_hand(rig: Rig) -> None:
    state = DeviceState(on=False, values={"speed": 0.0})
    device = settled(rig, state, capabilities=(Blows(100), Switchable()))
    await command(rig, SetFan(D, 0.8))
    for speed in (0.3, 0.6, 0.8):
        rig.report(device, on=True, values={"speed": speed})
    assert hands(rig) == 0


def test_what_is_no_change_by_hand(rig: Rig) -> None:
    device = settled(rig, DeviceState(on=True, values={"power": 1.0}), capabilities=LAMP)
    rig.report(device, values={"power": 2.0})
    rig.report(device, level=0.5)  # was not known before
    rig.report(device, level=None)
    rig.report(device, on=False)
    assert hands(rig) == 1
    rig.report(device, kelvin=3000)
    rig.report(device, kelvin=4000)  # a lamp that is off may say what it likes
    assert hands(rig) == 1


def test_a_sensor_and_a_device_outside_every_room_are_left_out(rig: Rig) -> None:
    sensor = settled(rig, DeviceState(values={"lux": 1.0}), capabilities=(Measures(("lux",)),))
    rig.report(sensor, values={"lux": 9.0})
    shed = rig.add("shed", state=LIT, room=None)
    rig.pass_time(SETTLE_S + 1)
    rig.report(shed, on=False)
    assert hands(rig) == 0


def test_first_states_and_those_after_an_outage_are_not_by_hand(rig: Rig) -> None:
    device = rig.add("lamp", state=LIT)
    rig.report(device, on=False)  # a kept state that comes just after the announcement
    assert hands(rig) == 0
    rig.pass_time(SETTLE_S + 1)
    rig.reachable(device, False)
    rig.report(device, level=0.9)  # while it is away nothing is news
    rig.reachable(device, True)
    rig.report(device, on=True)
    assert hands(rig) == 0
    rig.pass_time(SETTLE_S + 1)
    rig.report(device, on=False)
    assert hands(rig) == 1


def test_a_device_that_left_and_came_back_is_new(rig: Rig) -> None:
    device = settled(rig)
    rig.port.gone(device)
    rig.add("lamp", state=LIT)
    rig.report(device, on=False)
    assert hands(rig) == 0


async def test_the_echo_of_a_command_is_not_by_hand(rig: Rig) -> None:
    device = settled(rig)
    await command(rig, SetLight(device, level=0.8, kelvin=2700, transition_s=4))
    rig.report(device, level=0.4)  # on the way
    rig.pass_time(3)
    rig.report(device, level=0.6, kelvin=2900)
    rig.pass_time(3)
    rig.report(device, level=0.79, kelvin=2702)
    assert hands(rig) == 0


async def test_what_a_command_does_not_explain_is_by_hand_even_in_its_window(rig: Rig) -> None:
    device = settled(rig)
    await command(rig, SetLight(device, level=0.8, transition_s=4))
    rig.report(device, level=0.1)  # not between 0.2 and 0.8
    assert hands(rig) == 1
    await command(rig, SetLight(device, level=0.8, transition_s=4))
    rig.report(device, on=False)
    assert hands(rig) == 2


async def test_a_late_echo_is_known_by_its_goal(rig: Rig) -> None:
    device = settled(rig)
    await command(rig, SetLight(device, level=0.8))
    rig.pass_time(SLACK_S + 60)
    rig.report(device, level=0.8)
    assert hands(rig) == 0
    rig.report(device, level=0.5)
    assert hands(rig) == 1


async def test_after_a_change_by_hand_old_goals_mean_nothing(rig: Rig) -> None:
    device = settled(rig)
    await command(rig, SetLight(device, level=0.8))
    rig.report(device, level=0.8)
    rig.pass_time(60)
    rig.report(device, on=False)
    rig.report(device, on=True)
    assert hands(rig) == 2


async def test_a_lamp_that_wakes_at_full_is_not_by_hand(rig: Rig) -> None:
    device = settled(rig, DeviceState(on=False, level=0.1))
    await command(rig, SetLight(device, on=True, level=0.3, transition_s=2))
    rig.report(device, on=True, level=1.0)
    rig.report(device, level=0.3)
    assert hands(rig) == 0


async def test_two_commands_in_a_row_explain_both_echoes(rig: Rig) -> None:
    device = settled(rig)
    await command(rig, SetSwitch(device, on=False), SetLight(device, on=True, level=0.9))
    rig.report(device, on=False)
    rig.report(device, on=True)
    rig.report(device, level=0.9)
    assert hands(rig) == 0


async def test_only_so_many_commands_are_remembered(rig: Rig) -> None:
    device = settled(rig)
    await command(rig, SetSwitch(device, on=False))
    await command(rig, *[SetLight(device, level=0.2) for _ in range(REMEMBERED)])
    rig.report(device, on=False)
    assert hands(rig) == 1


async def test_a_command_that_was_not_sent_explains_nothing(rig: Rig) -> None:
    device = settled(rig)
    rig.driver.raises = Unreachable("away")
    await command(rig, SetSwitch(device, on=False))
    rig.report(device, on=False)
    assert hands(rig) == 1


@pytest.mark.parametrize(
    ("sent", "echo", "other"),
    [
        (SetTemperature(D, 21.0), {"target_c": 21.2}, {"target_c": 25.0}),
        (SetVolume(D, 0.5), {"volume": 0.5}, {"volume": 0.1}),
        (PlayMusic(D, 0, 0, 0.5), {"playing": "x", "volume": 0.49}, {"volume": 0.1}),
        (PlayMusic(D, 0, 0), {"playing": "x"}, {"volume": 0.1}),
        (SetLight(D, xy=(0.3, 0.3)), {"xy": (0.31, 0.3)}, {"level": 0.9, "on": False}),
        (SetLight(D, on=False), {"on": False}, {"on": True}),
        (SetLight(D, level=0), {"on": False, "level": 0.0}, {"volume": 0.9}),
        (SetLight(D, level=0.9), {"kelvin": 2600, "xy": (0.5, 0.4)}, {"target_c": 9.0}),
        (SetSwitch(D, True), {}, {"level": 0.9}),
    ],
)
async def test_each_command_explains_its_own_echo_only(
    rig: Rig, sent: Command, echo: dict[str, Any], other: dict[str, Any]
) -> None:
    before = DeviceState(on=True, level=0.2, kelvin=3000, xy=(0.4, 0.4), target_c=19.0, volume=0.3)
    capabilities = (*LAMP, Audible(), Heats(5, 30))
    device = settled(rig, before, capabilities=capabilities)
    await command(rig, sent)
    rig.report(device, **echo)
    assert hands(rig) == 0
    rig.report(device, **other)
    assert hands(rig) == 1


async def test_music_that_starts_or_stops_by_itself_is_by_hand_the_next_song_is_not(
    rig: Rig,
) -> None:
    player = settled(rig, DeviceState(volume=0.1), capabilities=(Audible(),))
    await command(rig, PlayMusic(player, 0, 0))
    rig.report(player, playing="one")
    rig.pass_time(100)
    rig.report(player, playing="two")
    assert hands(rig) == 0
    rig.report(player, playing=None)
    assert hands(rig) == 1
    await command(rig, StopMusic(player))
    rig.report(player, playing="three")
    assert hands(rig) == 2
    await command(rig, StopMusic(player))
    rig.report(player, playing=None)
    assert hands(rig) == 2


async def test_a_persons_command_through_the_hub_counts_as_by_hand(rig: Rig) -> None:
    device = settled(rig)
    await rig.dispatcher.execute(SetLight(device, level=0.9), By.PERSON)
    rig.report(device, level=0.9)
    assert [m.device for m in rig.manual] == [device]
    shed = rig.add("shed", room=None)
    await rig.dispatcher.execute(SetLight(shed, level=0.9), By.PERSON)
    assert hands(rig) == 1


async def test_a_fan_that_starts_because_of_its_speed_is_an_echo(rig: Rig) -> None:
    capabilities = (Switchable(), Blows(4))
    fan = settled(rig, DeviceState(on=False), capabilities=capabilities)
    await command(rig, SetFan(fan, 0.5))
    rig.report(fan, on=True)
    assert hands(rig) == 0
    rig.report(fan, on=False)
    assert hands(rig) == 1
