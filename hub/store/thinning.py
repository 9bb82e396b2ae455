"""Decides what of a stream is worth a row: the senses speak many times a second, history does not.

* Readings: per source, sense and person one row for each 5 s, the mean of what came in them,
  weighted by quality; the model's name is the last one's.
* Moods: per room and person at most a row every 5 s, sooner (but at most one a second) when the
  mood changed clearly, and only one a minute while it stays the same. A mood that a decision names
  is stored with the decision in any case.
* Devices: at most one row a device every 5 s, the newest state wins.
* Rules held back: the same rule by the same guard once a minute.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from itertools import chain
from math import isfinite, sqrt
from typing import TypeVar

from hub.store import codes
from hub.store.rows import Kind, Row, Word, device_row, held_row, mood_row
from hub.types import DeviceChanged, Held, Mood, Sensed
from models.types import EMOTIONS

WINDOW_S = 5.0
QUICK_S = 1.0
SAME_S = 60.0
CLEAR = 0.1
"""How far valence, arousal or confidence moves in a clear change."""
SAME = 0.02
"""How little they move while a mood stays the same."""
SKIPPED_MOODS = 64
"""Moods without a row that are kept in case a decision names them: about half a minute's."""
K = TypeVar("K")
V = TypeVar("V")

MAX_KEYS = 512
"""Streams followed at once; beyond, the longest silent one is closed."""


@dataclass(slots=True)
class _Window:
    """Running sums of the readings of one stream."""

    started: float
    at: int
    first: Sensed
    model: str = ""
    samples: int = 0
    weight: float = 0.0
    sums: list[float] = field(default_factory=lambda: [0.0] * 5)
    shares: list[float] = field(default_factory=list)
    labelled: float = 0.0

    def add(self, event: Sensed) -> None:
        reading, affect = event.reading, event.reading.affect
        weight = max(reading.quality, 0.01)  # a useless sample still counts where all are useless
        self.samples += 1
        self.weight += weight
        self.model = reading.model
        parts = (
            affect.valence,
            affect.arousal,
            affect.valence_var,
            affect.arousal_var,
            reading.quality,
        )
        for place, part in enumerate(parts):
            self.sums[place] += part * weight
        if reading.probabilities:
            if len(self.shares) != len(reading.probabilities):
                self.shares, self.labelled = [0.0] * len(reading.probabilities), 0.0
            for place, share in enumerate(reading.probabilities):
                self.shares[place] += share * weight
            self.labelled += weight

    def row(self) -> Row:
        valence, arousal, valence_var, arousal_var, quality = (s / self.weight for s in self.sums)
        values = (
            Word(self.first.source),
            Word(self.first.room),
            None if self.first.person is None else Word(self.first.person),
            codes.SENSES.index(self.first.reading.sense),
            Word(self.model),
            self.samples,
            codes.milli(valence),
            codes.milli(arousal),
            codes.milli(sqrt(max(valence_var, 0.0))),
            codes.milli(sqrt(max(arousal_var, 0.0))),
            codes.milli(quality),
            self._packed_shares(),
        )
        return Row(Kind.READING, self.at, values, essential=False)

    def _packed_shares(self) -> bytes | None:
        if not self.shares:
            return None
        of = dict(zip(EMOTIONS, self.shares, strict=True))
        return codes.pack_shares([of[label] / self.labelled for label in codes.LABELS])


