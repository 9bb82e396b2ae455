"""Counts what happened since the start: the summary of a run and part of its health."""

import asyncio
from collections import OrderedDict, deque

from drivers.types import Status
from hub.bus import Bus
from hub.clock import Clock
from hub.types import Acted, Decision, Mood, RoomId, Sensed, Trigger
from models.types import Sense

REMEMBERED = 256
"""Decisions that may still lead to a command; older ones are forgotten."""


class Counters:
    """Listens to the bus.

    `started` is the clock's time when the process began, so that "seconds to the first mood" hold
    all that a user waits for.
    """

    def __init__(self, bus: Bus, clock: Clock, started: float) -> None:
        self.readings = 0
        self.moods = 0
        self.decisions = 0
        self.commands = 0
        self.outcomes: dict[str, int] = {}
        self.first_mood_s: float | None = None
        self.first_action_s: float | None = None
        self.acted = asyncio.Event()
        """Set once the first command is done."""
        self._clock = clock
        self._started = started
        self._latest_face: dict[RoomId, float] = {}
        self._decided: OrderedDict[int, float] = OrderedDict()
        self._latencies_ms: deque[float] = deque(maxlen=10_000)
        bus.on(Sensed, self._sensed)
        bus.on(Mood, self._mood)
        bus.on(Decision, self._decision)
        bus.on(Acted, self._acted)

    def camera_to_command_ms(self) -> dict[str, float | None]:
        """Return median and 95th percentile; None without a sample.

        From the capture of the newest frame with a face when a mood led to a decision, to its
        command's outcome; for how long the rule had to hold before does not count.
        """
        values = sorted(self._latencies_ms)
        return {
            "p50": _percentile(values, 0.50),
            "p95": _percentile(values, 0.95),
        }

    def _sensed(self, event: Sensed) -> None:
        self.readings += 1
        if event.reading.sense is Sense.FACE:
            self._latest_face[event.room] = event.at

    def _mood(self, _event: Mood) -> None:
        self.moods += 1
        if self.first_mood_s is None:
            self.first_mood_s = round(self._clock.monotonic() - self._started, 2)

    def _decision(self, event: Decision) -> None:
        self.decisions += 1
        captured = self._latest_face.get(event.room)
        if captured is not None and event.trigger is Trigger.MOOD:
            _remember(self._decided, event.id, captured)

    def _acted(self, event: Acted) -> None:
        self.commands += 1
        status = event.outcome.status
        self.outcomes[status.value] = self.outcomes.get(status.value, 0) + 1
        if status is not Status.DONE:
            return
        if self.first_action_s is None:
            self.first_action_s = round(self._clock.monotonic() - self._started, 2)
            self.acted.set()
        captured = self._decided.get(event.decision_id) if event.decision_id is not None else None
        if captured is not None:
            self._latencies_ms.append((event.at - captured) * 1000)


def _remember(table: OrderedDict[int, float], key: int, value: float) -> None:
    table[key] = value
    while len(table) > REMEMBERED:
        table.popitem(last=False)


def _percentile(values: list[float], share: float) -> float | None:
    if not values:
        return None
    return round(values[min(len(values) - 1, int(share * len(values)))], 1)
