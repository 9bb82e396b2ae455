"""The newest lines of the log, in memory, for owners to read in the app."""

import logging
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hub.log import redact

KEPT = 500
MAX_CHARS = 500
_OWN = frozenset(
    {"event", "level", "timestamp", "exc_info", "_record", "_from_structlog", "logger"}
)


@dataclass(frozen=True, slots=True)
class Line:
    """One line; `fields` are short plain values."""

    seq: int
    at: str
    level: str
    event: str
    fields: Mapping[str, Any]


class LogRing(logging.Handler):
    """A handler of the standard library's logging; what reaches it is redacted already."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self._lines: deque[Line] = deque(maxlen=KEPT)
        self._seq = 0
        self.told: Callable[[Line], None] | None = None
        """Called with each new line, in the thread that logs; it must not block, raise or log."""

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line."""
        # structlog hands its event over as the record's message; others hand over a text.
        if isinstance(record.msg, dict):
            event = dict(record.msg)
        else:
            plain = {"event": record.getMessage(), "logger": record.name}
            event = dict(redact(None, "", plain))
        self._seq += 1
        shown = {key: _short(value) for key, value in event.items() if key not in _OWN}
        line = Line(
            self._seq,
            str(event.get("timestamp", "")),
            record.levelname.lower(),
            str(event.get("event", ""))[:MAX_CHARS],
            shown,
        )
        self._lines.append(line)
        if self.told is not None:
            self.told(line)

    def after(self, seq: int) -> list[Line]:
        """Return the lines after this number, oldest first."""
        return [line for line in self._lines if line.seq > seq]


def _short(value: object) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    return str(value)[:MAX_CHARS]
