"""What announces itself in the home's network: mDNS (RFC 6762, 6763) and SSDP (UPnP 2.0, 1.3.2).

Asks and listens for some seconds; connects to nothing that answers. Names come from strangers:
they are shortened and stripped of what cannot be shown, and only so many are kept.
"""

import asyncio
import socket
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from zeroconf import ServiceStateChange, Zeroconf
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from drivers.shown import shown
from drivers.types import Unreachable

MOST = 200
"""Answers that are looked at, of each way of asking."""
RESOLVE_MS = 1500
CLOSE_LIMIT_S = 5.0
SSDP_GROUP, SSDP_PORT = "239.255.255.250", 1900
MAX_DATAGRAM = 4096


@dataclass(frozen=True, slots=True)
class Nearby:
    """One thing that answered. `service` is its mDNS type or its SSDP search target."""

    service: str
    name: str
    address: str
    port: int
    properties: Mapping[str, str] = field(default_factory=dict)
    """TXT record or headers, names in lower case."""


async def browse_mdns(
    services: Iterable[str], seconds: float, interfaces: Sequence[str] = ()
) -> tuple[Nearby, ...]:
    """Return what announces one of these services (`_hue._tcp`). Raises Unreachable."""
    seen: dict[tuple[str, str], None] = {}

    def noticed(
        zeroconf: Zeroconf,  # noqa: ARG001 - handed over by name
        service_type: str,
        name: str,
        state_change: ServiceStateChange,
    ) -> None:
        if state_change is not ServiceStateChange.Removed and len(seen) < MOST:
            seen[service_type, name] = None

    types = [f"{service}.local." for service in services]
    try:
        mdns = AsyncZeroconf(interfaces=list(interfaces)) if interfaces else AsyncZeroconf()
    except OSError as err:
        raise Unreachable(f"this network knows no multicast: {err.strerror}") from err
    try:
        browser = AsyncServiceBrowser(mdns.zeroconf, types, handlers=[noticed])
        await asyncio.sleep(seconds)
        await browser.async_cancel()
        found = await asyncio.gather(*(_resolve(mdns, *one) for one in seen))
    finally:
        async with asyncio.timeout(CLOSE_LIMIT_S):
            await mdns.async_close()
    return tuple(one for one in found if one is not None)


async def _resolve(mdns: AsyncZeroconf, service_type: str, name: str) -> Nearby | None:
    info = AsyncServiceInfo(service_type, name)
    if not await info.async_request(mdns.zeroconf, RESOLVE_MS):
        return None
    addresses = info.parsed_addresses()
    told = {
        shown(key.lower()): shown(value or "") for key, value in info.decoded_properties.items()
    }
    return Nearby(
        service_type.removesuffix(".local."),
        shown(name.removesuffix(f".{service_type}")),
        next(iter(addresses), (info.server or "").rstrip(".")),
        info.port or 0,
        told,
    )


async def search_ssdp(
    seconds: float, interface: str | None = None, port: int = SSDP_PORT
) -> tuple[Nearby, ...]:
    """Return what answers a search for everything. Raises Unreachable."""
    answers = _Answers()
    try:
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: answers, sock=_multicast_socket(interface)
        )
    except OSError as err:
        raise Unreachable(f"this network knows no multicast: {err.strerror}") from err
    try:
        wait = max(1, min(5, round(seconds) - 1))
        for _ in range(2):  # datagrams get lost
            transport.sendto(_search(port, wait), (SSDP_GROUP, port))
            await asyncio.sleep(seconds / 2)
    finally:
        transport.close()
    return tuple(answers.found.values())


def _multicast_socket(interface: str | None) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setblocking(False)
    made.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, struct.pack("b", 2))
    if interface is not None:
        made.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(interface))
    made.bind((interface or "0.0.0.0", 0))  # noqa: S104 - answers come to any of our addresses
    return made


def _search(port: int, wait_s: int) -> bytes:
    lines = (
        "M-SEARCH * HTTP/1.1",
        f"HOST: {SSDP_GROUP}:{port}",
        'MAN: "ssdp:discover"',
        f"MX: {wait_s}",
        "ST: ssdp:all",
    )
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


class _Answers(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.found: dict[tuple[str, str], Nearby] = {}

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        said = read_ssdp(data[:MAX_DATAGRAM])
        service = said.get("st") or said.get("nt")
        if service and len(self.found) < MOST:
            self.found.setdefault(
                (addr[0], service), Nearby(service, said.get("server", ""), addr[0], addr[1], said)
            )


def read_ssdp(data: bytes) -> dict[str, str]:
    """Return the headers of an answer or notification, names in lower case; empty for others."""
    first, *lines = data.decode("utf-8", "replace").split("\r\n")
    if not first.startswith(("HTTP/1.1 200", "NOTIFY * HTTP/1.1")):
        return {}
    pairs = (line.partition(":") for line in lines if ":" in line)
    return {shown(name.strip().lower()): shown(value.strip()) for name, _, value in pairs}