class Thinner:
    """Follows every stream; each method returns the rows that are due now."""

    def __init__(self) -> None:
        self._windows: OrderedDict[tuple[str, ...], _Window] = OrderedDict()
        self._moods: OrderedDict[tuple[str, str], Mood] = OrderedDict()
        self._skipped: OrderedDict[int, tuple[Mood, int]] = OrderedDict()
        self._devices: OrderedDict[str, float] = OrderedDict()
        self._waiting: dict[str, tuple[float, Row]] = {}
        self._held: OrderedDict[tuple[str, str, str], float] = OrderedDict()

    def reading(self, event: Sensed, at: int) -> list[Row]:
        """Add a reading to its window. Raises ValueError if it holds what is no number."""
        affect = event.reading.affect
        _finite(*event.reading.probabilities, affect.valence, affect.arousal)
        _finite(affect.valence_var, affect.arousal_var, event.reading.quality)
        key = (event.source, event.reading.sense, event.room, event.person or "")
        rows = []
        window = self._windows.get(key)
        if window is not None and not 0 <= event.at - window.started < WINDOW_S:
            rows.append(self._windows.pop(key).row())
            window = None
        if window is None:
            window = self._windows[key] = _Window(event.at, at, event)
            if len(self._windows) > MAX_KEYS:
                rows.append(self._windows.popitem(last=False)[1].row())
        window.add(event)
        return rows

    def mood(self, event: Mood, at: int) -> list[Row]:
        """Return the mood's row if it is due; otherwise remember it for a while.

        Raises ValueError if it holds what is no number.
        """
        mood = event.estimate
        _finite(mood.valence, mood.arousal, mood.confidence, mood.disagreement)
        _finite(*mood.weights.values())
        key = (event.room, event.person or "")
        last = self._moods.get(key)
        if last is not None and not _due(last, event):
            self._skipped[event.id] = (event, at)
            if len(self._skipped) > SKIPPED_MOODS:
                self._skipped.popitem(last=False)
            return []
        _remember(self._moods, key, event)
        return [mood_row(event, at)]

    def named(self, mood_id: int | None) -> list[Row]:
        """Return the row of a mood that a decision names, if it has none yet."""
        if mood_id is None or mood_id not in self._skipped:
            return []
        return [mood_row(*self._skipped.pop(mood_id))]

    def device(self, event: DeviceChanged, at: int) -> list[Row]:
        """Return the row of a change that matters, unless the device had one just now."""
        row = device_row(event, at)
        if row is None:
            return []
        device = event.device.id
        last = self._devices.get(device)
        if last is not None and 0 <= event.at - last < WINDOW_S:
            self._waiting[device] = (event.at, row)
            return []
        _remember(self._devices, device, event.at)
        self._waiting.pop(device, None)
        return [row]

    def held(self, event: Held, at: int) -> list[Row]:
        """Return the row of a rule held back, once a minute for each guard."""
        key = (event.room, event.rule, event.guard)
        last = self._held.get(key)
        if last is not None and 0 <= event.at - last < SAME_S:
            return []
        _remember(self._held, key, event.at)
        return [held_row(event, at)]

    def due(self, now: float) -> list[Row]:
        """Return the rows of windows that are over."""
        over = [key for key, window in self._windows.items() if now - window.started >= WINDOW_S]
        ready = [key for key, (at, _) in self._waiting.items() if now - at >= WINDOW_S]
        return list(
            chain(
                (self._windows.pop(key).row() for key in over),
                (self._waiting.pop(key)[1] for key in ready),
            )
        )

    def all(self) -> list[Row]:
        """Return the rows of every window, over or not."""
        return self.due(float("inf"))

    def forget(self, person: str | None) -> None:
        """Drop what is gathered of a person, or of everyone (None)."""
        if person is None:
            self._windows.clear()
            self._skipped.clear()
            self._waiting.clear()
            return
        for key in [key for key in self._windows if key[-1] == person]:
            del self._windows[key]
        for mood in [mood for mood, (event, _) in self._skipped.items() if event.person == person]:
            del self._skipped[mood]


def _finite(*values: float) -> None:
    if not all(map(isfinite, values)):
        raise ValueError("not a number")


def _due(last: Mood, now: Mood) -> bool:
    passed = now.at - last.at
    if passed < 0 or passed >= SAME_S:
        return True
    a, b = last.estimate, now.estimate
    moved = max(
        abs(a.valence - b.valence), abs(a.arousal - b.arousal), abs(a.confidence - b.confidence)
    )
    if a.label != b.label or moved >= CLEAR:
        return passed >= QUICK_S
    return moved > SAME and passed >= WINDOW_S


def _remember(known: OrderedDict[K, V], key: K, value: V) -> None:
    known[key] = value
    known.move_to_end(key)
    if len(known) > MAX_KEYS:
        known.popitem(last=False)
