"""Keeps push messages from being sent anywhere but to the public internet.

An endpoint is an address that a browser names, so anybody with a session could name one: of a
router, or of a cloud's metadata service. Only https to public addresses is allowed; the address
that was looked at is the one that is connected to, and redirections are not followed.
"""

import ipaddress
import socket
from collections.abc import Callable
from urllib.parse import urlsplit

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from hub.phrase import Phrase

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Allowed = Callable[[Address], bool]


class NotPublic(OSError):  # noqa: N818 - says what is wrong
    """The endpoint is not on the public internet."""


def is_public(address: Address) -> bool:
    """Say whether an address is on the public internet, whatever it is wrapped in."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if inner is not None:
            return is_public(inner)
        if address in _NAT64:
            return is_public(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return address.is_global and not address.is_multicast


_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def origin_of(endpoint: str, allowed: Allowed = is_public) -> str:
    """Return an endpoint's origin. Raises NotPublic unless it may be sent to, by what it says."""
    try:
        parts = urlsplit(endpoint)
        host, port = parts.hostname, parts.port
    except ValueError as err:
        raise NotPublic(Phrase("push.not_https")) from err
    if parts.scheme != "https" or not host or parts.username is not None:
        raise NotPublic(Phrase("push.not_https"))
    address = _literal(host)
    if address is not None and not allowed(address):
        raise NotPublic(Phrase("push.not_public"))
    shown = f"[{host}]" if ":" in host else host
    return f"https://{shown}" if port in (None, 443) else f"https://{shown}:{port}"


class GuardedResolver(AbstractResolver):
    """Resolves names to allowed addresses alone."""

    def __init__(self, allowed: Allowed = is_public, inner: AbstractResolver | None = None) -> None:
        self._allowed = allowed
        self._inner = inner or ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return a name's addresses. Raises NotPublic if any of them is not allowed."""
        found = await self._inner.resolve(host, port, family)
        for one in found:
            address = ipaddress.ip_address(one["host"].partition("%")[0])
            if not self._allowed(address):
                raise NotPublic("the push service's name leads into a private network")
        return found

    async def close(self) -> None:
        """Release what is held."""
        await self._inner.close()


def _literal(host: str) -> Address | None:
    """Return the address that a host is, also as 2130706433 or 0x7f.1, as libc reads them."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except OSError:
        return None
