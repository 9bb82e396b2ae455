"""Builds records from rows of history.db; the undoing of `hub.store.rows`."""

import json
import sqlite3
from collections.abc import Mapping
from typing import cast

from drivers.types import DeviceId
from hub.phrase import restored
from hub.store import codes
from hub.store.records import (
    CorrectionRecord,
    DecisionRecord,
    DeviceRecord,
    HeldRecord,
    MoodRecord,
    OutcomeRecord,
    ReadingRecord,
    RollupRecord,
    SenseRecord,
)
from hub.store.rollups import Span, labels_of
from hub.store.rows import DeviceEvent
from hub.types import PersonId, RoomId, SourceId


def reading(row: sqlite3.Row) -> ReadingRecord:
    """Return a reading."""
    shares = codes.unpack_shares(row["shares"]) if row["shares"] else ()
    return ReadingRecord(
        id=row["id"],
        at_ms=row["at"],
        source=SourceId(row["source"]),
        room=RoomId(row["room"]),
        person=_person(row["person"]),
        sense=codes.SENSES[row["sense"]],
        model=row["model"],
        samples=row["samples"],
        valence=codes.unmilli(row["valence"]),
        arousal=codes.unmilli(row["arousal"]),
        valence_sd=codes.unmilli(row["valence_sd"]),
        arousal_sd=codes.unmilli(row["arousal_sd"]),
        quality=codes.unmilli(row["quality"]),
        probabilities=dict(zip(codes.LABELS, shares, strict=False)),
    )


def mood(row: sqlite3.Row) -> MoodRecord:
    """Return a mood."""
    return MoodRecord(
        id=row["id"],
        at_ms=row["at"],
        room=RoomId(row["room"]),
        person=_person(row["person"]),
        label=codes.LABELS[row["label"]],
        valence=codes.unmilli(row["valence"]),
        arousal=codes.unmilli(row["arousal"]),
        confidence=codes.unmilli(row["confidence"]),
        disagreement=codes.unmilli(row["disagreement"]),
        weights=codes.unpack_weights(row["weights"]),
    )


def decision(
    row: sqlite3.Row,
    outcomes: tuple[OutcomeRecord, ...],
    corrections: tuple[CorrectionRecord, ...],
) -> DecisionRecord:
    """Return a decision with what came of it and what was said about it."""
    return DecisionRecord(
        id=row["id"],
        at_ms=row["at"],
        room=RoomId(row["room"]),
        rule=row["rule"],
        trigger=codes.TRIGGERS[row["cause"]],
        goal=_object(row["goal"], row["goal_figures"]),
        because=_sentence(row["because"], row["because_figures"]),
        confidence=codes.unmilli(row["confidence"]),
        mood=row["mood"],
        lasts_ms=row["lasts_ms"],
        senses=codes.unpack_weights(row["weights"] or b""),
        outcomes=outcomes,
        corrections=corrections,
    )


def held(row: sqlite3.Row) -> HeldRecord:
    """Return a rule held back."""
    return HeldRecord(
        row["id"], row["at"], RoomId(row["room"]), row["rule"], row["guard"], row["lasts_ms"]
    )


def outcome(row: sqlite3.Row) -> OutcomeRecord:
    """Return a command's outcome."""
    return OutcomeRecord(
        id=row["id"],
        at_ms=row["at"],
        decision=row["decision"],
        device=DeviceId(row["device"]),
        command=_object(row["command"], row["command_figures"]),
        status=codes.STATUSES[row["status"]],
        reason=_sentence(row["reason"], row["reason_figures"]),
        took_ms=row["took_ms"],
    )


def correction(row: sqlite3.Row) -> CorrectionRecord:
    """Return a correction."""
    return CorrectionRecord(
        id=row["id"],
        at_ms=row["at"],
        decision=row["decision"],
        mood=row["mood"],
        person=_person(row["person"]),
        kind=row["kind"],
        note=row["note"],
    )


def device(row: sqlite3.Row) -> DeviceRecord:
    """Return a device's change."""
    return DeviceRecord(
        id=row["id"],
        at_ms=row["at"],
        device=DeviceId(row["device"]),
        room=None if row["room"] is None else RoomId(row["room"]),
        what=DeviceEvent(row["what"]).name.lower(),
        state=_object(row["state"], row["state_figures"]),
    )


def sense(row: sqlite3.Row) -> SenseRecord:
    """Return a source's change."""
    return SenseRecord(
        id=row["id"],
        at_ms=row["at"],
        source=SourceId(row["source"]),
        room=RoomId(row["room"]),
        sense=codes.SENSES[row["sense"]],
        state=codes.SENSE_STATES[row["state"]],
        reason=_sentence(row["reason"], row["reason_figures"]),
    )


def rollup(row: sqlite3.Row) -> RollupRecord:
    """Return a rollup with means for sums."""
    lasted = row["lasted_ms"]
    return RollupRecord(
        span=Span(row["kind"]),
        at_ms=row["at"],
        room=RoomId(row["room"]),
        person=_person(row["person"]),
        moods=row["moods"],
        lasted_ms=lasted,
        valence=round(codes.unmilli(row["valence"]) / lasted, 3),
        arousal=round(codes.unmilli(row["arousal"]) / lasted, 3),
        confidence=round(codes.unmilli(row["confidence"]) / lasted, 3),
        labels={
            codes.LABELS[label]: round(ms / lasted, 3)
            for label, ms in labels_of(row["labels"]).most_common()
        },
    )


def _person(text: str | None) -> PersonId | None:
    return None if text is None else PersonId(text)


def _sentence(template: str | None, figures: str | None) -> str:
    return "" if template is None else restored(codes.join_numbers(template, figures))


def _object(template: str | None, figures: str | None) -> Mapping[str, object]:
    if template is None:
        return {}
    try:
        return cast("Mapping[str, object]", json.loads(codes.join_numbers(template, figures)))
    except ValueError:  # cut at MAX_TEXT: shown as far as it goes
        return {"text": codes.join_numbers(template, figures)}
