"""What is known of the things that rules ask for: moods, sensor values, the hour and who is there.

Whatever has ended, is gone or was never said is None, and what is not known does not hold.
"""

from collections.abc import Callable

from drivers.types import Device, DeviceId
from hub.decide.policy import Situation, Value
from hub.decide.state import RuleState
from hub.mood.context import Facts
from hub.types import Mood, PersonId, RoomId
from models.types import MoodEstimate

MOOD_LASTS_S = 20.0
"""A mood is repeated at least every 5 s; one that is not has ended with its engine."""


class Known:
    """The newest mood of each room and person, beside what others know of rooms and devices."""

    def __init__(
        self,
        facts: Callable[[RoomId], Facts],
        devices: Callable[[DeviceId], Device | None],
    ) -> None:
        self._facts = facts
        self._devices = devices
        self._moods: dict[tuple[RoomId, PersonId | None], Mood] = {}

    def note(self, mood: Mood) -> None:
        """Take in the newest mood of a room or of a person in it."""
        self._moods[mood.room, mood.person] = mood

    def situation(self, state: RuleState, now: float) -> Situation:
        """Return what a rule looks at, as of now."""
        return Situation(
            mood=self.estimate(state, now), facts=self.facts(state), value=self.value(state)
        )

    def mood(self, state: RuleState, now: float) -> Mood | None:
        """Return the mood that a rule asks for; None once it was not repeated for too long."""
        if state.rule.when.mood is None:
            return None
        person = state.rule.when.person
        mood = self._moods.get((state.room, None if person is None else PersonId(person)))
        return mood if mood is not None and now - mood.at <= MOOD_LASTS_S else None

    def estimate(self, state: RuleState, now: float) -> MoodEstimate | None:
        """Return the estimate of that mood."""
        mood = self.mood(state, now)
        return None if mood is None else mood.estimate

    def facts(self, state: RuleState) -> Facts | None:
        """Return the facts of a rule's room; None if it asks for none."""
        return self._facts(state.room) if state.asks_facts else None

    def value(self, state: RuleState) -> Value | None:
        """Return the value of the sensor that a rule asks for."""
        sensor = state.rule.when.sensor
        device = None if sensor is None else self._devices(DeviceId(sensor.device))
        if sensor is None or device is None:
            return None
        return device.state.values.get(sensor.kind)

    def source_name(self, state: RuleState) -> str:
        """Return what people call the sensor or button that a rule answers to; empty without."""
        source = state.rule.when.sensor or state.rule.when.button
        device = None if source is None else self._devices(DeviceId(source.device))
        return "" if device is None else device.name or device.id
