"""When a rule fires: buttons, edges, dwell."""

from drivers.types import DeviceId
from hub.clock import ManualClock
from hub.decide.known import MOOD_LASTS_S
from hub.mood.context import Facts
from hub.types import (
    ButtonPressed,
    DeviceGone,
    ManualChange,
    PersonId,
    RestoreGoal,
    SceneGoal,
    Trigger,
)
from tests.hub.decide_rig import LOW, MOTION, MOVED, House, Rules, house, settings
from tests.hub.mood_helpers import ADA, HALL, ROOM

REMOTE = DeviceId("zigbee:remote")


def press(home: House, action: str, device: DeviceId = REMOTE) -> None:
    home.recorder.bus.publish(ButtonPressed(device, action, home.clock.monotonic()))


def test_a_button_fires_with_every_press_of_its_word(clock: ManualClock) -> None:
    button = {"when": {"button": {"device": REMOTE, "action": "single"}}}
    any_word = {"when": {"button": {"device": REMOTE}}, "then": {"scene": "bright"}}
    home = house(clock, {"one": button, "any": any_word})
    home.decider.tick()
    press(home, "single")
    press(home, "hold")
    press(home, "single", DeviceId("zigbee:other"))
    first, second, third = home.take()
    assert (first.rule, second.rule, third.rule) == ("one", "any", "any")
    assert first.trigger is Trigger.PERSON
    assert "because somebody pressed a button (rule one)" in first.because
    home.wait(10)
    assert home.decided == []


def test_a_press_needs_the_rest_and_is_held_by_no_guard(clock: ManualClock) -> None:
    when = {**MOVED, "button": {"device": REMOTE}}
    rules: Rules = {"lit": {"when": when, "cooldown_s": 600}}
    home = house(clock, rules, quiet_hours=["00:00", "23:59"])
    press(home, "single")
    assert home.decided == []
    home.sense(True)
    assert home.decided == []
    home.recorder.bus.publish(ManualChange(ROOM, MOTION, home.clock.monotonic()))
    press(home, "single")
    press(home, "single")
    assert home.decided == ["lit", "lit"]
    assert home.held == []
    home.decider.reload(settings({}))
    press(home, "single")
    assert home.decided == []


def test_a_mood_rule_fires_once_when_it_becomes_true(clock: ManualClock) -> None:
    home = house(clock, {"soften": {"when": LOW}})
    home.feel(0.5)
    assert home.decided == []
    home.feel(-0.5, 0.81)
    (decision,) = home.take()
    assert decision.goal == SceneGoal("soft")
    assert (decision.id, decision.mood_id, decision.trigger) == (1, 7, Trigger.MOOD)
    assert (decision.room, decision.confidence) == (ROOM, 0.81)
    assert decision.at == clock.monotonic() < decision.expires_at
    assert "seems low there (very sure, 81%)" in decision.because
    for _ in range(50):
        home.feel(-0.6)
        home.wait(1.0)
    assert home.decided == []
    home.feel(0.5)
    home.feel(-0.5)
    assert [d.id for d in home.take()] == [2]


def test_a_rule_that_is_off_does_nothing_until_it_is_on_again(clock: ManualClock) -> None:
    house = House(clock, settings({"soften": {"when": LOW, "enabled": False}}))
    house.feel(-0.5)
    assert house.decided == []
    house.decider.reload(settings({"soften": {"when": LOW}}))
    house.feel(-0.5)
    assert house.decided == ["soften"]
    house.decider.reload(settings({"soften": {"when": LOW, "enabled": False}}))
    house.feel(0.5)
    house.feel(-0.5)
    assert house.decided == []


def test_hysteresis_keeps_a_mood_at_the_edge_from_flickering(clock: ManualClock) -> None:
    home = house(clock, {"soften": {"when": LOW}}, hysteresis=0.1)
    for valence in (-0.21, -0.15, -0.21, -0.12, -0.25):
        home.feel(valence)
    assert home.decided == ["soften"]
    home.feel(-0.05)
    home.feel(-0.15)
    assert home.decided == []
    home.feel(-0.21)
    assert home.decided == ["soften"]


def test_dwell_counts_only_unbroken_time(clock: ManualClock) -> None:
    home = house(clock, {"soften": {"when": LOW, "for_s": 60}})
    home.feel(-0.5)
    home.wait(59.0, feeling=-0.5)
    home.feel(0.5)
    home.feel(-0.5)
    home.wait(59.0, feeling=-0.5)
    assert home.decided == []
    home.wait(1.0, feeling=-0.5)
    assert home.decided == ["soften"]


