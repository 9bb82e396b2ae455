"""What a rule would have done: the real decider on a clock that runs through stored history.

Moods, sensor values and hands on switches are published again as they were stored; the guards of
today apply. Between two stored moods, at most a minute apart, the first one is taken to last.
Nothing is carried out. Pure, and some seconds of work for a busy week: call it in a thread.
"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

from drivers.types import Device, DeviceId, DeviceState
from hub.act.devices import Devices
from hub.bus import Bus
from hub.decide.engine import Decider
from hub.mood.context import Surroundings
from hub.settings import Rule, Settings
from hub.store.records import DeviceRecord, MoodRecord
from hub.types import Decision, Held, ManualChange, Mood, RoomId
from models.types import MoodEstimate

LASTS_S = 60.0
"""A stored mood counts until the next, at most this long; see hub.store.rollups."""
AGAIN_S = 5.0
BREATHE_EVERY = 500
RULE = "dry_run"


@dataclass(frozen=True, slots=True)
class Would:
    """One time that the rule would have acted, or would have been held back by a guard."""

    at_ms: int
    because: str
    guard: str


class ReplayClock:
    """See hub.clock.Clock; stands where it is put."""

    def __init__(self, zone: str, at_ms: int) -> None:
        self._zone: tzinfo = UTC if zone == "UTC" else ZoneInfo(zone)
        self.now_s = at_ms / 1000

    def monotonic(self) -> float:
        """See Clock."""
        return self.now_s

    def wall(self) -> float:
        """See Clock."""
        return self.now_s

    def local(self) -> datetime:
        """See Clock."""
        return datetime.fromtimestamp(self.now_s, self._zone)


class Replay:
    """Runs one rule; make a new one for each run."""

    def __init__(self, settings: Settings, rule: Rule, start_ms: int) -> None:
        asked = rule.model_copy(update={"enabled": True})  # what is off can be asked about too
        settings = settings.model_copy(update={"rules": {RULE: asked}})
        self._clock = ReplayClock(settings.home.timezone, start_ms)
        self._bus = Bus(_raise)
        self._devices = Devices(settings, self._bus, self._clock)
        facts = Surroundings(settings, self._bus, self._clock).facts
        self._decider = Decider(settings, self._bus, self._clock, facts, self._devices.get)
        self._found: list[Would] = []
        self._bus.on(Decision, self._decided)
        self._bus.on(Held, self._held)
        self._last: dict[tuple[str, str | None], Mood] = {}

    def run(
        self, moods: Sequence[MoodRecord], devices: Sequence[DeviceRecord]
    ) -> tuple[Would, ...]:
        """Return what would have been, oldest first. The records may be in any order."""
        events: list[MoodRecord | DeviceRecord] = sorted(
            (*moods, *devices), key=lambda record: record.at_ms
        )
        for number, event in enumerate(events):
            self._until(event.at_ms / 1000)
            match event:
                case MoodRecord():
                    self._mood(event)
                case DeviceRecord():
                    self._device(event)
            if number % BREATHE_EVERY == 0:
                time.sleep(0)  # the house's own thread comes first
        self._until(self._clock.now_s + LASTS_S)
        return tuple(self._found)

    def _until(self, end_s: float) -> None:
        """Let time pass: dwell ends, the sun sets, moods last and stop."""
        while self._clock.now_s < end_s:
            next_s = min(end_s, self._decider.next_look(), self._clock.now_s + AGAIN_S)
            if not self._last:
                next_s = end_s  # nothing says anything: only the clock can, and it is asked there
            self._clock.now_s = max(next_s, self._clock.now_s + 0.01)
            for key, mood in list(self._last.items()):
                if self._clock.now_s - mood.at > LASTS_S:
                    del self._last[key]
                elif self._clock.now_s < end_s:
                    self._bus.publish(_at(mood, self._clock.now_s))
            self._decider.tick()

    def _mood(self, record: MoodRecord) -> None:
        estimate = MoodEstimate(
            valence=record.valence,
            arousal=record.arousal,
            label=record.label,
            confidence=record.confidence,
            disagreement=record.disagreement,
            weights=record.weights,
        )
        mood = Mood(record.id, record.room, record.person, estimate, self._clock.now_s)
        self._last[record.room, record.person] = mood
        self._bus.publish(mood)

    def _device(self, record: DeviceRecord) -> None:
        if record.what == "manual" and record.room is not None:
            self._bus.publish(ManualChange(record.room, record.device, self._clock.now_s))
            return
        values = record.state.get("values")
        if isinstance(values, dict):
            device = self._devices.get(record.device) or Device(
                record.device, record.device, record.device.partition(":")[0], (), room=record.room
            )
            self._devices.announce(device.now(DeviceState(values=values), available=True))

    def _decided(self, decision: Decision) -> None:
        self._found.append(Would(round(decision.at * 1000), decision.because, ""))

    def _held(self, held: Held) -> None:
        self._found.append(Would(round(held.at * 1000), "", held.guard))


def about(rule: Rule) -> tuple[RoomId, DeviceId | None]:
    """Return whose history a rule needs: its room's, and its sensor's."""
    sensor = rule.when.sensor
    return RoomId(rule.room), None if sensor is None else DeviceId(sensor.device)


def days(moods: Iterable[MoodRecord]) -> float:
    """Return over how many days there are moods."""
    times = [mood.at_ms for mood in moods]
    return 0.0 if not times else (max(times) - min(times)) / 86_400_000


def _at(mood: Mood, now_s: float) -> Mood:
    return Mood(mood.id, mood.room, mood.person, mood.estimate, now_s)


def _raise(where: str, err: Exception) -> None:
    raise RuntimeError(where) from err
