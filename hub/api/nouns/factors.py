"""factors: an owner's second factor, by authenticator app or passkey.

Where there is one, what changes who is let in needs it shown within the last ten minutes.
"""

import asyncio
import importlib
import json
import secrets
from dataclasses import replace
from types import ModuleType
from typing import Any

from pydantic import Field

from hub.api import totp
from hub.api.access import Access
from hub.api.hosts import host_of
from hub.api.problem import Problem, locked
from hub.api.qr import qr_rows
from hub.api.route import Body, Call, Identity, Route, Shape
from hub.phrase import Phrase
from hub.store.account_records import Passkey
from sync.base64url import b64, unb64

MAX_PASSKEYS = 10
REGISTER, SHOW = "register ", "show "


class FactorsShape(Shape):
    """One's second factors, and whether one was shown lately."""

    totp: bool
    passkeys: list[dict[str, Any]]
    fresh: bool


class TotpShape(Shape):
    """A new secret for an authenticator app; it counts once a code of it was sent back."""

    uri: str
    qr: list[str]
    """The uri as a QR code: rows of modules, `1` is dark."""


class Code(Body):
    """Six digits."""

    code: str = Field(pattern=r"^\d{6}$")


class Options(Shape):
    """What the browser's `navigator.credentials` is given (JSON form of WebAuthn level 3)."""

    options: dict[str, Any]


class NewPasskey(Body):
    """What the browser made of the options: `credential.toJSON()`."""

    name: str = Field(min_length=1, max_length=60)
    credential: dict[str, Any]


class ShownPasskey(Body):
    """What the browser made of the options: `credential.toJSON()`."""

    credential: dict[str, Any]


async def get_factors(call: Call) -> dict[str, Any]:
    """One's second factors."""
    who, context = call.identity, call.context
    return {
        "totp": context.accounts.members[who.member.id].totp is not None,
        "passkeys": [
            {"id": b64(key.id), "name": key.name, "since_ms": key.since_ms}
            for key in context.accounts.passkeys.values()
            if key.member == who.member.id
        ],
        "fresh": context.auth.proof_is_fresh(who),
    }


async def begin_totp(call: Call) -> dict[str, Any]:
    """Make a secret for an authenticator app; shown this once."""
    who, secret = call.identity, totp.new_secret()
    call.context.totp_waiting[who.session.id] = secret
    home = call.context.hub.settings.home.name
    uri = totp.uri(secret, home, who.member.name)
    return {"uri": uri, "qr": await qr_rows(uri)}


async def finish_totp(call: Call) -> dict[str, Any]:
    """Turn the authenticator app on with its first code."""
    who, context = call.identity, call.context
    secret = context.totp_waiting.get(who.session.id)
    if secret is None:
        raise Problem(409, "conflict", Phrase("refused.no_secret"))
    step = _check_code(call, who, secret, 0, call.sent(Code).code)
    del context.totp_waiting[who.session.id]
    member = replace(context.accounts.members[who.member.id], totp=secret, totp_step=step)
    await context.accounts.put_member(member, who.by)
    context.accounts.proved(who.session, context.auth.now_ms())
    return await get_factors(_as_now(call))


async def remove_totp(call: Call) -> None:
    """Turn the authenticator app off."""
    who, context = call.identity, call.context
    member = replace(context.accounts.members[who.member.id], totp=None)
    await context.accounts.put_member(member, who.by)


async def show_totp(call: Call) -> dict[str, Any]:
    """Show the second factor with a code; each code is good once."""
    who, context = call.identity, call.context
    member = context.accounts.members[who.member.id]
    if member.totp is None:
        raise Problem(409, "conflict", Phrase("refused.no_totp"))
    step = _check_code(call, who, member.totp, member.totp_step, call.sent(Code).code)
    await context.accounts.put_member(replace(member, totp_step=step), who.by)
    context.accounts.proved(who.session, context.auth.now_ms())
    return await get_factors(_as_now(call))


async def begin_passkey(call: Call) -> dict[str, Any]:
    """Options to make a passkey."""
    who, context = call.identity, call.context
    mine = _own_passkeys(call)
    if len(mine) >= MAX_PASSKEYS:
        raise Problem(409, "too_many", Phrase("refused.too_many_passkeys"))
    lib = await _library()
    options = lib.making_options(
        _rp(call),
        context.hub.settings.home.name,
        who.member,
        _challenge(call, REGISTER),
        mine,
    )
    return {"options": options}


async def finish_passkey(call: Call) -> dict[str, Any]:
    """Keep a passkey that the browser has made."""
    who, context, sent = call.identity, call.context, call.sent(NewPasskey)
    challenge = _take(call, REGISTER, sent.credential)
    lib = await _library()
    name, public, uses = await asyncio.to_thread(
        lib.made, sent.credential, challenge, _rp(call), _origin(call)
    )
    key = Passkey(name, who.member.id, sent.name, public, uses, context.auth.now_ms())
    if key.id in context.accounts.passkeys:
        raise Problem(409, "conflict", Phrase("refused.passkey_known"))
    await context.accounts.put_passkey(key, who.by)
    context.accounts.proved(who.session, context.auth.now_ms())
    return await get_factors(_as_now(call))


async def remove_passkey(call: Call) -> None:
    """Remove a passkey of one's own."""
    who, context = call.identity, call.context
    for key in context.accounts.passkeys.values():
        if b64(key.id) == call.path["passkey"] and key.member == who.member.id:
            await context.accounts.drop_passkey(key.id, who.by)
            return
    raise Problem(404, "not_found", Phrase("refused.no_such_passkey"))


