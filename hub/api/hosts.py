"""Which Host and Origin are answered: the defence against DNS rebinding and forged requests.

A Host is the hub's own: one of its names, or the very address that the connection came in on. An
Origin, where there is one, is the same scheme, name and port as the Host. No other site may ask:
there is no CORS.
"""

import ipaddress
from collections.abc import Iterable
from functools import lru_cache

from aiohttp import web
from yarl import URL

LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class Hosts:
    """The names of this hub."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = frozenset(name.lower().rstrip(".") for name in names) | {"localhost"}

    def is_ours(self, request: web.Request) -> bool:
        """Say whether the Host header names this hub."""
        host = host_of(request)
        if host is None:
            return False
        if host in self.names:
            return True
        try:
            named = ipaddress.ip_address(host)
        except ValueError:
            return False
        return named == _local_address(request)

    def is_same_origin(self, request: web.Request) -> bool:
        """Say whether the request comes from a page of this hub, or from no page at all."""
        site = request.headers.get("Sec-Fetch-Site")
        if site is not None and site not in ("same-origin", "none"):
            # A link from another page may open the app, never the API.
            navigates = request.headers.get("Sec-Fetch-Mode") == "navigate"
            if not (navigates and request.method in SAFE and not request.path.startswith("/api/")):
                return False
        origins = request.headers.getall("Origin", [])
        if not origins:
            return True
        return origins == [f"{request.scheme}://{request.headers.get('Host', '')}"]


def host_of(request: web.Request) -> str | None:
    """Return the name in the Host header in lower case; None if it is not one name."""
    given = request.headers.getall("Host", [])
    return _name_in(given[0]) if len(given) == 1 else None


@lru_cache(maxsize=64)
def _name_in(host: str) -> str | None:
    try:
        url = URL(f"http://{host}/")
    except ValueError:
        return None
    if url.user is not None or url.password is not None or url.path != "/" or url.query_string:
        return None
    return (url.host or "").lower().rstrip(".") or None


def is_loopback(request: web.Request) -> bool:
    """Say whether both ends of the connection are this machine, by name and by address."""
    peer = request.remote
    return bool(peer) and host_of(request) in LOCAL and _is_loopback(str(peer))


@lru_cache(maxsize=256)
def _is_loopback(address: str) -> bool:
    return ipaddress.ip_address(address.split("%", maxsplit=1)[0]).is_loopback


def _local_address(
    request: web.Request,
) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    name = request.transport.get_extra_info("sockname") if request.transport else None
    if not name:
        return None
    address = ipaddress.ip_address(str(name[0]).split("%")[0])
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped or address
