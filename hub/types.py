"""What travels inside the hub: sensed readings, moods, decisions and their outcomes.

Times named `at` are the hub's monotonic clock in seconds; wall time is added at storage.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

from drivers.types import Device, DeviceId, Outcome
from models.types import MoodEstimate, Reading, Sense

RoomId = NewType("RoomId", str)
PersonId = NewType("PersonId", str)
SourceId = NewType("SourceId", str)


@dataclass(frozen=True, slots=True)
class Sensed:
    """A reading with its place: which source, which room, and whose if the source is personal.

    Camera and microphone readings belong to the room (`person` is None) until someone enrols.
    `track` is a face's number while it stays in view; `box` is where it is in the picture: x, y,
    width, height in [0, 1].
    """

    reading: Reading
    source: SourceId
    room: RoomId
    person: PersonId | None
    track: int | None
    at: float
    box: tuple[float, float, float, float] | None = None


@dataclass(frozen=True, slots=True)
class Mood:
    """The mood of a room (`person` None) or of a person in it, as fused at `at`."""

    id: int
    room: RoomId
    person: PersonId | None
    estimate: MoodEstimate
    at: float


class Trigger(StrEnum):
    """Who or what asked for a decision."""

    MOOD = "mood"
    SENSOR = "sensor"
    TIME = "time"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class SceneGoal:
    """Bring a scene into a room."""

    scene: str


@dataclass(frozen=True, slots=True)
class MusicGoal:
    """Play music near this point; None stops it."""

    valence: float
    energy: float
    volume: float | None


@dataclass(frozen=True, slots=True)
class RestoreGoal:
    """Put back what was before the scene."""


Goal = SceneGoal | MusicGoal | RestoreGoal


@dataclass(frozen=True, slots=True)
class Decision:
    """What the hub wants for a room and why. `because` is one plain sentence."""

    id: int
    room: RoomId
    rule: str
    goal: Goal
    trigger: Trigger
    because: str
    confidence: float
    mood_id: int | None
    at: float
    expires_at: float


@dataclass(frozen=True, slots=True)
class Held:
    """A rule matched but a guard said no; kept so that "why not?" has an answer."""

    room: RoomId
    rule: str
    guard: str
    until: float | None
    at: float


@dataclass(frozen=True, slots=True)
class LeftAlone:
    """Somebody said "not now" or used a switch: no rule acts until then; None: they may again."""

    room: RoomId
    until: float | None
    at: float


@dataclass(frozen=True, slots=True)
class Acted:
    """One command of a decision, and what came of it."""

    decision_id: int | None
    outcome: Outcome
    at: float


@dataclass(frozen=True, slots=True)
class DeviceChanged:
    """A device is new or its state changed; `before` is None when it is new."""

    device: Device
    before: Device | None
    at: float


@dataclass(frozen=True, slots=True)
class DeviceGone:
    """A device left its network."""

    device: DeviceId
    at: float


@dataclass(frozen=True, slots=True)
class ButtonPressed:
    """Someone pressed a button; `action` is the driver's word: `single`, `double`, `hold`..."""

    device: DeviceId
    action: str
    at: float


@dataclass(frozen=True, slots=True)
class ManualChange:
    """Someone changed a device by hand: automation leaves it alone for a while."""

    room: RoomId
    device: DeviceId
    at: float


class SenseState(StrEnum):
    """Where a sense stands, as the indicator shows it."""

    OFF = "off"
    STARTING = "starting"
    ON = "on"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class SenseChanged:
    """A source was switched, or failed. `reason` is empty unless it failed."""

    source: SourceId
    room: RoomId
    sense: Sense
    state: SenseState
    reason: str
    at: float


Event = (
    Sensed
    | Mood
    | Decision
    | Held
    | LeftAlone
    | Acted
    | DeviceChanged
    | DeviceGone
    | ButtonPressed
    | ManualChange
    | SenseChanged
)
