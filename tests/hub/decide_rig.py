"""A decider in a house of which the test says all there is to know."""

from collections.abc import Callable
from typing import Any

from drivers.types import Device, DeviceId, DeviceState
from hub.clock import ManualClock
from hub.decide.engine import Decider
from hub.mood.context import Facts
from hub.settings import Settings
from hub.types import (
    Decision,
    DeviceChanged,
    Held,
    Mood,
    PersonId,
)
from models.types import Emotion, MoodEstimate, Sense
from tests.hub.mood_helpers import ROOM, Recorder

MOTION = DeviceId("mqtt:motion")
LOW = {"mood": {"valence": [-1.0, -0.2], "confidence": 0.5}}
Rules = dict[str, dict[str, Any]]
MOVED = {"sensor": {"device": MOTION, "kind": "occupancy", "is": True}}


def settings(rules: Rules, **guards: Any) -> Settings:
    defaults: dict[str, Any] = {"room": "den", "then": {"scene": "soft"}, "cooldown_s": 0}
    return Settings.model_validate(
        {
            "rooms": {"den": {"name": "Den"}, "hall": {}},
            "people": {"ada": {"name": "Ada"}},
            "scenes": {"soft": {"lights": {"level": 0.3}}, "bright": {"lights": {"level": 1.0}}},
            "rules": {name: defaults | rule for name, rule in rules.items()},
            "guards": {"min_change_interval_s": 0, **guards},
        }
    )


class House:
    """A decider with a clock that stands still, devices and facts that the test sets."""

    def __init__(
        self,
        clock: ManualClock,
        configured: Settings,
        more: Callable[[str], bool] = lambda _: False,
    ) -> None:
        self.clock = clock
        self.recorder = Recorder(Decision, Held)
        self.facts = Facts(12 * 60, sun_up=True, presence=None)
        self.devices: dict[DeviceId, Device] = {}
        self.decider = Decider(
            configured,
            self.recorder.bus,
            clock,
            lambda _: self.facts,
            self.devices.get,
            more=more,
        )

    @property
    def decided(self) -> list[str]:
        """The rules that fired since the last look."""
        return [decision.rule for decision in self.take()]

    def take(self) -> list[Decision]:
        return self.recorder.take(Decision)

    @property
    def held(self) -> list[tuple[str, str, float | None]]:
        """Every Held so far: rule, guard, seconds from now to its end."""
        now = self.clock.monotonic()
        return [
            (h.rule, h.guard, None if h.until is None else h.until - now)
            for h in self.recorder.of(Held)
        ]

    def feel(
        self, valence: float, confidence: float = 0.9, person: PersonId | None = None, **more: Any
    ) -> None:
        estimate = MoodEstimate(valence, 0.0, Emotion.SADNESS, confidence, {Sense.VOICE: 1.0}, 0.0)
        self.recorder.bus.publish(
            Mood(7, more.get("room", ROOM), person, estimate, self.clock.monotonic())
        )

    def sense(
        self, value: float | bool | str | None, device: DeviceId = MOTION, **more: Any
    ) -> None:
        values = {} if value is None else {"occupancy": value}
        before = self.devices.get(device)
        after = Device(device, "Motion", "mqtt", (), DeviceState(values=values), **more)
        self.devices[device] = after
        self.recorder.bus.publish(DeviceChanged(after, before, self.clock.monotonic()))

    def wait(self, seconds: float, step: float = 1.0, feeling: float | None = None) -> None:
        """Let time pass in steps, the mood repeated if given."""
        end = self.clock.monotonic() + seconds
        while (left := end - self.clock.monotonic()) > 1e-9:
            self.clock.advance(min(step, left))
            if feeling is not None:
                self.feel(feeling)
            self.decider.tick()


def house(clock: ManualClock, rules: Rules, **guards: Any) -> House:
    return House(clock, settings(rules, **guards))
