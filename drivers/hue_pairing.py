"""Pairing with a Hue bridge: a person presses its button, and it gives a key for good."""

import asyncio
import contextlib
from pathlib import Path

import structlog
from pydantic import Field

from drivers import hue_bridge
from drivers.hue_bridge import Pairing
from drivers.hue_settings import HueSettings
from drivers.operations import Answer, Operation, Progress
from drivers.settings import Strict
from drivers.types import Refused

log = structlog.get_logger(__name__)

PRESS_WITHIN_S = 60.0
PRESS_ASK_EVERY_S = 1.0


class PairArguments(Strict):
    """Which bridge."""

    host: str = Field(
        default="", description="name or address of the bridge, unless it is in the configuration"
    )


class HuePairing:
    """The operation, and what waits for it."""

    def __init__(self, settings: HueSettings, folder: Path) -> None:
        self._settings = settings
        self._folder = folder
        self._paired = asyncio.Event()
        self._operations = (
            Operation(
                "pair",
                "Press the button on the Hue bridge, and be known to it from then on",
                PairArguments,
                self._pair,
                limit_s=PRESS_WITHIN_S + 30,
            ),
        )

    def operations(self) -> tuple[Operation, ...]:
        """See Operable."""
        return self._operations

    async def wait(self) -> Pairing:
        """Return what the bridge gave us, as soon as there is something. Raises BadCredentials."""
        told = False
        while True:
            pairing = hue_bridge.load(self._folder)
            if pairing is not None:
                return pairing
            if not told:
                told = True
                log.warning("hue_needs_pairing", mend="moodsync network pair")
            self._paired.clear()
            await self._paired.wait()

    async def _pair(self, arguments: PairArguments, tell: Progress) -> Answer:
        host = arguments.host or self._settings.host
        if not host:
            raise Refused("say which bridge: its name or address as `host`")
        tell("press the button on the bridge now")
        async with asyncio.timeout(PRESS_WITHIN_S):
            pairing = await self._ask_for_key(host)
        try:
            await asyncio.to_thread(pairing.save, self._folder)
        except OSError as err:
            raise Refused("the key could not be kept") from err
        self._paired.set()
        return {"bridge": pairing.bridge_id, "certificate_sha256": pairing.certificate}

    async def _ask_for_key(self, host: str) -> Pairing:
        while True:
            with contextlib.suppress(Refused):
                return await hue_bridge.pair(host, self._settings.port)
            await asyncio.sleep(PRESS_ASK_EVERY_S)
