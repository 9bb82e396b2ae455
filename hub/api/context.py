"""What every handler gets: the hub, the accounts, and what they share."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from hub.api.auth import Auth
from hub.api.hosts import Hosts
from hub.api.idempotency import Idempotency
from hub.api.limits import RateLimit
from hub.operations import Operations
from hub.store.accounts import Accounts

if TYPE_CHECKING:
    from hub.api.admin import Admin
    from hub.api.doors import Doors
    from hub.app import Hub


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
    doors: "Doors | None" = None
    admin: "Admin | None" = None
    keep: list[Any] = field(default_factory=list)
    version: str = field(default_factory=lambda: version("moodsync-hub"))

    def background(self) -> list[tuple[str, Callable[[], Awaitable[None]]]]:
        """Return what runs beside the server, by name."""
        return []

    async def ended(self, session: str) -> None:
        """Close what a session that was ended still has open."""

    async def close(self) -> None:
        """End what is open."""

    def operations(self, by: str) -> Operations:
        """Return the hub's operations, noted as done by this member."""
        return self.hub.operations.noted_as(by)
