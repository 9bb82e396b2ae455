"""system: log, metrics, version, backups; for owners."""

import asyncio
import platform
from dataclasses import asdict
from typing import Any, Literal

from aiohttp import web
from pydantic import Field

from hub.api import metrics
from hub.api.access import Access
from hub.api.route import Body, Call, Route, Shape
from hub.phrase import Phrase
from hub.state_dir import state_dir
from hub.store import copies


class LogLine(Shape):
    """One line of the log. It never holds moods, texts or secrets."""

    seq: int
    at: str
    level: str
    event: str
    fields: dict[str, Any]


class Log(Shape):
    """The newest lines, oldest first; ask again with `after` set to the last `seq`."""

    lines: list[LogLine]


class LogQuery(Body):
    """Lines after this one, of this level or above."""

    after: int = Field(default=0, ge=0)
    limit: int = Field(default=200, ge=1, le=500)


class Backups(Shape):
    """Copies of people, consents, settings and members; made daily, seven are kept."""

    backups: list[str]


class Updates(Shape):
    """What runs, and whether a newer version is known: never, as the hub does not look."""

    version: str
    python: str
    newer: Literal["unknown"]
    why: str


async def get_log(call: Call) -> dict[str, Any]:
    """The newest log lines, redacted before they were written."""
    asked = call.asked(LogQuery)
    return {
        "lines": [asdict(line) for line in call.context.log_ring.after(asked.after)][: asked.limit]
    }


async def list_backups(call: Call) -> dict[str, Any]:
    """The copies there are, oldest first."""
    folder = state_dir(call.context.hub.settings.store)
    found = await asyncio.to_thread(copies.existing, folder)
    return {"backups": [path.name for path in found]}


async def make_backup(call: Call) -> dict[str, Any]:
    """Make a copy now."""
    hub = call.context.hub
    folder = state_dir(hub.settings.store)
    await hub.store.config.writer.run(lambda conn: copies.make(conn, folder))
    await hub.store.config.audit(call.identity.by, Phrase("audit.backup_made"))
    return await list_backups(call)


async def get_metrics(call: Call) -> web.StreamResponse:
    """Counters in Prometheus' text format, for a token with the scope `metrics`. No moods."""
    shown = metrics.text(metrics.collect(call.context))
    return web.Response(text=shown, headers={"Content-Type": metrics.CONTENT_TYPE})


async def get_updates(call: Call) -> dict[str, Any]:
    """Which version runs. The hub asks nobody for newer ones, so it knows of none."""
    return {
        "version": call.context.version,
        "python": platform.python_version(),
        "newer": "unknown",
        "why": Phrase("service.no_updates"),
    }


ROUTES = (
    Route(
        *("GET", "/system/log", "The log", Access.ADMIN, get_log),
        query=LogQuery,
        answer=Log,
    ),
    Route("GET", "/system/backups", "Backups", Access.ADMIN, list_backups, answer=Backups),
    Route(
        *("POST", "/system/backups", "Make a backup", Access.ADMIN, make_backup),
        answer=Backups,
        status=201,
        command=True,
    ),
    Route(
        *("GET", "/system/metrics", "Counters for Prometheus", Access.METRICS, get_metrics),
        answer=str,
        media="text/plain",
    ),
    Route("GET", "/system/updates", "What runs", Access.ADMIN, get_updates, answer=Updates),
)
