"""sessions and members: who is let in, by which device, and how to end that."""

from dataclasses import replace
from typing import Any

from aiohttp import web
from pydantic import Field

from hub.api.access import Access, Role
from hub.api.auth import BROWSER, TOKEN, Opened, clear_cookie
from hub.api.problem import Problem
from hub.api.route import Body, Call, Route, Shape
from hub.phrase import Phrase
from hub.store.account_records import Member, Session


class MemberShape(Shape):
    """Someone who may use the app."""

    id: str
    name: str
    role: Role
    person: str | None
    since_ms: int
    second_factor: bool


class Members(Shape):
    """Everyone who may use the app."""

    members: list[MemberShape]


class SessionShape(Shape):
    """A browser's session (`browser`) or a script's (`token`)."""

    id: str
    kind: str
    name: str
    member: str
    client: str | None
    scopes: list[str]
    since_ms: int
    seen_ms: int
    until_ms: int
    current: bool


class Sessions(Shape):
    """Sessions."""

    sessions: list[SessionShape]


class Me(Shape):
    """Who asks, and what they may."""

    member: MemberShape
    session: SessionShape
    access: list[Access]


class ClientShape(Shape):
    """A paired device."""

    id: str
    member: str
    name: str
    since_ms: int


class Clients(Shape):
    """Paired devices."""

    clients: list[ClientShape]


class NewToken(Body):
    """A token for a script. Its scopes restrict it further than your role; empty: your role's."""

    name: str = Field(min_length=1, max_length=60)
    scopes: list[Access] = Field(default=[], max_length=20)
    days: int = Field(default=365, ge=1, le=3650)


class TokenShape(Shape):
    """A new token; it is shown this once."""

    token: str
    session: SessionShape


class NewMember(Body):
    """Someone new. They get in by pairing a device for them."""

    name: str = Field(min_length=1, max_length=60)
    role: Role
    person: str | None = Field(default=None, max_length=40)


class MemberChange(Body):
    """What is left out stays."""

    name: str | None = Field(default=None, min_length=1, max_length=60)
    role: Role | None = None
    person: str | None = Field(default=None, max_length=40)


async def get_me(call: Call) -> dict[str, Any]:
    """Who asks, and what they may: the app shows what this says."""
    who = call.identity
    return {
        "member": member_view(call, who.member),
        "session": session_view(call, who.session),
        "access": [access.value for access in Access if who.may(access)],
    }


async def list_sessions(call: Call) -> dict[str, Any]:
    """One's own sessions; an owner sees everyone's."""
    who = call.identity
    own = not who.may(Access.ADMIN)
    found = [
        session_view(call, session)
        for session in call.context.accounts.sessions.values()
        if not own or session.member == who.member.id
    ]
    return {"sessions": found}


async def end_session(call: Call) -> web.Response | None:
    """End one's own session or, as an owner, anyone's. It ends at once. `current` is this one."""
    who, name = call.identity, call.path["session"]
    session = who.session if name == "current" else call.context.accounts.sessions.get(name)
    if session is None or (session.member != who.member.id and not who.may(Access.ADMIN)):
        raise Problem(404, "not_found", Phrase("refused.no_such_session"))
    await call.context.accounts.drop_session(session.id, who.by)
    await call.context.ended(session.id)
    if session.id == who.session.id and session.kind == BROWSER:
        response = web.Response(status=204)
        clear_cookie(call.request, response)
        return response
    return None


async def create_token(call: Call) -> dict[str, Any]:
    """Make a token for a script; it can never do more than you."""
    sent, who = call.sent(NewToken), call.identity
    if who.session.kind == TOKEN:
        raise Problem(403, "forbidden", Phrase("refused.token_makes_none"))
    scopes = frozenset(sent.scopes)
    if not all(who.may(scope) for scope in scopes):
        raise Problem(403, "forbidden", Phrase("refused.more_than_own"))
    opened = await call.context.auth.open(
        who.member, TOKEN, sent.name, scopes=scopes, days=sent.days
    )
    return opened_view(call, opened)


async def list_clients(call: Call) -> dict[str, Any]:
    """One's own paired devices; an owner sees everyone's."""
    who = call.identity
    return {
        "clients": [
            {"id": c.id, "member": c.member, "name": c.name, "since_ms": c.since_ms}
            for c in call.context.accounts.clients.values()
            if c.member == who.member.id or who.may(Access.ADMIN)
        ]
    }


async def unpair_client(call: Call) -> None:
    """Unpair one's own device or, as an owner, anyone's; its sessions end at once."""
    who = call.identity
    client = call.context.accounts.clients.get(call.path["client"])
    if client is None or (client.member != who.member.id and not who.may(Access.ADMIN)):
        raise Problem(404, "not_found", Phrase("refused.no_such_device"))
    gone = [s.id for s in call.context.accounts.sessions.values() if s.client == client.id]
    await call.context.accounts.drop_client(client.id, who.by)
    for session in gone:
        await call.context.ended(session)


