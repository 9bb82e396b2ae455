"""What this hub opened of a Z-Wave network and has not closed: nobody else will.

Neither the stick nor the server ends an inclusion by itself, and a server does not mind who is no
longer connected: a connection that breaks in the middle would leave the network open to whoever
comes. So what was opened is noted, over the end of the connection and of the hub, and closed as
soon as there is a connection again. What another program opened is none of ours.

    closed --opening--> open --told to stop--> closed
                         '--connection lost, hub ended--> (noted) --connected again--> closed
"""

import asyncio
import contextlib
from enum import Enum
from pathlib import Path
from typing import Any, Final

import structlog
from zwave_js_server.const import InclusionState

from drivers.types import Refused, Unreachable
from drivers.zwave_link import ZwaveLink

log = structlog.get_logger(__name__)

END_LIMIT_S: Final = 2.0
NOTE: Final = "open"
"""The file's name in the driver's folder."""


class Way(Enum):
    """What a network may be open for, as the server's commands call it."""

    INCLUSION = "inclusion"
    EXCLUSION = "exclusion"


class Opened:
    """See the module. One of a driver."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / NOTE
        self._way: Way | None = None
        with contextlib.suppress(OSError, ValueError):
            self._way = Way(self._file.read_text("ascii"))

    async def open(self, link: ZwaveLink, way: Way) -> None:
        """Open the network. Raises Refused, Unreachable."""
        for _ in range(2):
            await self._note(way)  # first: the answer may not arrive
            try:
                begun = await link.ask(f"controller.begin_{way.value}", options={"strategy": 0})
            except Refused:
                await self._note(None)
                raise
            if begun.get("success"):
                return
            # Open already, by whomever: it never closes by itself.
            await self.close(link, way)
        await self._note(None)
        raise Refused("the stick is busy with a device; try again in four minutes at the latest")

    async def close(self, link: ZwaveLink, way: Way) -> None:
        """Close the network, or leave the note that it is open; who gave up does not wait long."""
        if await ended(link, f"controller.stop_{way.value}"):
            await self._note(None)

    async def close_left_open(self, link: ZwaveLink) -> None:
        """Close what an earlier connection left open; what will not close is tried again."""
        way = self._way
        if way is None:
            return
        assert link.driver is not None
        if link.driver.controller.inclusion_state in _STATES[way]:
            if way is Way.INCLUSION:
                await decline(link)
            await self.close(link, way)
            closed = self._way is None
            log.warning("zwave_network_was_left_open", way=way.value, closed_now=closed)
        else:
            await self._note(None)

    async def _note(self, way: Way | None) -> None:
        if way is self._way:
            return
        self._way = way
        try:
            await asyncio.to_thread(self._write, way)
        except OSError as err:  # the connection may still break: that much is remembered
            log.warning("zwave_note_not_written", reason=err.strerror)

    def _write(self, way: Way | None) -> None:
        if way is None:
            self._file.unlink(missing_ok=True)
            return
        self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file.write_text(way.value, "ascii")


_STATES: Final = {
    Way.INCLUSION: frozenset({InclusionState.INCLUDING, InclusionState.BUSY}),
    Way.EXCLUSION: frozenset({InclusionState.EXCLUDING, InclusionState.BUSY}),
}


async def ended(link: ZwaveLink, command: str, **more: Any) -> bool:
    """Ask for the end of something, for a short while; return whether that was taken."""
    try:
        await link.ask(command, limit_s=END_LIMIT_S, **more)
    except (Refused, Unreachable):
        return False
    return True


async def decline(link: ZwaveLink) -> None:
    """Answer what the exchange of keys may be waiting for; it would wait for four minutes."""
    nothing = {"securityClasses": [], "clientSideAuth": False}
    await ended(link, "controller.grant_security_classes", inclusionGrant=nothing)
    await ended(link, "controller.validate_dsk_and_enter_pin", pin=False)
