"""From readings to moods: one for every room, one for every person with readings of their own.

A room's mood is made of all its readings; a person's of their own and of those that are nobody's.
A reading is fused at once, together with whatever arrived in the same turn of the loop; between
readings a tick lets the mood decay. A mood is published

* at once when its label changes or it moves far (FAR),
* at most every SMALL_EVERY_S when it moves a little (NEAR),
* every STEADY_EVERY_S while there is evidence at all,
* one last time, at the baseline and without weights, when the evidence is gone.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from itertools import count

from hub.bus import Bus
from hub.clock import Clock
from hub.mood.baseline import Baselines
from hub.mood.pause import pause
from hub.mood.readings import Readings, half_lives
from hub.mood.views import SenseView, views
from hub.settings import Settings
from hub.supervisor import Service
from hub.types import Mood, PersonId, RoomId, SenseChanged, Sensed, SenseState
from models.fusion import CALIBRATION, Calibration, Evidence, fuse
from models.types import MoodEstimate, Reading, Sense

FAR = 0.1
NEAR = 0.02
"""Least change of valence, arousal or confidence."""

SMALL_EVERY_S = 0.5
STEADY_EVERY_S = 5.0
IDLE_BEAT_S = 5.0

Who = tuple[RoomId, PersonId | None]


class MoodEngine:
    """Listens to Sensed and SenseChanged on the bus and publishes Mood.

    `context` gives the weak prior of a room; it is asked only where a sense has said something,
    so it never makes a mood. `refused` counts readings that were not taken, by reason. Moods are
    numbered from `first_id` upwards.
    """

    def __init__(
        self,
        settings: Settings,
        bus: Bus,
        clock: Clock,
        context: Callable[[RoomId], Reading] | None = None,
        baselines: Baselines | None = None,
        calibration: Calibration = CALIBRATION,
        first_id: int = 1,
    ) -> None:
        self._tick_s = settings.mood.tick_s
        self._half_life_s = half_lives(settings.mood)
        self._bus = bus
        self._clock = clock
        self._context = context
        self._calibration = calibration
        self.baselines = baselines or Baselines(settings.people)
        self.refused: Counter[str] = Counter()
        self._rooms = {
            RoomId(name): Readings(self._half_life_s, self.refused) for name in settings.rooms
        }
        self._published: dict[Who, Mood] = {}
        self._ids = count(first_id)
        self._changed: set[RoomId] = set()
        self._awake = asyncio.Event()
        bus.on(Sensed, self._on_sensed)
        bus.on(SenseChanged, self._on_sense_changed)

    def current(self, room: RoomId, person: PersonId | None = None) -> Mood | None:
        """Return the mood as last published; None when nothing says anything."""
        return self._published.get((room, person))

    def senses(self, room: RoomId) -> tuple[SenseView, ...]:
        """Return what each source in a room says now, the weightiest first."""
        readings = self._rooms.get(room)
        if readings is None:
            return ()
        now = self._clock.monotonic()
        weights = self._fuse(readings, room, None, now).weights
        return views([(s, readings.evidence(s, now)) for s in readings], weights)

    async def run(self, service: Service) -> None:
        """Let moods decay until cancelled; costs nothing while there is no evidence."""
        service.healthy()
        while True:
            if any(self._rooms.values()):
                await asyncio.sleep(self._tick_s)
                self._update(self._rooms)
            else:
                self._awake.clear()
                await pause(self._awake, IDLE_BEAT_S)
            service.beat()

    def reload(self, settings: Settings) -> None:
        """Take over changed settings; what was sensed in rooms that remain is kept."""
        self._tick_s = settings.mood.tick_s
        self._half_life_s.update(half_lives(settings.mood))
        names = {RoomId(name) for name in settings.rooms}
        for room in [room for room in self._rooms if room not in names]:
            del self._rooms[room]
            self._published = {who: m for who, m in self._published.items() if who[0] != room}
        for room in names - set(self._rooms):
            self._rooms[room] = Readings(self._half_life_s, self.refused)
        self.baselines = Baselines(settings.people, self.baselines.state)

    def forget(self, person: PersonId) -> None:
        """Forget everything of a person: readings and baseline; their mood ends with them."""
        for readings in self._rooms.values():
            readings.drop_person(person)
        self.baselines.forget(person)
        self._update(self._rooms)

    def _on_sensed(self, sensed: Sensed) -> None:
        readings = self._rooms.get(sensed.room)
        if readings is None:
            self.refused["unknown_room"] += 1
        elif readings.take(sensed, self._clock.monotonic()):
            self._soon(sensed.room)

    def _on_sense_changed(self, changed: SenseChanged) -> None:
        """Switched off means forgotten, not merely fading."""
        readings = self._rooms.get(changed.room)
        if (
            changed.state is SenseState.OFF
            and readings is not None
            and readings.drop_source(changed.source)
        ):
            self._soon(changed.room)

    def _soon(self, room: RoomId) -> None:
        if not self._changed:
            asyncio.get_running_loop().call_soon(self._flush)
        self._changed.add(room)
        self._awake.set()

    def _flush(self) -> None:
        changed, self._changed = self._changed, set()
        self._update(changed)

    def _update(self, rooms: Iterable[RoomId]) -> None:
        now = self._clock.monotonic()
        for room in sorted(rooms):
            if room in self._rooms:
                self._update_room(room, self._rooms[room], now)

    def _update_room(self, room: RoomId, readings: Readings, now: float) -> None:
        readings.drop_stale(now)
        people = readings.people()
        for person in sorted(people):
            self._judge((room, person), self._fuse(readings, room, person, now), now)
        if readings:
            self._judge((room, None), self._fuse(readings, room, None, now), now)
        for who in [who for who in self._published if who[0] == room]:
            if (who[1] is None and not readings) or (who[1] is not None and who[1] not in people):
                self._publish(who, fuse((), self.baselines.of(who[1])), now)
                del self._published[who]

    def _fuse(
        self, readings: Readings, room: RoomId, person: PersonId | None, now: float
    ) -> MoodEstimate:
        evidence = [readings.evidence(sensed, now) for sensed in readings.about(person)]
        if evidence and self._context is not None:
            half_life_s = self._half_life_s[Sense.CONTEXT]
            evidence.append(Evidence(self._context(room), 0.0, half_life_s))
        return fuse(evidence, self.baselines.of(person), self._calibration)

    def _judge(self, who: Who, estimate: MoodEstimate, now: float) -> None:
        """Publish a mood when it changed enough or is due."""
        if who[1] is not None:
            self.baselines.learn(who[1], estimate, now)
        last = self._published.get(who)
        if last is None or _is_due(last, estimate, now):
            self._publish(who, estimate, now)

    def _publish(self, who: Who, estimate: MoodEstimate, now: float) -> None:
        mood = Mood(next(self._ids), who[0], who[1], estimate, now)
        self._published[who] = mood
        self._bus.publish(mood)


def _is_due(last: Mood, estimate: MoodEstimate, now: float) -> bool:
    before, age_s = last.estimate, now - last.at
    moved = max(
        abs(estimate.valence - before.valence),
        abs(estimate.arousal - before.arousal),
        abs(estimate.confidence - before.confidence),
    )
    return (
        estimate.label is not before.label
        or moved >= FAR
        or (moved >= NEAR and age_s >= SMALL_EVERY_S)
        or age_s >= STEADY_EVERY_S
    )
