"""privacy: pause everything, guests, what is kept and for how long, export, erase, audit."""

import asyncio
import io
import tempfile
import zipfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiohttp import web
from pydantic import Field

from hub.api.access import Access
from hub.api.nouns.people import may_decide_for
from hub.api.problem import Problem
from hub.api.route import Body, Call, Route, Shape
from hub.phrase import Phrase, phrase_or
from hub.types import PersonId

if TYPE_CHECKING:
    from hub.app import Hub


class PrivacyShape(Shape):
    """Whether everything is paused, and for how long things are kept."""

    privacy: bool
    guests: bool
    keep_readings_days: float
    keep_moods_days: float
    leaves_the_house: list[str]
    """What is sent to others, in plain words; empty means nothing."""


class PrivacyChange(Body):
    """What is left out stays."""

    privacy: bool | None = None
    guests: bool | None = None


class Whose(Body):
    """Whose records."""

    person: str = Field(max_length=40)


class Erase(Body):
    """Whose records to erase for good; `confirm` repeats the person's id."""

    person: str = Field(max_length=40)
    confirm: str = Field(max_length=40)


class Count(Shape):
    """How many records there are of a person, by file of their export."""

    person: str
    files: dict[str, int]


class ErasedShape(Shape):
    """What was erased; `traces` is 0 when a search of the files found nothing left."""

    person: str
    erased: dict[str, int]
    files_checked: int
    traces: int


class AuditShape(Shape):
    """Who did what."""

    at_ms: int
    actor: str
    action: str
    detail: str
    who: str
    """Who it was, as people call them."""


class Audit(Shape):
    """The audit log, newest first."""

    entries: list[AuditShape]


class ConsentEntryShape(Shape):
    """One entry of the log of consents."""

    at_ms: int
    person: str
    sense: str
    given: bool
    by: str


class ConsentLog(Shape):
    """The log of consents, newest first."""

    entries: list[ConsentEntryShape]


class Last(Body):
    """How many entries."""

    limit: int = Field(default=100, ge=1, le=1000)


async def get_privacy(call: Call) -> dict[str, Any]:
    """Privacy mode, guests, retention."""
    hub = call.context.hub
    return {
        "privacy": hub.permission.privacy,
        "guests": hub.store.config.guests,
        "keep_readings_days": hub.settings.store.keep_readings_days,
        "keep_moods_days": hub.settings.store.keep_moods_days,
        "leaves_the_house": [*hub.share.leaves(), *_pushed(hub)],
    }


async def change_privacy(call: Call) -> dict[str, Any]:
    """Pause or resume. Anybody may pause; guests may not resume what somebody else paused."""
    sent, operations = call.sent(PrivacyChange), call.context.operations(call.identity.by)
    resumes = sent.privacy is False or sent.guests is False
    if resumes and not call.identity.may(Access.CONSENT):
        raise Problem(403, "forbidden", Phrase("refused.only_residents_resume"))
    if sent.privacy is not None:
        await operations.ask("privacy", on=sent.privacy)
    if sent.guests is not None:
        await operations.ask("guests", on=sent.guests)
    return await get_privacy(call)


def _pushed(hub: "Hub") -> list[str]:
    count = len({one.member for one in hub.store.accounts.push.values()})
    return [f"push messages to browsers of {count} who asked for them"] if count else []


async def count_records(call: Call) -> dict[str, Any]:
    """How many records of a person there are: what an erase would take."""
    person = _mine(call, call.sent(Whose).person)
    with tempfile.TemporaryDirectory(prefix="moodsync-") as folder:
        found = await call.context.operations(call.identity.by).ask(
            "export", person=person, out=str(Path(folder) / "export")
        )
    return {"person": person, "files": found["files"]}


async def export_records(call: Call) -> web.Response:
    """Everything about a person, as JSON and CSV in a zip."""
    person = _mine(call, call.sent(Whose).person)
    with tempfile.TemporaryDirectory(prefix="moodsync-") as folder:
        out = Path(folder) / "export"
        await call.context.operations(call.identity.by).ask("export", person=person, out=str(out))
        packed = await asyncio.to_thread(_pack, out)
    return web.Response(
        body=packed,
        content_type="application/zip",
        headers={"Content-Disposition": f'attachment; filename="moodsync-{person}.zip"'},
    )


async def erase_records(call: Call) -> dict[str, Any]:
    """Erase a person for good, their membership included, and prove that nothing is left."""
    sent = call.sent(Erase)
    person = _mine(call, sent.person)
    if sent.confirm != sent.person:
        raise Problem(422, "not_confirmed", Phrase("refused.not_confirmed"))
    accounts = call.context.accounts
    members = {m.id for m in accounts.members.values() if m.person == person}
    sessions = [s.id for s in accounts.sessions.values() if s.member in members]
    answer = await call.context.operations(call.identity.by).ask("erase", person=person)
    for session in sessions:
        await call.context.ended(session)
    return answer


async def get_audit(call: Call) -> dict[str, Any]:
    """Who did what; every adult may read it."""
    found = await call.context.hub.store.config.audit_log(call.asked(Last).limit)
    entries = [asdict(one) | {"who": _called(call, one.actor)} for one in found]
    for entry in entries:  # a member's id says nothing to people
        entry["detail"] = _member(call, entry["detail"]) or entry["detail"]
    return {"entries": entries}


async def get_consent_log(call: Call) -> dict[str, Any]:
    """When who agreed to what, by whom it was entered."""
    found = await call.context.hub.store.consent.log(None, call.asked(Last).limit)
    return {"entries": [asdict(one) for one in found]}


def _called(call: Call, actor: str) -> str:
    person = call.context.hub.settings.people.get(actor)
    known = person.name if person else _member(call, actor)
    return known or phrase_or("actor", actor.replace(" ", "_"), actor)


def _member(call: Call, name: str) -> str:
    member = call.context.accounts.members.get(name)
    return member.name if member else ""


def _mine(call: Call, person: str) -> PersonId:
    if not may_decide_for(call, person):
        raise Problem(403, "forbidden", Phrase("refused.not_yours_to_decide"))
    hub = call.context.hub
    known = {*hub.settings.people, *(one.id for one in hub.store.config.people())}
    if person not in known:
        raise Problem(404, "unknown_person", Phrase("refused.no_person", name=person))
    return PersonId(person)


def _pack(folder: Path) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                archive.write(file, file.relative_to(folder))
    return packed.getvalue()


ROUTES = (
    Route(
        "GET", "/privacy", "Privacy mode, retention", Access.SEE, get_privacy, answer=PrivacyShape
    ),
    Route(
        *("PATCH", "/privacy", "Pause or resume", Access.PAUSE, change_privacy),
        body=PrivacyChange,
        answer=PrivacyShape,
    ),
    Route(
        *("POST", "/privacy/counts", "What an erase would take", Access.RIGHTS, count_records),
        body=Whose,
        answer=Count,
    ),
    Route(
        *("POST", "/privacy/exports", "Export everything of a person", Access.RIGHTS),
        export_records,
        body=Whose,
        answer=str,
        media="application/zip",
        limit_s=120,
    ),
    Route(
        *("POST", "/privacy/erasures", "Erase a person", Access.RIGHTS, erase_records),
        body=Erase,
        answer=ErasedShape,
        limit_s=600,
        proof=True,
    ),
    Route(
        *("GET", "/privacy/audit", "Who did what", Access.AUDIT, get_audit),
        query=Last,
        answer=Audit,
    ),
    Route(
        *("GET", "/privacy/consents", "The log of consents", Access.AUDIT, get_consent_log),
        query=Last,
        answer=ConsentLog,
    ),
)
