"""How much of what announces itself on a broker is remembered.

Whoever may write there may write without end, and the broker keeps it.
"""

from typing import Final

MOST: Final = 20_000
"""Announcements: some twenty each of a thousand devices."""
MOST_BYTES: Final = 32_000_000


class Kept:
    """What one family remembers, by topic."""

    def __init__(self) -> None:
        self._sizes: dict[str, int] = {}
        self._bytes = 0

    def takes(self, topic: str, size: int) -> bool:
        """Return whether an announcement of so many bytes has room, and count it if it has.

        It takes the place of the topic's last one; nothing (0 bytes) always has room.
        """
        before = self._sizes.get(topic)
        whole = self._bytes - (before or 0) + size
        if size and (whole > MOST_BYTES or (before is None and len(self._sizes) >= MOST)):
            return False
        self._bytes = whole
        if size:
            self._sizes[topic] = size
        else:
            self._sizes.pop(topic, None)
        return True
