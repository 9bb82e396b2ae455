"""Turns events into rows of history.db."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from enum import IntEnum, StrEnum
from functools import lru_cache

from drivers.types import Command, Device, DeviceState
from hub.phrase import Phrase
from hub.store import codes
from hub.types import (
    Acted,
    Decision,
    DeviceChanged,
    DeviceGone,
    Goal,
    Held,
    ManualChange,
    Mood,
    MusicGoal,
    RestoreGoal,
    SceneGoal,
    SenseChanged,
)

ROUND = 3
"""Decimals kept of levels, volumes, colours and temperatures in commands and states."""


class Kind(StrEnum):
    """The tables that take rows, by name."""

    READING = "reading"
    MOOD = "mood"
    DECISION = "decision"
    HELD = "held"
    OUTCOME = "outcome"
    DEVICE = "device_event"
    SENSE = "sense_event"
    CORRECTION = "correction"


COLUMNS: Mapping[Kind, tuple[str, ...]] = {
    Kind.READING: (
        *("source", "room", "person", "sense", "model", "samples", "valence", "arousal"),
        *("valence_sd", "arousal_sd", "quality", "shares"),
    ),
    Kind.MOOD: (
        *("room", "person", "label", "valence", "arousal", "confidence", "disagreement"),
        "weights",
    ),
    Kind.DECISION: (
        *("room", "rule", "cause", "goal", "goal_figures", "because", "because_figures"),
        *("confidence", "mood", "lasts_ms"),
    ),
    Kind.HELD: ("room", "rule", "guard", "lasts_ms"),
    Kind.OUTCOME: (
        *("decision", "device", "command", "command_figures", "status", "reason"),
        *("reason_figures", "took_ms"),
    ),
    Kind.DEVICE: ("device", "room", "what", "state", "state_figures"),
    Kind.SENSE: ("source", "room", "sense", "state", "reason", "reason_figures"),
    Kind.CORRECTION: ("decision", "mood", "person", "kind", "note"),
}
"""The columns of each table after `id` and `at`."""


class DeviceEvent(IntEnum):
    """What a row of `device_event` tells."""

    CHANGED = 0
    NEW = 1
    GONE = 2
    MANUAL = 3


class Word(str):
    """A text that is stored once, in the table `text`."""

    __slots__ = ()


Value = int | str | bytes | None


@dataclass(frozen=True, slots=True)
class Row:
    """A row to be written. `id` is given where the event has one, else the writer counts on.

    Rows that are not `essential` are dropped, and counted, when the disk or the queue is full.
    """

    kind: Kind
    at: int
    values: tuple[Value, ...]
    id: int | None = None
    essential: bool = True


def mood_row(event: Mood, at: int) -> Row:
    """Return the row of a mood."""
    estimate = event.estimate
    values = (
        Word(event.room),
        _word(event.person),
        codes.LABELS.index(estimate.label),
        codes.milli(estimate.valence),
        codes.milli(estimate.arousal),
        codes.milli(estimate.confidence),
        codes.milli(estimate.disagreement),
        codes.pack_weights(estimate.weights),
    )
    return Row(Kind.MOOD, at, values, event.id, essential=False)


def decision_row(event: Decision, at: int) -> Row:
    """Return the row of a decision."""
    values = (
        Word(event.room),
        Word(event.rule),
        codes.TRIGGERS.index(event.trigger),
        *_goal(event.goal),
        *_sentence(event.because),
        codes.milli(event.confidence),
        event.mood_id,
        _ms(event.expires_at - event.at),
    )
    return Row(Kind.DECISION, at, values, event.id)


def held_row(event: Held, at: int) -> Row:
    """Return the row of a rule that was held back."""
    lasts = None if event.until is None else _ms(event.until - event.at)
    return Row(Kind.HELD, at, (Word(event.room), Word(event.rule), Word(event.guard), lasts))


def outcome_row(event: Acted, at: int) -> Row:
    """Return the row of a command and what came of it."""
    outcome = event.outcome
    values = (
        event.decision_id,
        Word(outcome.command.device),
        *_command(outcome.command),
        codes.STATUSES.index(outcome.status),
        *(_sentence(outcome.reason) if outcome.reason else (None, None)),
        round(outcome.took_ms),
    )
    return Row(Kind.OUTCOME, at, values)


def device_row(event: DeviceChanged, at: int) -> Row | None:
    """Return the row of a change that matters, or None.

    Measured numbers (temperature, power) change all the time and are not history; what is on,
    how bright, who plays what, occupied or open, and whether it can be reached, is.
    """
    device, before = event.device, event.before
    if before is not None and _same(device, before):
        return None
    text = state_text(device)
    if before is not None and state_text(before) == text:
        return None
    what = DeviceEvent.NEW if before is None else DeviceEvent.CHANGED
    values = (Word(device.id), _word(device.room), what.value, *_sentence(text))
    return Row(Kind.DEVICE, at, values, essential=False)


def gone_row(event: DeviceGone, at: int) -> Row:
    """Return the row of a device that left."""
    return Row(Kind.DEVICE, at, (Word(event.device), None, DeviceEvent.GONE.value, None, None))


def manual_row(event: ManualChange, at: int) -> Row:
    """Return the row of a change made by hand."""
    what = DeviceEvent.MANUAL.value
    return Row(Kind.DEVICE, at, (Word(event.device), Word(event.room), what, None, None))


def sense_row(event: SenseChanged, at: int) -> Row:
    """Return the row of a source that was switched or failed."""
    values = (
        Word(event.source),
        Word(event.room),
        codes.SENSES.index(event.sense),
        codes.SENSE_STATES.index(event.state),
        *(_sentence(event.reason) if event.reason else (None, None)),
    )
    return Row(Kind.SENSE, at, values)


def goal_text(goal: Goal) -> str:
    """Return a goal as compact JSON."""
    match goal:
        case SceneGoal():
            return _json({"scene": goal.scene})
        case MusicGoal():
            return _json({"music": _given(asdict(goal))})
        case RestoreGoal():
            return _json({"restore": True})


def command_text(command: Command) -> str:
    """Return a command as compact JSON, without its device and what it leaves as it is."""
    told = {f.name: getattr(command, f.name) for f in fields(command) if f.name != "device"}
    return _json({"do": type(command).__name__, **_given(told)})


def state_text(device: Device) -> str:
    """Return what matters of a device's state as compact JSON."""
    state: DeviceState = device.state
    told: dict[str, object] = {f.name: getattr(state, f.name) for f in fields(state)}
    told["values"] = {
        kind: value for kind, value in sorted(state.values.items()) if isinstance(value, bool | str)
    } or None
    return _json({"available": device.available, **_given(told)})


