"""Tells the home's network by mDNS where the API is: `_moodsync._tcp` (RFC 6763)."""

import asyncio
from typing import Any

import structlog
from zeroconf import NonUniqueNameException
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from hub.api.names import local_name

log = structlog.get_logger(__name__)

KIND = "_moodsync._tcp.local."
REGISTER_LIMIT_S = 10.0
NAME_BYTES = 40


def service(home: str, address: dict[str, Any]) -> AsyncServiceInfo:
    """Return the record: the home's name, the port, and nothing about who lives there."""
    name = "".join(c for c in home if c.isprintable() and c != ".").strip() or "MoodSync"
    short = name.encode()[:NAME_BYTES].decode(errors="ignore")
    return AsyncServiceInfo(
        KIND,
        f"{short}.{KIND}",
        port=address["port"],
        parsed_addresses=[a for a in address["addresses"] if a not in ("127.0.0.1", "::1")],
        properties={"v": "1", "path": "/", "api": "/api/v1"},
        server=f"{local_name()}.",
    )


async def announce(home: str, address: dict[str, Any]) -> None:
    """Announce until cancelled. A network without multicast is told once and left alone."""
    try:
        zeroconf = AsyncZeroconf()
    except OSError as err:
        log.warning("mdns_off", reason=str(err))
        return
    try:
        info = service(home, address)
        try:
            async with asyncio.timeout(REGISTER_LIMIT_S):
                registered = await zeroconf.async_register_service(info, allow_name_change=True)
                await registered
        except (TimeoutError, OSError, NonUniqueNameException) as err:
            log.warning("mdns_off", reason=type(err).__name__)
            return
        await asyncio.Event().wait()
    finally:
        async with asyncio.timeout(REGISTER_LIMIT_S):
            await zeroconf.async_unregister_all_services()
            await zeroconf.async_close()
