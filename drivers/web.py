"""An HTTP session for drivers whose peers speak HTTP or WebSocket.

A peer may be anything that got hold of the address: it is not followed to where it points, and not
listened to for longer than a device has to say. Nothing is unpacked: some kilobytes could become
gigabytes.
"""

import socket
from http import HTTPStatus
from typing import Final

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from drivers.names import addresses

MOST_BYTES: Final = 1_000_000
"""Of one answer. The longest, a WLED controller's lists of effects and palettes, is a tenth."""


class Untrusted(aiohttp.ClientError):
    """The answer has no end, or points elsewhere."""


class Names(AbstractResolver):
    """Looks names up in a thread that nobody waits for; aiohttp's own holds up the hub's stop."""

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_UNSPEC,  # noqa: ARG002 - all are tried
    ) -> list[ResolveResult]:
        """See AbstractResolver."""
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


def session(
    port: int | None = None, cookies: aiohttp.CookieJar | None = None
) -> aiohttp.ClientSession:
    """Return a session; proxies of the environment do not apply, the peers are in the home.

    With `port` every request goes there, for libraries that know only the standard one.
    """

    async def guarded(
        request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        if port is not None:
            request.url = request.url.with_port(port)
        answer = await send(request)
        try:
            await read_whole(answer)
        except BaseException:
            answer.close()
            raise
        return answer

    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(resolver=Names()),
        cookie_jar=cookies,
        headers={"Accept-Encoding": "identity"},
        auto_decompress=False,
        middlewares=(guarded,),
    )


async def read_whole(answer: aiohttp.ClientResponse, most: int = MOST_BYTES) -> None:
    """Read an answer to its end, if it has one within so many bytes. Raises Untrusted."""
    if answer.status == HTTPStatus.SWITCHING_PROTOCOLS:
        return
    if answer.status in range(300, 400):
        raise Untrusted("a redirection")
    body = bytearray()
    async for part in answer.content.iter_any():
        body += part
        if len(body) > most:
            raise Untrusted("an answer without an end")
    answer._body = bytes(body)  # noqa: SLF001 - read() gives it, and asks no more
