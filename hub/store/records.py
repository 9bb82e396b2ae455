"""What queries return: rows of the history with their codes and texts put back.

`at_ms` is wall time in milliseconds since 1970 UTC; ids grow in the order of storing.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from drivers.types import DeviceId, Status
from hub.store.rollups import Span
from hub.types import PersonId, RoomId, SenseState, SourceId, Trigger
from models.types import Emotion, Sense


@dataclass(frozen=True, slots=True)
class ReadingRecord:
    """The mean of what one source said in 5 s. `samples` readings went into it."""

    id: int
    at_ms: int
    source: SourceId
    room: RoomId
    person: PersonId | None
    sense: Sense
    model: str
    samples: int
    valence: float
    arousal: float
    valence_sd: float
    arousal_sd: float
    quality: float
    probabilities: Mapping[Emotion, float]


@dataclass(frozen=True, slots=True)
class MoodRecord:
    """A mood of a room (`person` None) or of a person."""

    id: int
    at_ms: int
    room: RoomId
    person: PersonId | None
    label: Emotion
    valence: float
    arousal: float
    confidence: float
    disagreement: float
    weights: Mapping[Sense, float]


@dataclass(frozen=True, slots=True)
class OutcomeRecord:
    """A command and what came of it. `command` holds `do` and what was asked."""

    id: int
    at_ms: int
    decision: int | None
    device: DeviceId
    command: Mapping[str, object]
    status: Status
    reason: str
    took_ms: int


@dataclass(frozen=True, slots=True)
class CorrectionRecord:
    """What someone said about a decision or a mood."""

    id: int
    at_ms: int
    decision: int | None
    mood: int | None
    person: PersonId | None
    kind: str
    note: str


@dataclass(frozen=True, slots=True)
class DecisionRecord:
    """What was decided and why. `senses` says how much each counted in the mood behind it."""

    id: int
    at_ms: int
    room: RoomId
    rule: str
    trigger: Trigger
    goal: Mapping[str, object]
    because: str
    confidence: float
    mood: int | None
    lasts_ms: int
    senses: Mapping[Sense, float]
    outcomes: tuple[OutcomeRecord, ...] = ()
    corrections: tuple[CorrectionRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class HeldRecord:
    """A rule that matched and a guard that said no."""

    id: int
    at_ms: int
    room: RoomId
    rule: str
    guard: str
    lasts_ms: int | None


@dataclass(frozen=True, slots=True)
class DeviceRecord:
    """A device's change; `what` is changed, new, gone or manual."""

    id: int
    at_ms: int
    device: DeviceId
    room: RoomId | None
    what: str
    state: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class SenseRecord:
    """A source that was switched or failed."""

    id: int
    at_ms: int
    source: SourceId
    room: RoomId
    sense: Sense
    state: SenseState
    reason: str


@dataclass(frozen=True, slots=True)
class RollupRecord:
    """The moods of a minute, an hour or a day; means are weighted by how long each lasted."""

    span: Span
    at_ms: int
    room: RoomId
    person: PersonId | None
    moods: int
    lasted_ms: int
    valence: float
    arousal: float
    confidence: float
    labels: Mapping[Emotion, float]
    """Share of the time that each label lasted."""


Record = (
    ReadingRecord
    | MoodRecord
    | OutcomeRecord
    | CorrectionRecord
    | DecisionRecord
    | HeldRecord
    | DeviceRecord
    | SenseRecord
    | RollupRecord
)
