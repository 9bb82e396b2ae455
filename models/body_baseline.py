"""What is ordinary for one person: a robust running mean and deviation of each body measure.

Causal by construction: a value is compared with what came before it and learned only afterwards.
Bounded: a few numbers per measure, whatever the time. The store may keep them.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

MEMORY_S: Final = 7 * 24 * 3600.0
"""Worn time over which the ordinary follows the person."""

# Until this much has been seen, the deviation leans on what is usual within people.
_PRIOR_S: Final = 300.0
# One unusual moment may pull the mean by as much as a value this many deviations off.
_HUBER: Final = 2.5


@dataclass(frozen=True, slots=True)
class Ordinary:
    """Mean and deviation of a measure, and how many worn seconds they rest on."""

    mean: float
    deviation: float
    seconds: float

    def __post_init__(self) -> None:
        numbers = (self.mean, self.deviation, self.seconds)
        if not (all(map(math.isfinite, numbers)) and self.deviation > 0.0 <= self.seconds):
            raise ValueError(f"no ordinary state of a body: {self}")


class Baseline:
    """Knows what is ordinary; `usual` gives the deviation within people for each measure."""

    def __init__(
        self, usual: Mapping[str, float], known: Mapping[str, Ordinary] | None = None
    ) -> None:
        self._usual = usual
        self._known = {name: kept for name, kept in (known or {}).items() if name in usual}

    @property
    def state(self) -> dict[str, Ordinary]:
        """Everything that has to be kept to go on after a restart."""
        return dict(self._known)

    def seconds(self, name: str) -> float:
        """How much worn time a measure's baseline rests on."""
        known = self._known.get(name)
        return known.seconds if known else 0.0

    def deviation(self, name: str, value: float) -> float:
        """How many deviations off the person's ordinary a value is; 0 while nothing is known."""
        known = self._known.get(name)
        return (value - known.mean) / known.deviation if known else 0.0

    def learn(self, name: str, value: float, seconds: float) -> None:
        """Let a value that held for so many seconds count towards the ordinary."""
        if not (math.isfinite(value) and seconds > 0.0):
            return
        known = self._known.get(name)
        if known is None:
            self._known[name] = Ordinary(value, self._usual[name], seconds)
            return
        limit = _HUBER * known.deviation
        off = min(max(value - known.mean, -limit), limit)
        worn = min(known.seconds + seconds, MEMORY_S)
        variance = known.deviation**2
        # Weighted by time, so the result does not depend on how often the model is asked.
        variance += (off * off - variance) * min(1.0, seconds / (worn + _PRIOR_S))
        mean = known.mean + off * min(1.0, seconds / worn)
        least = 0.1 * self._usual[name]
        self._known[name] = Ordinary(mean, max(math.sqrt(variance), least), worn)
