"""Pure policy: whether a rule's `when` holds, and what its `then` asks for. No state, no clock."""

from dataclasses import dataclass

from hub.decide.region import Truth, inside
from hub.mood.context import Facts
from hub.settings import ButtonIs, Rule, SensorIs, Then, When
from hub.types import Goal, MusicGoal, RestoreGoal, SceneGoal, Trigger
from models.types import MoodEstimate

Value = float | bool | str
"""What a device reports."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What one rule looks at; a part that it does not ask for may be None."""

    mood: MoodEstimate | None
    facts: Facts | None
    value: Value | None
    pressed: str | None = None
    """What is being done to the rule's button right now."""


def truth(when: When, situation: Situation, margin: float) -> Truth:
    """Say whether everything that a rule asks for holds; what is not known does not hold.

    `margin` is the hysteresis if the rule held until now, else 0.
    """
    if when.sensor is not None and not reports(when.sensor, situation.value):
        return Truth.NO
    if when.button is not None and not _presses(when.button, situation.pressed):
        return Truth.NO
    if not _facts_hold(when, situation.facts):
        return Truth.NO
    if when.mood is None:
        return Truth.YES
    if situation.mood is None:
        return Truth.NO
    return inside(when.mood, situation.mood, margin)


def reports(sensor: SensorIs, value: Value | None) -> bool:
    """Say whether a device's value is what the rule asks for.

    `is` compares for equality, words without regard to case; `above` and `below` compare numbers
    (true is 1, false is 0) and exclude the limit itself.
    """
    if value is None:
        return False
    if sensor.is_ is not None and _plain(value) != _plain(sensor.is_):
        return False
    if sensor.above is None and sensor.below is None:
        return True
    if isinstance(value, str):
        return False
    above = sensor.above is None or value > sensor.above
    return above and (sensor.below is None or value < sensor.below)


def _presses(button: ButtonIs, pressed: str | None) -> bool:
    return pressed is not None and button.action in {None, pressed}


def within(span: tuple[str, str], minutes: int) -> bool:
    """Say whether a minute of the day lies in `HH:MM` to `HH:MM`, the end excluded.

    A span that ends before it starts crosses midnight; one that ends where it starts is all day.
    """
    start, end = minute_of(span[0]), minute_of(span[1])
    if start < end:
        return start <= minutes < end
    return minutes >= start or minutes < end


def minute_of(clock: str) -> int:
    """Return the minute of the day that `HH:MM` names."""
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)


def goal_of(then: Then) -> Goal:
    """Return what a rule asks for. The configuration has made sure that it is exactly one thing."""
    if then.scene is not None:
        return SceneGoal(then.scene)
    if then.music is not None:
        return MusicGoal(then.music.valence, then.music.energy, then.music.volume)
    return RestoreGoal()


def trigger_of(rule: Rule) -> Trigger:
    """Return what a rule answers to: a hand before the mood before the sensor before the clock."""
    if rule.when.button is not None:
        return Trigger.PERSON
    if rule.when.mood is not None:
        return Trigger.MOOD
    return Trigger.SENSOR if rule.when.sensor is not None else Trigger.TIME


def asks_facts(when: When) -> bool:
    """Say whether a rule needs to know the hour, the sun or who is there."""
    return not (when.between is None and when.sun is None and when.presence is None)


def _facts_hold(when: When, facts: Facts | None) -> bool:
    if not asks_facts(when):
        return True
    if facts is None:
        return False
    if when.between is not None and not within(when.between, facts.minutes):
        return False
    if when.sun is not None and facts.sun_up is not (when.sun == "up"):
        return False
    return when.presence is None or facts.presence is when.presence


def _plain(value: Value) -> Value:
    return value.strip().lower() if isinstance(value, str) else value
