"""The pure parts: regions, sensors, spans of the day, goals, and the guards one by one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.decide.guards import Guard, Hold, Moment, RoomState, quiet_until, why_not
from hub.decide.policy import (
    Situation,
    Value,
    goal_of,
    minute_of,
    reports,
    trigger_of,
    truth,
    within,
)
from hub.decide.region import Truth, inside
from hub.decide.state import TELL_AGAIN_S, RuleState
from hub.mood.context import Facts
from hub.setting_types import MoodRegion
from hub.settings import Guards, MusicIntent, Rule, SensorIs, Then, When
from hub.types import MusicGoal, RestoreGoal, SceneGoal, Trigger
from models.types import Emotion, MoodEstimate, Sense
from tests.hub.mood_helpers import ROOM


def mood(
    valence: float = 0.0,
    arousal: float = 0.0,
    confidence: float = 0.9,
    label: Emotion = Emotion.NEUTRAL,
) -> MoodEstimate:
    return MoodEstimate(valence, arousal, label, confidence, {Sense.FACE: 1.0}, 0.0)


LOW = MoodRegion(valence=(-1.0, -0.2), arousal=(-1.0, 0.1), confidence=0.5)


@pytest.mark.parametrize(
    ("estimate", "margin", "expected"),
    [
        (mood(-0.5, -0.5), 0.0, Truth.YES),
        (mood(-0.2, 0.1), 0.0, Truth.YES),
        (mood(-0.19, 0.0), 0.0, Truth.NO),
        (mood(-0.15, 0.15), 0.08, Truth.YES),
        (mood(-0.11, 0.0), 0.08, Truth.NO),
        (mood(-0.5, 0.11), 0.0, Truth.NO),
        (mood(-0.5, 0.0, 0.5), 0.0, Truth.YES),
        (mood(-0.5, 0.0, 0.49), 0.0, Truth.UNSURE),
        (mood(-0.5, 0.0, 0.45), 0.08, Truth.YES),
        (MoodEstimate(-0.5, 0.0, Emotion.SADNESS, 0.9, {}, 0.0), 0.0, Truth.NO),
    ],
)
def test_regions_and_their_hysteresis(
    estimate: MoodEstimate, margin: float, expected: Truth
) -> None:
    assert inside(LOW, estimate, margin) is expected


def test_a_region_of_labels() -> None:
    region = MoodRegion(labels=(Emotion.ANGER, Emotion.FEAR))
    assert inside(region, mood(label=Emotion.FEAR), 0.0) is Truth.YES
    assert inside(region, mood(label=Emotion.SADNESS), 0.3) is Truth.NO


@pytest.mark.parametrize(
    ("asked", "value", "expected"),
    [
        ({"is": True}, True, True),
        ({"is": True}, False, False),
        ({"is": True}, 1, True),
        ({"is": "Open"}, " open ", True),
        ({"is": "open"}, "closed", False),
        ({"is": "open"}, True, False),
        ({"is": 21.5}, 21.5, True),
        ({"is": 0.0}, 0, True),
        ({"above": 20}, 20.1, True),
        ({"above": 20}, 20, False),
        ({"below": 20}, 19.9, True),
        ({"below": 20}, 20, False),
        ({"above": 10, "below": 20}, 15, True),
        ({"above": 10, "below": 20}, 25, False),
        ({"above": 0.5}, True, True),
        ({"above": 0}, "12", False),
        ({"above": 20}, float("nan"), False),
        ({"is": True}, None, False),
    ],
)
def test_what_a_sensor_reports(
    asked: dict[str, Value], value: Value | None, expected: bool
) -> None:
    sensor = SensorIs.model_validate({"device": "mqtt:x", "kind": "k", **asked})
    assert reports(sensor, value) is expected


@pytest.mark.parametrize(
    ("span", "inside_", "outside"),
    [
        (("08:00", "17:30"), ("08:00", "17:29"), ("07:59", "17:30")),
        (("23:00", "07:00"), ("23:00", "00:00", "06:59"), ("07:00", "22:59")),
        (("00:00", "00:00"), ("00:00", "12:00", "23:59"), ()),
    ],
)
def test_spans_of_the_day(
    span: tuple[str, str], inside_: tuple[str, ...], outside: tuple[str, ...]
) -> None:
    assert all(within(span, minute_of(clock)) for clock in inside_)
    assert not any(within(span, minute_of(clock)) for clock in outside)


clocks = st.builds("{:02d}:{:02d}".format, st.integers(0, 23), st.integers(0, 59))


@given(clocks, clocks, st.integers(0, 1439))
def test_a_span_and_the_rest_of_the_day_share_no_minute(start: str, end: str, minutes: int) -> None:
    if start != end:
        assert within((start, end), minutes) is not within((end, start), minutes)


@given(clocks, clocks, st.integers(0, 1439), st.integers(0, 59))
def test_quiet_hours_end_exactly_at_their_end(
    start: str, end: str, minutes: int, seconds: int
) -> None:
    until = quiet_until((start, end), Moment(1000.0, minutes, seconds))
    if until is None:
        assert not within((start, end), minutes)
    else:
        passed = minutes * 60 + seconds + (until - 1000.0)
        assert passed % 86_400 == minute_of(end) * 60
        assert 0.0 < until - 1000.0 <= 86_400.0


NIGHT = Facts(minutes=minute_of("23:30"), sun_up=False, presence=None)


@pytest.mark.parametrize(
    ("when", "facts", "expected"),
    [
        (When(between=("22:00", "06:00")), NIGHT, Truth.YES),
        (When(between=("06:00", "22:00")), NIGHT, Truth.NO),
        (When(sun="down"), NIGHT, Truth.YES),
        (When(sun="up"), NIGHT, Truth.NO),
        (When(sun="down"), Facts(0, None, None), Truth.NO),
        (When(sun="up"), Facts(0, None, None), Truth.NO),
        (When(presence=False), NIGHT, Truth.NO),
        (When(presence=False), Facts(0, None, presence=False), Truth.YES),
        (When(presence=True), Facts(0, None, presence=True), Truth.YES),
        (When(presence=True), Facts(0, None, presence=False), Truth.NO),
        (When(sun="down"), None, Truth.NO),
        (When(mood=LOW), NIGHT, Truth.NO),
    ],
)
def test_what_is_not_known_does_not_hold(when: When, facts: Facts | None, expected: Truth) -> None:
    assert truth(when, Situation(None, facts, None), 0.0) is expected


def test_everything_that_is_given_must_hold() -> None:
    when = When.model_validate(
        {
            "mood": {"valence": [-1, 0]},
            "sensor": {"device": "mqtt:x", "kind": "k", "is": True},
            "sun": "down",
        }
    )
    full = Situation(mood(-0.5), NIGHT, value=True)
    assert truth(when, full, 0.0) is Truth.YES
    for missing in (
        Situation(mood(0.5), NIGHT, value=True),
        Situation(mood(-0.5), Facts(0, sun_up=True, presence=None), value=True),
        Situation(mood(-0.5), NIGHT, value=False),
    ):
        assert truth(when, missing, 0.0) is Truth.NO
    assert truth(when, Situation(mood(-0.5, confidence=0.3), NIGHT, value=True), 0.0) is (
        Truth.UNSURE
    )


def test_goals_and_triggers() -> None:
    music = Then(music=MusicIntent(valence=0.5, energy=-0.5))
    assert goal_of(Then(scene="soft")) == SceneGoal("soft")
    assert goal_of(music) == MusicGoal(0.5, -0.5, None)
    assert goal_of(Then(restore=True)) == RestoreGoal()
    sensor = SensorIs(device="mqtt:x", kind="k")
    for when, trigger in (
        (When(mood=LOW, sensor=sensor), Trigger.MOOD),
        (When(sensor=sensor, sun="up"), Trigger.SENSOR),
        (When(presence=True), Trigger.TIME),
    ):
        assert trigger_of(Rule(room=ROOM, when=when, then=music)) is trigger


# Guards ------------------------------------------------------------------------------------


def due(priority: int = 50, since: float = 900.0, **more: object) -> RuleState:
    rule = Rule.model_validate(
        {"room": ROOM, "when": {"mood": {}}, "then": {"restore": True}, "priority": priority} | more
    )
    return RuleState("r", rule, ROOM, truth=Truth.YES, since=since)


NOON = Moment(1000.0, 12 * 60, 0)
GUARDS = Guards(confidence_floor=0.35)


def verdict(
    state: RuleState,
    room: RoomState | None = None,
    estimate: MoodEstimate | None = None,
    guards: Guards = GUARDS,
) -> Hold | None:
    return why_not(state, room or RoomState(), estimate or mood(), guards, NOON)


def test_nothing_speaks_against_a_plain_due_rule() -> None:
    assert verdict(due()) is None


def test_a_hand_on_a_switch_wins() -> None:
    assert verdict(due(), RoomState(hands_off_until=1001.0)) == Hold(Guard.MANUAL_OVERRIDE, 1001.0)
    assert verdict(due(), RoomState(hands_off_until=1000.0)) is None


def test_quiet_hours_hold_rules_that_do_not_say_otherwise() -> None:
    quiet = GUARDS.model_copy(update={"quiet_hours": ("11:00", "12:30")})
    assert verdict(due(), guards=quiet) == Hold(Guard.QUIET_HOURS, 1000.0 + 1800.0)
    assert verdict(due(in_quiet_hours=True), guards=quiet) is None


def test_a_rule_cools_down() -> None:
    state = due(cooldown_s=60)
    state.fired_at = 941.0
    assert verdict(state) == Hold(Guard.COOLDOWN, 1001.0)
    state.fired_at = 940.0
    assert verdict(state) is None


@pytest.mark.parametrize(
    ("priority", "since", "fired", "held"),
    [
        (60, 100.0, True, True),
        (60, 100.0, False, False),
        (50, 950.0, True, True),
        (50, 850.0, True, False),
        (40, 950.0, True, False),
    ],
)
def test_a_rule_that_fired_and_holds_outranks_lower_and_older_ones(
    priority: int, since: float, fired: bool, held: bool
) -> None:
    other = due(priority, since)
    other.spent, other.fired = True, fired
    mine = due()
    room = RoomState(rules=[mine, other])
    assert verdict(mine, room) == (Hold(Guard.OUTRANKED, None) if held else None)
    other.see(Truth.NO, 999.0, as_found=False)
    assert verdict(mine, room) is None


def test_no_rule_lifts_the_confidence_floor() -> None:
    assert verdict(due(), estimate=mood(confidence=0.34)) == Hold(Guard.CONFIDENCE, None)
    assert verdict(due(), estimate=mood(confidence=0.35)) is None
    assert why_not(due(), RoomState(), None, GUARDS, NOON) == Hold(Guard.CONFIDENCE, None)


def test_moods_change_a_room_only_so_often_but_sensors_are_free_to() -> None:
    room = RoomState(mood_changed_at=999.5)
    assert verdict(due(), room) == Hold(Guard.MIN_CHANGE_INTERVAL, 1000.5)
    assert verdict(due(), RoomState(mood_changed_at=999.0)) is None
    assert verdict(due(when={"presence": True}), room) is None


def test_a_no_is_told_once_until_it_ends_or_another_guard_says_it() -> None:
    state = due()
    assert state.hold("cooldown", 1100.0, 1000.0)
    assert not state.hold("cooldown", 1100.0, 1099.0)
    assert state.hold("quiet_hours", None, 1099.0)
    assert not state.hold("quiet_hours", None, 1099.0 + TELL_AGAIN_S - 1.0)
    assert state.hold("quiet_hours", None, 1099.0 + TELL_AGAIN_S)
    state.fire(2000.0)
    assert state.hold("quiet_hours", None, 2000.0)
