"""The last decisions of each room, for views; the store keeps them for good."""

from collections import deque
from dataclasses import dataclass

from hub.bus import Bus
from hub.types import Acted, Decision, Held, RoomId, SenseChanged, SourceId

KEPT = 20


class Recent:
    """Listens to the bus and remembers the newest decisions, outcomes and sense states."""

    def __init__(self, bus: Bus) -> None:
        self._decisions: dict[RoomId, deque[Decision | Held]] = {}
        self._outcomes: dict[int, list[str]] = {}
        self.senses: dict[SourceId, SenseChanged] = {}
        bus.on(Decision, self._decided)
        bus.on(Held, self._decided)
        bus.on(Acted, self._acted)
        bus.on(SenseChanged, self._sense)

    def decisions(self, room: RoomId) -> tuple["Entry", ...]:
        """Return the room's newest decisions and held ones, newest first."""
        newest = reversed(self._decisions.get(room, ()))
        return tuple(Entry(event, tuple(self._outcomes_of(event))) for event in newest)

    def last_decision(self, room: RoomId) -> Decision | None:
        """Return the room's newest decision that was acted on."""
        return next(
            (e for e in reversed(self._decisions.get(room, ())) if isinstance(e, Decision)), None
        )

    def _outcomes_of(self, event: Decision | Held) -> list[str]:
        return self._outcomes.get(event.id, []) if isinstance(event, Decision) else []

    def _decided(self, event: Decision | Held) -> None:
        kept = self._decisions.setdefault(event.room, deque(maxlen=KEPT))
        if len(kept) == KEPT and isinstance(oldest := kept[0], Decision):
            self._outcomes.pop(oldest.id, None)
        kept.append(event)
        if isinstance(event, Decision):
            self._outcomes[event.id] = []

    def _acted(self, event: Acted) -> None:
        if event.decision_id in self._outcomes:
            self._outcomes[event.decision_id].append(event.outcome.status.value)

    def _sense(self, event: SenseChanged) -> None:
        self.senses[event.source] = event


@dataclass(frozen=True, slots=True)
class Entry:
    """A decision or a held one, with the outcomes of its commands so far."""

    event: Decision | Held
    outcomes: tuple[str, ...]