async def ask_passkey(call: Call) -> dict[str, Any]:
    """Options to show a passkey."""
    mine = _own_passkeys(call)
    if not mine:
        raise Problem(409, "conflict", Phrase("refused.no_passkey"))
    lib = await _library()
    return {"options": lib.showing_options(_rp(call), _challenge(call, SHOW), mine)}


async def show_passkey(call: Call) -> dict[str, Any]:
    """Show the second factor with a passkey."""
    who, context, sent = call.identity, call.context, call.sent(ShownPasskey)
    _check_lock(call, who)
    challenge = _take(call, SHOW, sent.credential)
    lib = await _library()
    try:
        key, uses = await asyncio.to_thread(
            lib.shown, sent.credential, challenge, _rp(call), _origin(call), _own_passkeys(call)
        )
    except Problem:
        context.auth.lock_out.failed(_lock(who))
        raise
    await context.accounts.put_passkey(replace(key, uses=uses), who.by)
    context.accounts.proved(who.session, context.auth.now_ms())
    return await get_factors(_as_now(call))


def _check_code(call: Call, who: Identity, secret: bytes, last_step: int, code: str) -> int:
    _check_lock(call, who)
    lock_out = call.context.auth.lock_out
    step = totp.check(secret, code, call.context.hub.clock.wall(), last_step)
    if step is None:
        lock_out.failed(_lock(who))
        raise Problem(403, "wrong_code", Phrase("refused.wrong_code"))
    lock_out.succeeded(_lock(who))
    return step


def _check_lock(call: Call, who: Identity) -> None:
    """Raise Problem (429) for a while after too many wrong codes and passkeys."""
    wait_s = call.context.auth.lock_out.locked_s(_lock(who))
    if wait_s:
        raise locked(wait_s, Phrase("refused.locked_codes"))


async def _library() -> ModuleType:
    """Return hub.api.passkeys; its first import takes half a second, so a thread does it."""
    return await asyncio.to_thread(importlib.import_module, "hub.api.passkeys")


def _own_passkeys(call: Call) -> list[Passkey]:
    member = call.identity.member.id
    return [key for key in call.context.accounts.passkeys.values() if key.member == member]


def _lock(who: Identity) -> str:
    return f"second factor of {who.member.id}"


def _challenge(call: Call, purpose: str) -> bytes:
    challenge = secrets.token_bytes(32)
    call.context.challenges.add(purpose + call.identity.session.id, challenge)
    return challenge


def _take(call: Call, purpose: str, credential: dict[str, Any]) -> bytes:
    """Return the challenge that a credential answers, if it was ours and is still good."""
    try:
        signed = unb64(str(credential["response"]["clientDataJSON"]))
        challenge = unb64(str(json.loads(signed)["challenge"]))
    except (ValueError, KeyError, TypeError, RecursionError) as err:
        raise Problem(422, "bad_passkey", Phrase("refused.no_passkey_answer")) from err
    if not call.context.challenges.take(purpose + call.identity.session.id, challenge):
        raise Problem(403, "bad_passkey", Phrase("refused.passkey_stale"))
    return challenge


def _rp(call: Call) -> str:
    return host_of(call.request) or "localhost"


def _origin(call: Call) -> str:
    return f"{call.request.scheme}://{call.request.headers['Host']}"


def _as_now(call: Call) -> Call:
    """Return the call with member and session as they are after a change."""
    who, accounts = call.identity, call.context.accounts
    call.who = Identity(accounts.members[who.member.id], accounts.sessions[who.session.id])
    return call


_TOTP, _KEYS = "/factors/totp", "/factors/passkeys"
ROUTES = (
    Route(
        *("GET", "/factors", "One's second factors", Access.ADMIN, get_factors),
        answer=FactorsShape,
    ),
    Route(
        *("POST", _TOTP, "Set up an authenticator app", Access.ADMIN, begin_totp),
        answer=TotpShape,
        status=201,
        proof=True,
    ),
    Route(
        *("PUT", _TOTP, "Turn it on by its first code", Access.ADMIN, finish_totp),
        body=Code,
        answer=FactorsShape,
        proof=True,
    ),
    Route("DELETE", _TOTP, "Turn it off", Access.ADMIN, remove_totp, status=204, proof=True),
    Route(
        *("POST", f"{_TOTP}/proof", "Show it", Access.ADMIN, show_totp),
        body=Code,
        answer=FactorsShape,
    ),
    Route(
        *("POST", f"{_KEYS}/options", "Options to make a passkey", Access.ADMIN, begin_passkey),
        answer=Options,
        proof=True,
    ),
    Route(
        *("POST", _KEYS, "Keep a passkey", Access.ADMIN, finish_passkey),
        body=NewPasskey,
        answer=FactorsShape,
        status=201,
        proof=True,
    ),
    Route(
        *("DELETE", f"{_KEYS}/{{passkey}}", "Remove a passkey", Access.ADMIN, remove_passkey),
        status=204,
        proof=True,
    ),
    Route(
        *("POST", f"{_KEYS}/proof/options", "Options to show one", Access.ADMIN, ask_passkey),
        answer=Options,
    ),
    Route(
        *("POST", f"{_KEYS}/proof", "Show a passkey", Access.ADMIN, show_passkey),
        body=ShownPasskey,
        answer=FactorsShape,
    ),
)
