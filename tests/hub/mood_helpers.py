"""Readings, a bus that records, and a service, for tests of moods and decisions."""

from typing import TypeVar

from hub.bus import Bus
from hub.clock import Clock
from hub.supervisor import Service, Stage
from hub.types import Event, PersonId, RoomId, Sensed, SourceId
from models.types import EMOTIONS, Affect, Emotion, Reading, Sense

T = TypeVar("T")

ROOM = RoomId("den")
HALL = RoomId("hall")
ADA = PersonId("ada")


class Recorder:
    """A bus, everything of some kinds that was published on it, and every handler's error."""

    def __init__(self, *kinds: type) -> None:
        self.errors: list[tuple[str, Exception]] = []
        self.bus = Bus(lambda where, err: self.errors.append((where, err)))
        self.events: list[Event] = []
        for kind in kinds:
            self.bus.on(kind, self.events.append)

    def of(self, kind: type[T]) -> list[T]:
        return [event for event in self.events if isinstance(event, kind)]

    def take(self, kind: type[T]) -> list[T]:
        """Return the events of a kind and forget them; no handler may have failed until now."""
        found = self.of(kind)
        self.events[:] = [event for event in self.events if not isinstance(event, kind)]
        assert self.errors == []
        return found


def reading(
    sense: Sense = Sense.FACE,
    label: Emotion = Emotion.HAPPINESS,
    p: float = 0.9,
    at: tuple[float, float] = (0.7, 0.4),
    quality: float = 1.0,
    variance: float = 0.06,
) -> Reading:
    rest = (1.0 - p) / (len(EMOTIONS) - 1)
    probabilities = tuple(p if emotion is label else rest for emotion in EMOTIONS)
    return Reading(sense, Affect(*at, variance, variance), probabilities, quality, "m")


SAD = reading(Sense.VOICE, Emotion.SADNESS, at=(-0.6, -0.3))


def sensed(
    said: Reading,
    at: float,
    room: RoomId = ROOM,
    person: PersonId | None = None,
    track: int | None = None,
    source: str = "cam",
) -> Sensed:
    return Sensed(said, SourceId(source), room, person, track, at)


def service(clock: Clock) -> Service:
    async def nothing(_: Service) -> None:
        return

    return Service("test", nothing, Stage.DECIDE, None, clock)
