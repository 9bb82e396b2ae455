from dataclasses import replace

from drivers.types import DeviceId, Outcome, SetLight, Status
from hub.bus import Bus
from hub.clock import ManualClock
from hub.counters import REMEMBERED, Counters
from hub.history import KEPT, Recent
from hub.types import (
    Acted,
    Decision,
    Held,
    Mood,
    RoomId,
    SceneGoal,
    SenseChanged,
    Sensed,
    SenseState,
    SourceId,
    Trigger,
)
from models.types import Affect, Emotion, MoodEstimate, Reading, Sense

DEN = RoomId("den")


def fail(where: str, err: Exception) -> None:
    raise AssertionError(where) from err


def sensed(clock: ManualClock, sense: Sense = Sense.FACE) -> Sensed:
    reading = Reading(sense, Affect(0, 0, 0.1, 0.1), (), 1.0, "m")
    return Sensed(reading, SourceId("s"), DEN, None, 1, clock.monotonic())


def mood(number: int, clock: ManualClock) -> Mood:
    estimate = MoodEstimate(0, 0, Emotion.NEUTRAL, 0.9, {Sense.FACE: 1.0}, 0)
    return Mood(number, DEN, None, estimate, clock.monotonic())


def decision(number: int, mood_id: int | None, clock: ManualClock) -> Decision:
    at = clock.monotonic()
    return Decision(
        number, DEN, "r", SceneGoal("s"), Trigger.MOOD, "because", 0.9, mood_id, at, at + 9
    )


def acted(number: int | None, clock: ManualClock, status: Status = Status.DONE) -> Acted:
    command = SetLight(DeviceId("mqtt:l"), on=True)
    return Acted(number, Outcome(command, status, "", 1.0), clock.monotonic())


def test_latency_runs_from_the_frame_to_the_outcome(clock: ManualClock) -> None:
    bus = Bus(fail)
    counters = Counters(bus, clock, clock.monotonic() - 2.0)
    assert counters.camera_to_command_ms() == {"p50": None, "p95": None}
    bus.publish(sensed(clock))
    clock.advance(0.03)
    bus.publish(mood(7, clock))
    bus.publish(decision(3, 7, clock))
    clock.advance(0.02)
    bus.publish(acted(3, clock))
    assert counters.camera_to_command_ms() == {"p50": 50.0, "p95": 50.0}
    assert counters.first_mood_s == 2.03
    assert counters.first_action_s == 2.05
    assert (counters.readings, counters.moods, counters.decisions, counters.commands) == (
        1,
        1,
        1,
        1,
    )


def test_what_has_no_frame_or_failed_is_not_timed(clock: ManualClock) -> None:
    bus = Bus(fail)
    counters = Counters(bus, clock, clock.monotonic())
    bus.publish(sensed(clock, Sense.TEXT))
    bus.publish(mood(1, clock))
    bus.publish(decision(1, 1, clock))
    for number in (1, None, 99):
        bus.publish(acted(number, clock))
    bus.publish(sensed(clock))
    bus.publish(replace(decision(2, None, clock), trigger=Trigger.SENSOR))
    bus.publish(acted(2, clock))
    bus.publish(decision(4, 2, clock))
    bus.publish(acted(4, clock, Status.TIMEOUT))
    assert counters.camera_to_command_ms()["p50"] is None
    assert counters.outcomes == {"done": 4, "timeout": 1}


def test_only_so_many_decisions_are_remembered(clock: ManualClock) -> None:
    bus = Bus(fail)
    counters = Counters(bus, clock, clock.monotonic())
    bus.publish(sensed(clock))
    for number in range(REMEMBERED + 50):
        bus.publish(decision(number, 1, clock))
    bus.publish(acted(0, clock))
    assert counters.camera_to_command_ms()["p50"] is None
    assert counters.decisions == REMEMBERED + 50


def test_the_newest_decisions_come_first_with_their_outcomes(clock: ManualClock) -> None:
    bus = Bus(fail)
    recent = Recent(bus)
    assert recent.decisions(DEN) == ()
    assert recent.last_decision(DEN) is None
    for number in range(KEPT + 5):
        bus.publish(decision(number, None, clock))
    bus.publish(Held(DEN, "r", "cooldown", None, clock.monotonic()))
    for decided in (0, KEPT + 4, None):
        bus.publish(acted(decided, clock))
    bus.publish(acted(KEPT + 4, clock, Status.FAILED))
    newest, last, *rest = recent.decisions(DEN)
    assert isinstance(newest.event, Held)
    assert newest.outcomes == ()
    assert last.outcomes == ("done", "failed")
    assert len(rest) == KEPT - 2
    found = recent.last_decision(DEN)
    assert found is not None
    assert found.id == KEPT + 4


def test_sense_states_are_the_last_told(clock: ManualClock) -> None:
    bus = Bus(fail)
    recent = Recent(bus)
    for state in (SenseState.STARTING, SenseState.ON):
        bus.publish(SenseChanged(SourceId("camera:c"), DEN, Sense.FACE, state, "", 0.0))
    assert recent.senses[SourceId("camera:c")].state is SenseState.ON
