"""A log that says each thing once: what a peer sends wrongly, it sends wrongly all day."""

from typing import Final

import structlog

log = structlog.get_logger(__name__)

MOST: Final = 100
"""Different complaints in one life; more would be a peer that makes them up."""


class Complaints:
    """Logs warnings under one event name, each key once, at most `most` of them."""

    def __init__(self, event: str, most: int = MOST) -> None:
        self._event = event
        self._most = most
        self._made: set[str] = set()

    def once(self, key: str, **facts: object) -> None:
        """Log the facts unless this key was complained about before."""
        if self.is_first(key):
            log.warning(self._event, **facts)

    def is_first(self, key: str) -> bool:
        """Return whether to complain about this key, for those who log it themselves; ask once."""
        if key in self._made or len(self._made) >= self._most:
            return False
        self._made.add(key)
        return True
