"""How long things took lately."""

from collections import deque

from hub.sense.messages_from_sense import Spread

_REMEMBERED = 256


class Durations:
    """The newest durations of one kind; one thread adds, another may ask."""

    def __init__(self) -> None:
        self._newest_s: deque[float] = deque(maxlen=_REMEMBERED)

    def add(self, seconds: float) -> None:
        """Note one duration."""
        self._newest_s.append(seconds)

    def spread(self) -> Spread | None:
        """Return median and 95th percentile in milliseconds, None when there is nothing yet."""
        ordered = sorted(self._newest_s.copy())
        if not ordered:
            return None
        return Spread(p50=_at(ordered, 0.5), p95=_at(ordered, 0.95))


def _at(ordered: list[float], share: float) -> float:
    """Return the value below which this share of the values lies (nearest rank)."""
    return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000, 3)
