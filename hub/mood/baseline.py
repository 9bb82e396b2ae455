"""How each person usually is: where their mood goes when nobody says otherwise.

A running mean over about twenty hours of confident moods, kept close to the middle of the plane
so that a bad month cannot become "usual". Guests have none: only people in the configuration do.
"""

import math
from collections.abc import Iterable, Mapping

from hub.types import PersonId
from models.types import Affect, MoodEstimate

REST_VARIANCE = 0.5
"""How far anybody may be from how they usually are; also the weight of the baseline in fusion."""

REST = Affect(0.0, 0.0, REST_VARIANCE, REST_VARIANCE)

LEAST_CONFIDENCE = 0.6
FURTHEST = 0.3
TIME_CONSTANT_S = 20 * 3600.0
_LONGEST_STEP_S = 60.0

State = dict[str, tuple[float, float]]
"""Person -> valence and arousal; plain enough for JSON."""


class Baselines:
    """The baselines of the people who live here. `known` is an earlier `state`."""

    def __init__(
        self, people: Iterable[str], known: Mapping[str, tuple[float, float]] | None = None
    ) -> None:
        self._points: dict[PersonId, tuple[float, float]] = {}
        self._learned_at: dict[PersonId, float] = {}
        for name in people:
            valence, arousal = (known or {}).get(name, (0.0, 0.0))
            self._points[PersonId(name)] = (_bounded(valence), _bounded(arousal))

    @property
    def state(self) -> State:
        """What to keep to go on after a restart."""
        return {str(person): point for person, point in self._points.items()}

    def of(self, person: PersonId | None) -> Affect:
        """Return where this person usually is; the middle of the plane for a room or a guest."""
        if person is None or person not in self._points:
            return REST
        valence, arousal = self._points[person]
        return Affect(valence, arousal, REST_VARIANCE, REST_VARIANCE)

    def learn(self, person: PersonId, estimate: MoodEstimate, at: float) -> None:
        """Let a mood count, when it is confident and the person lives here.

        It counts for the time since the last one, at most a minute: a gap is no evidence.
        """
        if person not in self._points or estimate.confidence < LEAST_CONFIDENCE:
            return
        step_s = min(at - self._learned_at.get(person, at), _LONGEST_STEP_S)
        self._learned_at[person] = at
        share = 1.0 - math.exp(-step_s / TIME_CONSTANT_S)
        valence, arousal = self._points[person]
        self._points[person] = (
            _bounded(valence + share * (estimate.valence - valence)),
            _bounded(arousal + share * (estimate.arousal - arousal)),
        )

    def forget(self, person: PersonId) -> None:
        """Go back to knowing nothing of this person."""
        if person in self._points:
            self._points[person] = (0.0, 0.0)
            self._learned_at.pop(person, None)


def _bounded(value: float) -> float:
    return max(-FURTHEST, min(FURTHEST, value)) if math.isfinite(value) else 0.0