@lru_cache(maxsize=512)
def _command(command: Command) -> tuple[Word, str | None]:
    """A house gives the same few hundred commands again and again."""
    return _sentence(command_text(command))


@lru_cache(maxsize=128)
def _goal(goal: Goal) -> tuple[Word, str | None]:
    return _sentence(goal_text(goal))


def _same(device: Device, before: Device) -> bool:
    """Tell cheaply that nothing but measured numbers changed; False means: look closer."""
    now, was = device.state, before.state
    if device.available is not before.available or now.values.keys() != was.values.keys():
        return False
    if any(getattr(now, name) != getattr(was, name) for name in _STATED):
        return False
    return all(
        value == was.values[kind] or type(value) is type(was.values[kind]) is float
        for kind, value in now.values.items()
    )


_STATED = tuple(f.name for f in fields(DeviceState) if f.name != "values")


def _given(values: Mapping[str, object]) -> dict[str, object]:
    return {key: _rounded(value) for key, value in values.items() if value is not None}


def _rounded(value: object) -> object:
    match value:
        case float():
            return round(value, ROUND)
        case tuple():
            return [_rounded(part) for part in value]
        case _:
            return value


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _sentence(text: str) -> tuple[Word, str | None]:
    if isinstance(text, Phrase) and len(kept := text.stored()) <= codes.MAX_TEXT:
        text = kept
    template, figures = codes.split_numbers(text)
    return Word(template), figures


def _word(text: str | None) -> Word | None:
    return None if text is None else Word(text)


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
