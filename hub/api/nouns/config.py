"""system/config: the configuration in use, checking one, and the app's own overlay as text."""

import asyncio
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import Field

from hub.api.access import Access
from hub.api.answer import check_match, etag_of
from hub.api.problem import Problem
from hub.api.route import Body, Call, Reply, Route, Shape
from hub.config import load
from hub.errors import ConfigError
from hub.phrase import Phrase
from hub.redact import without_secrets


class ConfigShape(Shape):
    """The configuration in use, defaults and the app's changes included; secrets are blanked."""

    settings: dict[str, Any]


class ConfigText(Body):
    """A configuration as YAML."""

    yaml: str = Field(max_length=60_000)


class ConfigProblemShape(Shape):
    """One thing wrong. `line` counts from 1; None where no line is at fault."""

    line: int | None
    key: str
    message: str


class Checked(Shape):
    """Whether it is good, and everything that is not."""

    ok: bool
    problems: list[ConfigProblemShape]


class Overlay(Shape):
    """What the app has changed over the household's own file, as the text of `edits.yaml`.

    It may hold rooms, scenes, rules (whole entries by name; null removes one), guards, the home's
    name, and for how long the store keeps records.
    """

    yaml: str
    etag: str


async def get_config(call: Call) -> dict[str, Any]:
    """The configuration in use, without secrets."""
    plain = call.context.hub.settings.model_dump(mode="json", by_alias=True)
    return {"settings": without_secrets(plain)}


async def check_config(call: Call) -> dict[str, Any]:
    """Check a configuration file as `moodsync check` does; nothing is changed."""
    text = call.sent(ConfigText).yaml

    def check() -> tuple[Any, ...]:
        with tempfile.TemporaryDirectory(prefix="moodsync-") as folder:
            file = Path(folder) / "hub.yaml"
            file.write_text(text, encoding="utf-8")
            try:
                load(file, {})
            except ConfigError as err:
                return err.problems
        return ()

    problems = await asyncio.to_thread(check)
    shown = [{"line": p.line, "key": p.key, "message": p.message} for p in problems]
    return {"ok": not problems, "problems": shown}


async def get_overlay(call: Call) -> Reply:
    """The overlay, for an editor."""
    text = await asyncio.to_thread(call.context.hub.edits.text)
    tag = etag_of(text)
    return Reply({"yaml": text, "etag": tag}, etag=tag)


async def put_overlay(call: Call) -> Reply:
    """Replace the overlay if it is good together with the household's file; needs If-Match.

    What is wrong with it is answered as `errors`, each with its key and line. It can be undone
    like any other change.
    """
    hub, text = call.context.hub, call.sent(ConfigText).yaml
    read: Callable[[], Any] | None = hub.read_settings
    if read is None:
        raise Problem(501, "not_yet", Phrase("refused.no_config_file"))
    async with hub.edits.lock:
        check_match(call.request, etag_of(await asyncio.to_thread(hub.edits.text)))
        await hub.edits.put_text(read, text, call.identity.by)
    return await get_overlay(call)


_OVERLAY = "/system/config/overlay"
ROUTES = (
    Route(
        "GET", "/system/config", "The configuration", Access.ADMIN, get_config, answer=ConfigShape
    ),
    Route(
        *("POST", "/system/config/check", "Check a configuration", Access.ADMIN, check_config),
        body=ConfigText,
        answer=Checked,
    ),
    Route(
        *("GET", _OVERLAY, "The app's changes as text", Access.ADMIN, get_overlay),
        answer=Overlay,
        etag=True,
    ),
    Route(
        *("PUT", _OVERLAY, "Change that text", Access.ADMIN, put_overlay),
        body=ConfigText,
        answer=Overlay,
        etag=True,
        proof=True,
    ),
)
