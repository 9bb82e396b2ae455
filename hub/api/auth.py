"""Sessions: who a request comes from, and opening new ones.

A session's secret is 256 random bits; the hub keeps its SHA-256. Browsers carry it in a cookie that
no script can read and no other site can send; scripts carry it as a bearer token.
"""

import hashlib
import secrets
from dataclasses import dataclass, field

from aiohttp import web

from hub.api.access import Access, Role
from hub.api.limits import LockOut
from hub.api.problem import Problem
from hub.api.route import Identity
from hub.clock import Clock
from hub.phrase import Phrase
from hub.store.account_records import Client, Member, Session
from hub.store.accounts import Accounts

COOKIE = "__Host-moodsync"
LOCAL_COOKIE = "moodsync"
"""On http://localhost, where the prefix is not allowed."""
BROWSER = "browser"
TOKEN = "token"  # noqa: S105 - a kind, not a secret
SESSION_DAYS = 30
TOKEN_DAYS = 365
SEEN_EVERY_MS = 60_000
MAX_SESSIONS = 500
DAY_MS = 86_400_000
PROOF_LASTS_MS = 10 * 60_000
"""How long a second factor counts after it was shown."""
SECRET_BYTES = 32
MAX_SECRET_CHARS = 64


@dataclass(frozen=True, slots=True)
class Opened:
    """A new session and its secret, which is shown once."""

    session: Session
    secret: str = field(repr=False)


class Auth:
    """Asked for every request; changes go through the accounts."""

    def __init__(self, accounts: Accounts, clock: Clock) -> None:
        self.accounts = accounts
        self.lock_out = LockOut(clock.monotonic)
        self._clock = clock

    def now_ms(self) -> int:
        """Return the wall time in milliseconds."""
        return round(self._clock.wall() * 1000)

    def identify(self, request: web.Request) -> tuple[Identity | None, bool]:
        """Return who asks, None if nobody, and whether it was by cookie.

        Raises Problem (401) for a secret that is wrong, ended or malformed.
        """
        header = request.headers.get("Authorization")
        if header is not None:
            scheme, _, secret = header.partition(" ")
            if scheme.lower() != "bearer":
                raise _unauthenticated("only_bearer")
            return self._find(secret.strip(), TOKEN), False
        name = COOKIE if request.secure else LOCAL_COOKIE
        secret = request.cookies.get(name, "")
        if not secret:
            return None, False
        try:
            return self._find(secret, BROWSER), True
        except Problem:
            return None, False  # an old cookie is as good as none: the app pairs anew

    async def open(
        self,
        member: Member,
        kind: str,
        name: str,
        *,
        client: Client | None = None,
        scopes: frozenset[Access] = frozenset(),
        days: float | None = None,
    ) -> Opened:
        """Open a session; never with a secret that the caller chose. Raises Problem, StoreError."""
        if len(self.accounts.sessions) >= MAX_SESSIONS:
            raise Problem(
                409, "too_many", Phrase("refused.too_many_sessions"), Phrase("mend.end_some")
            )
        if kind == BROWSER and client is not None:
            # One browser session a device: opening another ends the one before.
            for old in [s for s in self.accounts.sessions.values() if s.client == client.id]:
                await self.accounts.drop_session(old.id, member.id)
        secret = secrets.token_urlsafe(SECRET_BYTES)
        now = self.now_ms()
        length = days or (SESSION_DAYS if kind == BROWSER else TOKEN_DAYS)
        session = Session(
            id=secrets.token_hex(8),
            hash=digest(secret),
            member=member.id,
            client=client.id if client else None,
            kind=kind,
            name=name,
            scopes=tuple(sorted(scope.value for scope in scopes)),
            since_ms=now,
            seen_ms=now,
            until_ms=now + round(length * DAY_MS),
        )
        await self.accounts.put_session(session, member.person or member.id)
        return Opened(session, secret)

    def proof_is_fresh(self, who: Identity) -> bool:
        """Say whether an owner's second factor, if they have one, was shown not long ago."""
        member = who.member
        has = member.totp is not None or any(
            key.member == member.id for key in self.accounts.passkeys.values()
        )
        return not has or self.now_ms() - who.session.proved_ms < PROOF_LASTS_MS

    async def new_member(self, name: str, role: Role, person: str | None, by: str) -> Member:
        """Add a member. Raises StoreError."""
        member = Member(secrets.token_hex(6), name, role.value, person, self.now_ms())
        await self.accounts.put_member(member, by)
        return member

    def _find(self, secret: str, kind: str) -> Identity:
        if len(secret) > MAX_SECRET_CHARS or not secret.isascii():
            raise _unauthenticated("no_session_here")
        session = self.accounts.session(digest(secret))
        now = self.now_ms()
        if session is None or session.kind != kind or session.until_ms <= now:
            raise _unauthenticated("session_ended")
        member = self.accounts.members.get(session.member)
        if member is None:
            raise _unauthenticated("member_left")
        if now - session.seen_ms > SEEN_EVERY_MS:
            self.accounts.seen(session, now)
        return Identity(member, session)


def digest(secret: str) -> bytes:
    """Return what is kept of a secret. It has 256 random bits, so no slow hash is needed."""
    return hashlib.sha256(secret.encode()).digest()


def set_cookie(request: web.Request, response: web.StreamResponse, opened: Opened) -> None:
    """Hand a browser its session."""
    response.set_cookie(
        COOKIE if request.secure else LOCAL_COOKIE,
        opened.secret,
        max_age=SESSION_DAYS * 86_400,
        path="/",
        secure=request.secure,
        httponly=True,
        samesite="Strict",
    )


def clear_cookie(request: web.Request, response: web.StreamResponse) -> None:
    """Take a browser's session away."""
    response.del_cookie(
        COOKIE if request.secure else LOCAL_COOKIE,
        path="/",
        secure=request.secure,
        httponly=True,
        samesite="Strict",
    )


def _unauthenticated(why: str) -> Problem:
    return Problem(
        401,
        "unauthenticated",
        Phrase(f"session.{why}"),
        Phrase("mend.pair_anew"),
        headers={"WWW-Authenticate": "Bearer"},
    )
