"""What the radio libraries log, kept from the hub's log.

They warn at every reconnect, print whole frames, and their texts may hold network keys. What
counts is told by the driver itself; of theirs only the place is noted, once each, for debugging.
"""

import logging
from typing import Final

import structlog

log = structlog.get_logger(__name__)

LIBRARIES: Final = (
    "zigpy",
    "zigpy_znp",
    "bellows",
    "zigpy_deconz",
    "zigpy_xbee",
    "zigpy_zigate",
    "serialx",
    "aiosqlite",
)


class Chatter(logging.Handler):
    """Counts the libraries' complaints: `errors` are frames or events that they gave up on."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.warnings = 0
        self.errors = 0
        self._noted: set[tuple[str, int]] = set()

    def listen(self) -> None:
        """Take the libraries' logs from now on."""
        for name in LIBRARIES:
            logger = logging.getLogger(name)
            logger.setLevel(logging.WARNING)
            logger.propagate = False
            logger.handlers[:] = [self]
        asyncio_log = logging.getLogger("asyncio")
        for old in tuple(asyncio_log.filters):
            if isinstance(old, _Strays):
                asyncio_log.removeFilter(old)
        asyncio_log.addFilter(_Strays(self))

    def emit(self, record: logging.LogRecord) -> None:
        """See logging.Handler."""
        if record.levelno >= logging.ERROR:
            self.errors += 1
        else:
            self.warnings += 1
        place = (record.name, record.lineno)
        if place not in self._noted:
            self._noted.add(place)
            log.debug("zigbee_library", where=record.name, line=record.lineno)


class _Strays(logging.Filter):
    """Counts errors of tasks that the libraries started and nobody awaits, in place of a trace."""

    def __init__(self, chatter: Chatter) -> None:
        super().__init__()
        self._chatter = chatter

    def filter(self, record: logging.LogRecord) -> bool:
        """See logging.Filter."""
        message = record.getMessage()
        if "never retrieved" in message and any(f"/{name}/" in message for name in LIBRARIES):
            self._chatter.errors += 1
            return False
        return True
