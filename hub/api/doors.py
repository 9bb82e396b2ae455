"""The limits of connections: how many, how many of one address, how long until a first request."""

import asyncio
from collections import Counter

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

MOST = 600
MOST_OF_ONE = 300
FIRST_REQUEST_S = 10.0


class Doors:
    """Watches one aiohttp server's connections. `refused` counts those that were one too many."""

    def __init__(self, server: web.Server) -> None:
        self.refused = 0
        self.slow = 0
        self._open: dict[RequestHandler, str] = {}
        self._by_address: Counter[str] = Counter()
        self._asked: set[RequestHandler] = set()
        self._made, self._lost = server.connection_made, server.connection_lost
        # aiohttp tells its server of each connection by these two and offers no other hook.
        setattr(server, "connection_made", self._connection_made)  # noqa: B010
        setattr(server, "connection_lost", self._connection_lost)  # noqa: B010

    def __len__(self) -> int:
        return len(self._open)

    def asked(self, handler: RequestHandler) -> None:
        """Note that a connection has sent a whole request."""
        if handler in self._open:
            self._asked.add(handler)

    def _connection_made(self, handler: RequestHandler, transport: asyncio.Transport) -> None:
        self._made(handler, transport)
        peer = transport.get_extra_info("peername")
        address = str(peer[0]) if peer else ""
        if len(self._open) >= MOST or self._by_address[address] >= MOST_OF_ONE:
            self.refused += 1
            transport.abort()
            return
        self._open[handler] = address
        self._by_address[address] += 1
        asyncio.get_running_loop().call_later(FIRST_REQUEST_S, self._has_it_asked, handler)

    def _connection_lost(self, handler: RequestHandler, err: BaseException | None = None) -> None:
        self._lost(handler, err)
        self._asked.discard(handler)
        address = self._open.pop(handler, None)
        if address is not None:
            self._by_address[address] -= 1
            if not self._by_address[address]:
                del self._by_address[address]

    def _has_it_asked(self, handler: RequestHandler) -> None:
        if handler in self._open and handler not in self._asked:
            self.slow += 1
            transport = handler.transport
            if transport is not None:
                transport.abort()
