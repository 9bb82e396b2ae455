"""What holds a rule back: cool-down, overrides, quiet hours, confidence, other rules."""

from drivers.types import DeviceId
from hub.clock import ManualClock
from hub.decide.engine import UNSURE_S
from hub.types import (
    Decision,
    ManualChange,
)
from tests.hub.decide_rig import LOW, MOVED, Rules, house
from tests.hub.mood_helpers import HALL, ROOM


def test_a_rule_in_cooldown_fires_at_its_end_if_it_is_true_then(clock: ManualClock) -> None:
    home = house(clock, {"enter": {"when": MOVED, "cooldown_s": 60}})
    home.sense(value=False)
    for _ in range(100):
        home.sense(value=True)
        home.sense(value=False)
    assert home.decided == ["enter"]
    assert home.held == [("enter", "cooldown", 60.0)]
    home.wait(60.0)
    assert home.decided == []
    home.sense(value=True)
    assert home.decided == ["enter"]
    home.sense(value=False)
    home.wait(30.0)
    home.sense(value=True)
    assert home.decided == []
    home.wait(30.0)
    assert home.decided == ["enter"]


def test_a_hand_on_a_switch_wins_for_its_time_in_its_room(clock: ManualClock) -> None:
    home = house(
        clock,
        {"soften": {"when": LOW}, "there": {"when": LOW, "room": "hall"}},
        manual_override_s=600,
    )
    home.recorder.bus.publish(ManualChange(ROOM, DeviceId("mqtt:lamp"), clock.monotonic()))
    home.feel(-0.5)
    home.feel(-0.5, room=HALL)
    assert home.decided == ["there"]
    assert home.held == [("soften", "manual_override", 600.0)]
    home.wait(300.0, feeling=-0.5)
    home.recorder.bus.publish(ManualChange(ROOM, DeviceId("mqtt:lamp"), clock.monotonic()))
    home.wait(599.0, feeling=-0.5)
    assert home.decided == []
    home.wait(1.0, feeling=-0.5)
    assert home.decided == ["soften"]


def test_quiet_hours_cross_midnight_and_end(clock: ManualClock) -> None:
    # 1,800,000,000 s is 08:00 UTC.
    clock.jump_wall(15 * 3600 + 1800)
    home = house(
        clock,
        {"soften": {"when": LOW}, "night_light": {"when": MOVED, "in_quiet_hours": True}},
        quiet_hours=["23:00", "07:00"],
    )
    home.feel(-0.5)
    home.sense(value=False)
    home.sense(value=True)
    assert home.decided == ["night_light"]
    assert home.held == [("soften", "quiet_hours", 7.5 * 3600)]
    home.sense(value=False)
    home.wait(7.5 * 3600 - 10.0, step=15.0, feeling=-0.5)
    assert home.decided == []
    home.wait(10.0, step=5.0, feeling=-0.5)
    assert home.decided == ["soften"]


def test_too_little_confidence_is_told_once_it_lasts(clock: ManualClock) -> None:
    home = house(clock, {"soften": {"when": LOW}})
    home.feel(-0.5, 0.45)
    home.feel(0.5)
    assert home.held == []
    home.feel(-0.5, 0.45)
    home.wait(UNSURE_S)
    home.feel(-0.5, 0.45)
    home.feel(-0.5, 0.44)
    assert home.held == [("soften", "confidence", None)]
    assert home.decided == []
    home.feel(-0.5, 0.5)
    assert home.decided == ["soften"]


def test_no_rule_goes_under_the_floor(clock: ManualClock) -> None:
    when = {"mood": {"valence": [-1.0, -0.2], "confidence": 0.1}}
    home = house(clock, {"soften": {"when": when}}, confidence_floor=0.4)
    home.feel(-0.5, 0.39)
    assert home.held == [("soften", "confidence", None)]
    home.feel(-0.5, 0.4)
    assert home.decided == ["soften"]


def test_moods_change_a_room_only_every_so_often(clock: ManualClock) -> None:
    high = {"mood": {"valence": [0.2, 1.0]}}
    home = house(clock, {"down": {"when": LOW}, "up": {"when": high}}, min_change_interval_s=5)
    home.feel(-0.5)
    home.feel(0.5)
    assert home.decided == ["down"]
    assert home.held == [("up", "min_change_interval", 5.0)]
    home.wait(5.0, feeling=0.5)
    assert home.decided == ["up"]


def test_priority_then_the_newer_wins_and_the_loser_waits_for_its_turn(clock: ManualClock) -> None:
    rules: Rules = {
        "low": {"when": LOW, "priority": 40},
        "high": {"when": LOW, "priority": 60},
        "other_room": {"when": LOW, "room": "hall"},
    }
    home = house(clock, rules)
    home.feel(-0.5)
    assert home.decided == ["high"]
    assert home.held == [("low", "outranked", None)]
    home.feel(-0.6)
    assert home.decided == []


def test_when_the_higher_rule_ends_a_lower_one_that_still_holds_has_its_turn(
    clock: ManualClock,
) -> None:
    rules: Rules = {"film": {"when": MOVED, "priority": 80}, "soften": {"when": LOW}}
    home = house(clock, rules)
    home.sense(value=False)
    home.sense(value=True)
    home.feel(-0.5)
    assert home.decided == ["film"]
    assert home.held == [("soften", "outranked", None)]
    home.sense(value=False)
    home.wait(1.0, feeling=-0.5)
    assert home.decided == ["soften"]


def test_of_equals_the_one_that_became_true_later_wins(clock: ManualClock) -> None:
    rules: Rules = {"slow": {"when": LOW, "for_s": 10}, "enter": {"when": MOVED, "for_s": 5}}
    home = house(clock, rules)
    home.sense(value=False)
    home.feel(-0.5)
    home.wait(5.0, feeling=-0.5)
    home.sense(value=True)
    home.wait(5.0, step=5.0, feeling=-0.5)
    assert home.decided == ["enter"]
    assert home.held == [("slow", "outranked", None)]


def test_a_decision_that_is_answered_at_once_does_not_fire_twice(clock: ManualClock) -> None:
    rules: Rules = {"first": {"when": LOW, "priority": 60, "for_s": 1}, "then": {"when": MOVED}}
    home = house(clock, rules)

    def answer(decision: Decision) -> None:
        if decision.rule == "first":
            home.feel(0.5)  # which ends the first rule and lets the other have its turn

    home.recorder.bus.on(Decision, answer)
    home.sense(value=False)
    home.feel(-0.5)
    home.recorder.bus.publish(ManualChange(ROOM, DeviceId("mqtt:lamp"), clock.monotonic() - 3599.0))
    home.sense(value=True)
    home.wait(1.0, feeling=-0.5)
    assert home.decided == ["first", "then"]
