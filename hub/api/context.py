"""What every handler gets: the hub, the accounts, and what they share."""

import asyncio
import hashlib
import importlib
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from aiohttp import web

from hub.api.access import Role
from hub.api.auth import Auth
from hub.api.challenges import Challenges
from hub.api.events import Events
from hub.api.hosts import Hosts
from hub.api.idempotency import Idempotency
from hub.api.limits import RateLimit
from hub.api.pairing_button import watch
from hub.api.problem import Problem
from hub.log_ring import LogRing
from hub.operations import Operations
from hub.phrase import Language, Phrase, best_language, phrase_or
from hub.store.account_records import Member
from hub.store.accounts import Accounts

if TYPE_CHECKING:
    from hub.api.admin import Admin
    from hub.api.doors import Doors
    from hub.api.tls import Tls
    from hub.app import Hub
    from hub.push.news import PushNews
    from hub.push.sender import Sender
    from sync.pairing import Window


@dataclass(slots=True)
class Context:
    """Built once, by server.py."""

    hub: "Hub"
    accounts: Accounts
    auth: Auth
    hosts: Hosts
    idempotency: Idempotency
    strangers: RateLimit
    """For those without a session, by address."""
    commands: RateLimit
    """For whatever changes something, by session."""
    challenges: Challenges
    tls: "Tls"
    link: Callable[[str], str]
    events: Events
    sender: "Sender"
    push: "PushNews"
    log_ring: LogRing
    heavy: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))
    """Held by what takes seconds of processor time: one at a time."""
    doors: "Doors | None" = None
    admin: "Admin | None" = None
    pairing: "Window | None" = None
    """The pairing window; made when it is first opened, since its library costs 9 MB."""
    pairing_turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while a device is let in."""
    pairing_for: dict[str, Any] = field(default_factory=dict)
    """For whom the window is open."""
    totp_waiting: dict[str, bytes] = field(default_factory=dict, repr=False)
    """Secrets whose first code is awaited, by session."""
    versions: dict[tuple[str, str], tuple[object, str]] = field(default_factory=dict)
    """ETags of what can be edited, by section and name, and of which entry they are."""
    version: str = field(default_factory=lambda: version("moodsync-hub"))

    def background(self) -> list[tuple[str, Callable[[], Coroutine[Any, Any, None]]]]:
        """Return what runs beside the server, by name."""
        return [
            ("events", self.events.run),
            ("push", self._push),
            ("push news", self.push.run),
            ("pairing button", partial(watch, self)),
        ]

    def language(self, request: web.Request) -> Language:
        """Return the language that a request asks for, or else the home's."""
        home = self.hub.settings.home.language
        return best_language(request.headers.get("Accept-Language", ""), home)

    async def _push(self) -> None:
        await self.push.wanted()
        await self.sender.run()

    def binding(self, *, secure: bool) -> bytes:
        """Return what a pairing is bound to: the certificate in use and the authority."""
        authority = self.tls.authority or b""
        leaf = self.tls.leaf if secure else b"localhost"
        return hashlib.sha256(leaf + authority).digest()

    async def open_pairing(
        self, whom: dict[str, Any], by: str, digits: str | None = None
    ) -> dict[str, Any]:
        """Open the pairing window for a member, or for one to be made; note who did.

        `digits` are new ones unless they are given.
        """
        member, person = whom["member"], whom["person"]
        if member is not None and member not in self.accounts.members:
            raise Problem(404, "not_found", Phrase("refused.no_such_member"))
        if person is not None and person not in self.hub.settings.people:
            raise Problem(404, "unknown_person", Phrase("refused.no_person", name=person))
        module = await asyncio.to_thread(importlib.import_module, "sync.pairing")
        async with self.pairing_turn:
            if self.pairing is None:
                self.pairing = module.Window(self.hub.clock.monotonic)
            opened = self.window().open(self.binding(secure=True), digits)
            self.pairing_for = whom | {"by": by}
        await self.hub.store.config.audit(
            by, Phrase("audit.pairing_opened"), phrase_or("role", whom["role"])
        )
        return {
            "digits": opened.digits,
            "link": self.link(f"/pair#{opened.ticket.fragment}"),
            "closes_in_s": round(opened.closes_at - self.hub.clock.monotonic(), 1),
        }

    def window(self) -> "Window":
        """Return the pairing window. Raises Problem (409) if it was never opened."""
        if self.pairing is None:
            raise Problem(409, "closed", Phrase("pairing.closed"), Phrase("mend.open_pairing"))
        return self.pairing

    async def member_to_pair(self) -> Member:
        """Return the member the window was opened for, making them if they are new."""
        whom = self.pairing_for
        known = self.accounts.members.get(whom["member"] or "")
        if known is not None:
            return known
        role, person = Role(whom["role"]), whom["person"]
        same = (m for m in self.accounts.members.values() if m.person == person is not None)
        if (found := next(same, None)) is not None:
            return found
        name = whom["name"] or (self.hub.settings.people[person].name if person else role.value)
        return await self.auth.new_member(name, role, person, whom["by"])

    async def ended(self, session: str) -> None:
        """Close what a session that was ended still has open."""
        await self.events.ended(session)

    async def close(self) -> None:
        """End what is open."""
        await self.events.close()

    def operations(self, by: str) -> Operations:
        """Return the hub's operations, noted as done by this member."""
        return self.hub.operations.noted_as(by)