def test_a_mood_that_is_no_longer_repeated_has_ended(clock: ManualClock) -> None:
    home = house(clock, {"soften": {"when": LOW, "for_s": 60}})
    home.feel(-0.5)
    home.wait(MOOD_LASTS_S + 50.0)
    assert home.decided == []
    home.feel(-0.5)
    assert home.decided == []


def test_a_rule_about_a_person_looks_at_that_persons_mood_alone(clock: ManualClock) -> None:
    home = house(clock, {"for_ada": {"when": LOW | {"person": "ada"}}})
    home.feel(-0.5)
    home.feel(-0.5, person=PersonId("bo"))
    home.feel(-0.5, person=ADA, room=HALL)
    assert home.decided == []
    home.feel(-0.5, person=ADA)
    assert home.decided == ["for_ada"]


def test_a_sensor_rule_fires_on_the_change_that_makes_it_true(clock: ManualClock) -> None:
    home = house(clock, {"enter": {"when": MOVED}})
    home.sense(value=False)
    home.sense(value=True)
    (decision,) = home.take()
    assert (decision.trigger, decision.confidence, decision.mood_id) == (Trigger.SENSOR, 1.0, None)
    assert "Motion reports occupancy yes" in decision.because
    home.sense(value=True)
    home.wait(10.0)
    assert home.decided == []
    home.sense(value=False)
    home.sense(value=True)
    assert home.decided == ["enter"]


def test_a_known_device_that_speaks_for_the_first_time_counts_as_a_change(
    clock: ManualClock,
) -> None:
    home = house(clock, {"enter": {"when": MOVED}})
    home.decider.tick()
    home.sense(None)
    home.sense(value=True)
    assert home.decided == ["enter"]


def test_how_things_are_found_is_no_change(clock: ManualClock) -> None:
    home = house(clock, {"enter": {"when": MOVED}, "day": {"when": {"sun": "up"}, "room": "hall"}})
    home.decider.tick()
    home.sense(value=True)
    home.wait(5.0)
    assert home.decided == []
    home.facts = Facts(0, sun_up=False, presence=None)
    home.sense(value=False)
    home.wait(5.0)
    home.facts = Facts(0, sun_up=True, presence=None)
    home.sense(value=True)
    home.wait(5.0)
    assert sorted(home.decided) == ["day", "enter"]


def test_a_sensor_that_drops_out_and_returns_as_it_was_changes_nothing(clock: ManualClock) -> None:
    home = house(clock, {"enter": {"when": MOVED}})
    home.sense(value=False)
    home.sense(value=True)
    home.sense(value=True, available=False)
    home.sense(None, available=False)
    home.sense(value=True)
    assert home.decided == ["enter"]
    home.recorder.bus.publish(DeviceGone(MOTION, clock.monotonic()))
    del home.devices[MOTION]
    home.wait(1.0)
    home.sense(value=True)
    assert home.decided == []


def test_a_device_that_left_ends_the_rule(clock: ManualClock) -> None:
    home = house(clock, {"enter": {"when": MOVED, "for_s": 10}})
    home.sense(value=False)
    home.sense(value=True)
    del home.devices[MOTION]
    home.recorder.bus.publish(DeviceGone(MOTION, clock.monotonic()))
    home.wait(20.0)
    assert home.decided == []


def test_numbers_and_dwell(clock: ManualClock) -> None:
    hot = {"sensor": {"device": MOTION, "kind": "occupancy", "above": 25}}
    home = house(clock, {"cool": {"when": hot, "for_s": 5}})
    home.sense(20.0)
    for value in (25.5, 26.0, 27.0):
        home.sense(value)
        home.wait(2.0)
    assert home.decided == ["cool"]


def test_the_hour_and_the_sun_fire_by_themselves(clock: ManualClock) -> None:
    evening = {"between": ["18:00", "23:00"], "sun": "down"}
    home = house(clock, {"evening": {"when": evening}})
    home.decider.tick()
    home.facts = Facts(18 * 60, sun_up=True, presence=None)
    home.wait(1.0)
    assert home.decided == []
    home.facts = Facts(18 * 60 + 30, sun_up=False, presence=None)
    home.wait(1.0)
    (decision,) = home.take()
    assert decision.trigger is Trigger.TIME
    assert "18:30" in decision.because


def test_presence_fires_in_the_turn_in_which_a_sensor_tells_it(clock: ManualClock) -> None:
    home = house(clock, {"leave": {"when": {"presence": False}, "then": {"restore": True}}})
    home.facts = Facts(0, None, presence=True)
    home.decider.tick()
    home.facts = Facts(0, None, presence=False)
    home.sense(value=False, device=DeviceId("mqtt:radar"))
    (decision,) = home.take()
    assert decision.goal == RestoreGoal()