async def list_members(call: Call) -> dict[str, Any]:
    """Everyone who may use the app."""
    return {"members": [member_view(call, m) for m in call.context.accounts.members.values()]}


async def add_member(call: Call) -> dict[str, Any]:
    """Add a member; they get in by pairing a device for them."""
    sent = call.sent(NewMember)
    _check_person(call, sent.person)
    member = await call.context.auth.new_member(sent.name, sent.role, sent.person, call.identity.by)
    return member_view(call, member)


async def change_member(call: Call) -> dict[str, Any]:
    """Change a member's name, role or person. The last owner stays one."""
    sent, member = call.sent(MemberChange), _member(call)
    _check_person(call, sent.person)
    if sent.role is not None and sent.role is not Role.OWNER:
        _keep_an_owner(call, member)
    person = sent.person if "person" in sent.model_fields_set else member.person
    changed = replace(
        member,
        name=sent.name or member.name,
        role=(sent.role or Role(member.role)).value,
        person=person,
    )
    await call.context.accounts.put_member(changed, call.identity.by)
    return member_view(call, changed)


async def remove_member(call: Call) -> None:
    """Remove a member with all their devices and sessions. What was sensed stays: see erase."""
    member = _member(call)
    _keep_an_owner(call, member)
    gone = [s.id for s in call.context.accounts.sessions.values() if s.member == member.id]
    await call.context.accounts.drop_member(member.id, call.identity.by)
    for session in gone:
        await call.context.ended(session)


def member_view(call: Call, member: Member) -> dict[str, Any]:
    """Return a member without secrets."""
    keys = call.context.accounts.passkeys.values()
    return {
        "id": member.id,
        "name": member.name,
        "role": member.role,
        "person": member.person,
        "since_ms": member.since_ms,
        "second_factor": member.totp is not None or any(k.member == member.id for k in keys),
    }


def session_view(call: Call, session: Session) -> dict[str, Any]:
    """Return a session without its hash."""
    return {
        "id": session.id,
        "kind": session.kind,
        "name": session.name,
        "member": session.member,
        "client": session.client,
        "scopes": list(session.scopes),
        "since_ms": session.since_ms,
        "seen_ms": session.seen_ms,
        "until_ms": session.until_ms,
        "current": call.who is not None and call.who.session.id == session.id,
    }


def opened_view(call: Call, opened: Opened) -> dict[str, Any]:
    """Return a new token with its secret."""
    return {"token": opened.secret, "session": session_view(call, opened.session)}


def _member(call: Call) -> Member:
    member = call.context.accounts.members.get(call.path["member"])
    if member is None:
        raise Problem(404, "not_found", Phrase("refused.no_such_member"))
    return member


def _check_person(call: Call, person: str | None) -> None:
    if person is not None and person not in call.context.hub.settings.people:
        raise Problem(404, "unknown_person", Phrase("refused.no_person", name=person))


def _keep_an_owner(call: Call, member: Member) -> None:
    owners = [m for m in call.context.accounts.members.values() if m.role == Role.OWNER]
    if owners == [member]:
        raise Problem(409, "last_owner", Phrase("refused.last_owner"), Phrase("mend.make_owner"))


_MEMBER = "/members/{member}"
ROUTES = (
    Route("GET", "/sessions/current", "Who asks", Access.SESSION, get_me, answer=Me),
    Route("GET", "/sessions", "Sessions", Access.SESSION, list_sessions, answer=Sessions),
    Route(
        *("DELETE", "/sessions/{session}", "End a session", Access.SESSION, end_session),
        status=204,
    ),
    Route(
        *("POST", "/sessions/tokens", "Make a token", Access.ARRANGE, create_token),
        body=NewToken,
        answer=TokenShape,
        status=201,
        proof=True,
    ),
    Route("GET", "/clients", "Paired devices", Access.SESSION, list_clients, answer=Clients),
    Route(
        *("DELETE", "/clients/{client}", "Unpair a device", Access.SESSION, unpair_client),
        status=204,
    ),
    Route("GET", "/members", "Members", Access.SEE, list_members, answer=Members),
    Route(
        *("POST", "/members", "Add a member", Access.ADMIN, add_member),
        body=NewMember,
        answer=MemberShape,
        status=201,
        proof=True,
    ),
    Route(
        *("PATCH", _MEMBER, "Change a member", Access.ADMIN, change_member),
        body=MemberChange,
        answer=MemberShape,
        proof=True,
    ),
    Route(
        *("DELETE", _MEMBER, "Remove a member", Access.ADMIN, remove_member),
        status=204,
        proof=True,
    ),
)
