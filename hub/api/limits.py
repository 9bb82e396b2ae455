"""How often somebody may ask, and lock-out after wrong secrets. In memory; bounded."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

MOST_KNOWN = 4096
"""Addresses that are remembered; the longest unused goes first."""


@dataclass(slots=True)
class _Bucket:
    left: float
    at: float


class RateLimit:
    """A token bucket for each key: `burst` at once, `per_s` in the long run."""

    def __init__(self, burst: float, per_s: float, now: Callable[[], float]) -> None:
        self._burst = burst
        self._per_s = per_s
        self._now = now
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()
        self.refused = 0

    def wait_s(self, key: str) -> float:
        """Take one and return 0, or take none and return after how long to try again."""
        now = self._now()
        bucket = self._buckets.pop(key, None) or _Bucket(self._burst, now)
        bucket.left = min(self._burst, bucket.left + (now - bucket.at) * self._per_s)
        bucket.at = now
        self._buckets[key] = bucket
        if len(self._buckets) > MOST_KNOWN:
            self._buckets.popitem(last=False)
        if bucket.left >= 1.0:
            bucket.left -= 1.0
            return 0.0
        self.refused += 1
        return (1.0 - bucket.left) / self._per_s


@dataclass(slots=True)
class _Failures:
    count: int
    until: float


class LockOut:
    """After FREE wrong secrets of one key, each further one doubles a wait, up to an hour."""

    FREE = 5
    FIRST_S = 2.0
    LONGEST_S = 3600.0

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._failures: OrderedDict[str, _Failures] = OrderedDict()

    def locked_s(self, key: str) -> float:
        """Return how long this key must still wait; 0 when it may try."""
        found = self._failures.get(key)
        return 0.0 if found is None else max(0.0, found.until - self._now())

    def failed(self, key: str) -> None:
        """Note a wrong secret."""
        found = self._failures.pop(key, None) or _Failures(0, 0.0)
        found.count += 1
        over = found.count - self.FREE
        if over >= 0:
            found.until = self._now() + min(self.LONGEST_S, self.FIRST_S * 2.0 ** min(over, 12))
        self._failures[key] = found
        if len(self._failures) > MOST_KNOWN:
            self._failures.popitem(last=False)

    def succeeded(self, key: str) -> None:
        """Forget the failures of a key."""
        self._failures.pop(key, None)
