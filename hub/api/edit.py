"""Editing rooms, scenes and rules by the app: versions, so that nobody's edit is lost unseen."""

import re

from pydantic import BaseModel

from hub.api.answer import check_match, etag_of
from hub.api.problem import Problem
from hub.api.route import Call
from hub.edits import Section
from hub.phrase import Phrase

_NAME = re.compile(r"^[a-z][a-z0-9_]{0,39}$")


def version_of(call: Call, section: Section, name: str) -> str:
    """Return the ETag of an entry as it stands. Raises Problem (404)."""
    entry: BaseModel | None = getattr(call.context.hub.settings, section).get(name)
    if entry is None:
        raise Problem(404, "not_found", Phrase("refused.no_entry", name=name, section=section))
    known = call.context.versions.get((section, name))
    if known is None or known[0] is not entry:  # an entry never changes, another takes its place
        known = entry, etag_of(entry.model_dump_json(by_alias=True))
        call.context.versions[section, name] = known
    return known[1]


async def put_entry(call: Call, section: Section, name: str, entry: BaseModel) -> None:
    """Add an entry, or replace the version that the caller has seen. Raises Problem."""
    hub = call.context.hub
    if not _NAME.match(name):
        raise Problem(422, "invalid", Phrase("refused.bad_id"))
    async with hub.edits.lock:
        if name in getattr(hub.settings, section):
            check_match(call.request, version_of(call, section, name))
        elif "If-Match" in call.request.headers:
            raise Problem(412, "changed", Phrase("refused.removed_meanwhile"))
        await hub.edits.put(hub.settings, section, name, entry, call.identity.by)


async def remove_entry(call: Call, section: Section, name: str) -> None:
    """Remove the version of an entry that the caller has seen. Raises Problem."""
    hub = call.context.hub
    async with hub.edits.lock:
        check_match(call.request, version_of(call, section, name))
        await hub.edits.remove(hub.settings, section, name, call.identity.by)
