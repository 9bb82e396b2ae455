"""The API as a service of the hub. Nothing heavy is imported before the house works.

aiohttp and the certificates' library take 0.3 s of processor time to import: the first answer of
the house to a mood or a switch comes first.
"""

import asyncio
import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, cast

from drivers.imports import load
from hub.errors import Refusal
from hub.phrase import Phrase
from hub.supervisor import Service

if TYPE_CHECKING:
    from hub.app import Hub

FIRST_WAIT_S = 2.0
"""Longest wait for the house's first action; without one there is no hurry either."""


class _Server(Protocol):
    async def run(self, service: Service, up: Callable[[], None]) -> None: ...
    def address(self) -> dict[str, Any] | None: ...
    async def ask(self, what: str, data: dict[str, Any]) -> dict[str, Any]: ...


class ApiService:
    """Waits, imports in a thread, serves until cancelled."""

    def __init__(self, hub: "Hub") -> None:
        self._hub = hub
        self._server: _Server | None = None
        self._up = asyncio.Event()

    def address(self) -> dict[str, Any] | None:
        """Return where the API answers; None while it does not."""
        return None if self._server is None else self._server.address()

    async def up(self) -> dict[str, Any]:
        """Wait until the API answers and return where."""
        while (where := self.address()) is None:
            await self._up.wait()
            self._up.clear()
        return where

    async def ask(self, what: str, data: dict[str, Any]) -> dict[str, Any]:
        """Do one of the command line's operations on accounts and pairing."""
        if self._server is None or self._server.address() is None:
            raise Refusal(
                "api_off",
                Phrase("refused.api_off"),
                Phrase("mend.api_off"),
            )
        return await self._server.ask(what, data)

    async def run(self, service: Service) -> None:
        """Serve until cancelled."""
        await self._after_the_house_works()
        module = await asyncio.to_thread(load, "hub.api.server")
        server = cast("_Server", module.ApiServer(self._hub))
        self._server = server
        try:
            await server.run(service, self._up.set)
        finally:
            self._server = None

    async def _after_the_house_works(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FIRST_WAIT_S):
                await self._hub.counters.acted.wait()
