"""What each source says now and how much it counts, for people who look."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hub.types import PersonId, Sensed, SourceId
from models.evidence import worth_of
from models.fusion import Evidence
from models.types import EMOTIONS, Emotion, Sense


@dataclass(frozen=True, slots=True)
class SenseView:
    """One source's newest reading.

    `label` is None when the sense has no labels; `weight` is its share of the room's mood.
    """

    sense: Sense
    source: SourceId
    person: PersonId | None
    track: int | None
    box: tuple[float, float, float, float] | None
    """Where a face is in its picture: x, y, width, height in [0, 1]; nothing of the picture."""
    label: Emotion | None
    valence: float
    arousal: float
    quality: float
    age_s: float
    weight: float


def views(
    said: Sequence[tuple[Sensed, Evidence]], weights: Mapping[Sense, float]
) -> tuple[SenseView, ...]:
    """Return a view of each reading, the weightiest first.

    A sense's weight is shared among its readings by what each is still worth.
    """
    worths = [worth_of(e.reading.quality, e.age_s, e.half_life_s) for _, e in said]
    totals: dict[Sense, float] = {}
    for (_, evidence), worth in zip(said, worths, strict=True):
        sense = evidence.reading.sense
        totals[sense] = totals.get(sense, 0.0) + worth
    found = []
    for (sensed, evidence), worth in zip(said, worths, strict=True):
        sense = evidence.reading.sense
        share = worth / totals[sense] if totals[sense] else 0.0
        found.append(_view(sensed, evidence.age_s, share * weights.get(sense, 0.0)))
    return tuple(sorted(found, key=lambda view: -view.weight))


def _view(sensed: Sensed, age_s: float, weight: float) -> SenseView:
    reading = sensed.reading
    p = reading.probabilities
    return SenseView(
        sense=reading.sense,
        source=sensed.source,
        person=sensed.person,
        track=sensed.track,
        box=sensed.box,
        label=EMOTIONS[p.index(max(p))] if p else None,
        valence=reading.affect.valence,
        arousal=reading.affect.arousal,
        quality=reading.quality,
        age_s=age_s,
        weight=weight,
    )
