"""system: health, log, configuration, backups; for owners."""

import asyncio
import re
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import Field

from hub.api.access import Access
from hub.api.problem import Problem
from hub.api.route import Body, Call, Route, Shape
from hub.config import load
from hub.errors import ConfigError
from hub.state_dir import state_dir
from hub.store import copies

_SECRET = re.compile(r"password|secret|token|psk|pin$|key$", re.IGNORECASE)
_USER_IN_URL = re.compile(r"(?<=://)[^/@\s]+@")


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


class ConfigShape(Shape):
    """The configuration in use, defaults and the app's changes included; secrets are blanked."""

    settings: dict[str, Any]


class ConfigText(Body):
    """A configuration file to check."""

    yaml: str = Field(max_length=60_000)


class ConfigProblemShape(Shape):
    """One thing wrong."""

    line: int | None
    key: str
    message: str


class Checked(Shape):
    """Whether it is good, and everything that is not."""

    ok: bool
    problems: list[ConfigProblemShape]


class Backups(Shape):
    """Copies of people, consents, settings and members; made daily, seven are kept."""

    backups: list[str]


async def get_log(call: Call) -> dict[str, Any]:
    """The newest log lines, redacted before they were written."""
    asked = call.asked(LogQuery)
    return {
        "lines": [asdict(line) for line in call.context.log_ring.after(asked.after)][: asked.limit]
    }


async def get_config(call: Call) -> dict[str, Any]:
    """The configuration in use, without secrets."""
    plain = call.context.hub.settings.model_dump(mode="json", by_alias=True)
    return {"settings": _without_secrets(plain)}


async def check_config(call: Call) -> dict[str, Any]:
    """Check a configuration file as `moodsync check` does; nothing is changed."""
    text = call.sent(ConfigText).yaml

    def check() -> tuple[Any, ...]:
        with tempfile.TemporaryDirectory(prefix="moodsync-") as folder:
            file = Path(folder) / "hub.yaml"
            file.write_text(text)
            try:
                load(file, {})
            except ConfigError as err:
                return err.problems
        return ()

    problems = await asyncio.to_thread(check)
    shown = [{"line": p.line, "key": p.key, "message": p.message} for p in problems]
    return {"ok": not problems, "problems": shown}


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
    await hub.store.config.audit(call.identity.by, "backup made")
    return await list_backups(call)


async def restore_backup(_call: Call) -> None:
    """Restore a copy: not yet over the API; the hub restores by itself when a file is broken."""
    raise Problem(501, "not_yet", "backups are not restored over the API yet")


async def get_updates(_call: Call) -> None:
    """Whether there is a newer version: not yet."""
    raise Problem(501, "not_yet", "the hub does not look for updates yet")


def _without_secrets(data: Any, key: str = "") -> Any:
    match data:
        case dict():
            return {name: _without_secrets(value, str(name)) for name, value in data.items()}
        case list():
            return [_without_secrets(value, key) for value in data]
        case str() if data and _SECRET.search(key) and not key.endswith("_file"):
            return "[private]"
        case str():
            return _USER_IN_URL.sub("[private]@", data)
        case _:
            return data


ROUTES = (
    Route(
        *("GET", "/system/log", "The log", Access.ADMIN, get_log),
        query=LogQuery,
        answer=Log,
    ),
    Route(
        "GET", "/system/config", "The configuration", Access.ADMIN, get_config, answer=ConfigShape
    ),
    Route(
        *("POST", "/system/config/check", "Check a configuration", Access.ADMIN, check_config),
        body=ConfigText,
        answer=Checked,
    ),
    Route("GET", "/system/backups", "Backups", Access.ADMIN, list_backups, answer=Backups),
    Route(
        *("POST", "/system/backups", "Make a backup", Access.ADMIN, make_backup),
        answer=Backups,
        status=201,
        command=True,
    ),
    Route(
        *("POST", "/system/backups/{backup}/restore", "Restore (not yet: 501)", Access.ADMIN),
        restore_backup,
        status=501,
    ),
    Route(
        "GET", "/system/updates", "Updates (not yet: 501)", Access.ADMIN, get_updates, status=501
    ),
)
