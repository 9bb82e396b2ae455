"""A log that says each thing once: what a peer sends wrongly, it sends wrongly all day."""

from typing import Final

import structlog

log = structlog.get_logger(__name__)

MOST: Final = 100
"""Different complaints in one life; more would be a peer that makes them up."""


class Complaints:
    """Logs warnings under one event name, each key once, at most `MOST`."""

    def __init__(self, event: str) -> None:
        self._event = event
        self._made: set[str] = set()

    def once(self, key: str, **facts: object) -> None:
        """Log the facts unless this key was complained about before."""
        if key not in self._made and len(self._made) < MOST:
            self._made.add(key)
            log.warning(self._event, **facts)
