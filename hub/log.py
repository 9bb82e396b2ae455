"""Logging: one line an event, to standard error; journald or a file takes it from there.

Moods, texts and secrets are never logged. Fields with a telling name are blanked all the same, so
that one careless line does not publish what somebody said.
"""

import logging
import re
import sys
from typing import Literal

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

_PRIVATE = re.compile(
    r"password|secret|token|credential|^text$|^said$|valence|arousal|^mood$|^label$", re.IGNORECASE
)
_TRACES = structlog.processors.ExceptionRenderer(
    structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
)
"""Local variables of a failed call may hold what somebody said, so they stay out of the log."""
_USER_IN_URL = re.compile(r"(?<=://)[^/@\s]+@")


def set_up(level: str = "info", style: Literal["auto", "json", "console"] = "auto") -> None:
    """Configure structlog and the standard library's logging alike."""
    json = style == "json" or (style == "auto" and not sys.stderr.isatty())
    shared: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        redact,
    ]
    renderer: Processor = (
        structlog.processors.JSONRenderer()
        if json
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    )
    traces: list[Processor] = [_TRACES] if json else []
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *traces,
                renderer,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    # The libraries' own chatter interests only when something is wrong.
    root.setLevel(logging.WARNING if level != "debug" else logging.DEBUG)
    for ours in ("hub", "drivers", "models", "sync"):
        logging.getLogger(ours).setLevel(level.upper())


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Blank private fields, and the user and password inside addresses."""
    for key, value in event.items():
        if key != "event" and _PRIVATE.search(key):
            event[key] = "[private]"
        elif isinstance(value, str) and "@" in value:
            event[key] = _USER_IN_URL.sub("[private]@", value)
    return event
