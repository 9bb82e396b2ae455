"""An HTTP session for drivers whose peers speak HTTP or WebSocket."""

import socket

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from drivers.names import addresses


class _Names(AbstractResolver):
    """Looks names up in a thread that nobody waits for; aiohttp's own holds up the hub's stop."""

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_UNSPEC,  # noqa: ARG002 - all are tried
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in await addresses(host, port)
        ]

    async def close(self) -> None:
        """Nothing to close."""


def session(port: int | None = None) -> aiohttp.ClientSession:
    """Return a session; proxies of the environment do not apply, the peers are in the home.

    With `port` every request goes there, for libraries that know only the standard one.
    """

    async def redirected(
        request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        request.url = request.url.with_port(port)
        return await send(request)

    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(resolver=_Names()),
        middlewares=() if port is None else (redirected,),
    )
