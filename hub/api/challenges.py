"""One-time challenges that wait for a signature; in memory, short-lived, bounded."""

import hmac
from collections import OrderedDict
from collections.abc import Callable

LASTS_S = 60.0
MOST = 256


class Challenges:
    """By who was given one: a device's id or a member's, with a purpose."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._waiting: OrderedDict[bytes, tuple[str, float]] = OrderedDict()

    def add(self, who: str, challenge: bytes) -> float:
        """Remember a challenge; return how many seconds it is good."""
        self._waiting[challenge] = (who, self._now() + LASTS_S)
        if len(self._waiting) > MOST:
            self._waiting.popitem(last=False)
        return LASTS_S

    def take(self, who: str, challenge: bytes) -> bool:
        """Say whether this was given to them and is still good; it is not good twice."""
        found = self._waiting.pop(challenge, None)
        if found is None:
            return False
        given_to, until = found
        return hmac.compare_digest(given_to.encode(), who.encode()) and self._now() < until
