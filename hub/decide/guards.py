"""Guards: limits that no rule can lift. Each says no for a reason that has a name and an end."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from hub.decide.policy import minute_of, within
from hub.decide.state import RuleState
from hub.settings import Guards
from hub.types import RoomId
from models.types import MoodEstimate

_DAY_MIN = 24 * 60


class Guard(StrEnum):
    """Who said no, as `Held.guard` carries it."""

    MANUAL_OVERRIDE = "manual_override"
    """Someone changed a device of the room by hand not long ago."""
    NOT_NOW = "not_now"
    """Someone said "not now" of what a rule did in the room."""
    QUIET_HOURS = "quiet_hours"
    COOLDOWN = "cooldown"
    """The rule fired not long ago."""
    OUTRANKED = "outranked"
    """Another rule of the room fired, still holds, and has priority or is newer."""
    CONFIDENCE = "confidence"
    """The mood fits but is less sure than the rule or the floor asks for."""
    MIN_CHANGE_INTERVAL = "min_change_interval"
    """A mood changed this room a moment ago."""


@dataclass(frozen=True, slots=True)
class Hold:
    """A guard's no; `until` is monotonic, None when the end is not a matter of time."""

    guard: Guard
    until: float | None


@dataclass(slots=True)
class RoomState:
    """What guards remember of a room (monotonic seconds)."""

    hands_off_until: float = 0.0
    not_now_until: float = 0.0
    mood_changed_at: float | None = None
    rules: list[RuleState] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Moment:
    """Now, for the guards: monotonic seconds, and the minute and second of the local day."""

    now: float
    minutes: int
    seconds: float


def why_not(
    state: RuleState, room: RoomState, mood: MoodEstimate | None, guards: Guards, at: Moment
) -> Hold | None:
    """Return the first guard that holds a rule which is due; None when it may fire."""
    return next(_holds(state, room, mood, guards, at), None)


def _holds(
    state: RuleState, room: RoomState, mood: MoodEstimate | None, guards: Guards, at: Moment
) -> Iterator[Hold]:
    rule = state.rule
    yield from _by_people(room, at)
    if not rule.in_quiet_hours and guards.quiet_hours is not None:
        until = quiet_until(guards.quiet_hours, at)
        if until is not None:
            yield Hold(Guard.QUIET_HOURS, until)
    if state.fired_at is not None and at.now < state.fired_at + rule.cooldown_s:
        yield Hold(Guard.COOLDOWN, state.fired_at + rule.cooldown_s)
    if any(other.fired and other.holds and other.rank > state.rank for other in room.rules):
        yield Hold(Guard.OUTRANKED, None)
    if rule.when.mood is None:
        return
    if mood is None or mood.confidence < guards.confidence_floor:
        yield Hold(Guard.CONFIDENCE, None)
    if room.mood_changed_at is not None:
        until = room.mood_changed_at + guards.min_change_interval_s
        if at.now < until:
            yield Hold(Guard.MIN_CHANGE_INTERVAL, until)


def _by_people(room: RoomState, at: Moment) -> Iterator[Hold]:
    if at.now < room.not_now_until:
        yield Hold(Guard.NOT_NOW, room.not_now_until)
    if at.now < room.hands_off_until:
        yield Hold(Guard.MANUAL_OVERRIDE, room.hands_off_until)


def quiet_until(quiet_hours: tuple[str, str], at: Moment) -> float | None:
    """Return when the quiet hours end (monotonic); None when it is not quiet now."""
    if not within(quiet_hours, at.minutes):
        return None
    left = (minute_of(quiet_hours[1]) - at.minutes) % _DAY_MIN or _DAY_MIN
    return at.now + 60.0 * left - at.seconds


def rooms_of(states: Iterable[RuleState]) -> dict[RoomId, list[RuleState]]:
    """Return the rules by room."""
    rooms: dict[RoomId, list[RuleState]] = {}
    for state in states:
        rooms.setdefault(state.room, []).append(state)
    return rooms
