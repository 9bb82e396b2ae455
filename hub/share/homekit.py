"""Shows the hub to Apple Home: a bridge on the hub's own loop, and what is asked through it.

Controllers are paired by a code that `moodsync homekit` shows. Moods are not shown here: HomeKit
knows no such thing, and occupancy is what its automations need.
"""

import asyncio
import contextlib
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from hub.bus import Subscription
from hub.settings import Settings
from hub.share.ha_messages import SceneAsked
from hub.share.hands import Hands
from hub.share.homekit_bridge import Announcer, Asked, HomeBridge, Shown
from hub.share.homekit_code import pin_of, setup_link
from hub.share.until import until
from hub.state_dir import state_dir
from hub.supervisor import Service
from hub.types import RoomId

if TYPE_CHECKING:
    from hub.app import Hub

log = structlog.get_logger(__name__)

BY = "apple_home"
ASKED = 16
LOOK_S = 1.0
"""How often occupancy is looked at."""
STOP_LIMIT_S = 5.0


class AppleHome:
    """A supervised service; it ends by itself when it is switched off."""

    def __init__(self, hub: "Hub") -> None:
        self.asked: Subscription[Asked] = Subscription("share.apple_home", ASKED)
        self._hub = hub
        self._hands = Hands(hub, BY)
        self._folder = state_dir(hub.settings.store) / "share"
        self._changed = asyncio.Event()
        self._shared: object = None
        self._forget = False
        self._bridge: HomeBridge | None = None
        # Its own words would name clients and addresses, and at debug level keys.
        logging.getLogger("pyhap").setLevel(logging.ERROR)
        hub.permission.on_change(self._show)

    def reload(self) -> None:
        """Take over changed settings; the bridge starts anew only where they concern it."""
        if _concerns(self._hub.settings) != self._shared:
            self._changed.set()

    def drops(self) -> dict[str, int]:
        """Return what was lost, by queue."""
        return {self.asked.name: self.asked.dropped}

    def view(self) -> dict[str, object]:
        """Return what there is to show; never the code."""
        bridge = self._bridge
        return {
            "up": bridge is not None,
            "paired": 0 if bridge is None else bridge.paired,
            "left_out": 0 if bridge is None else bridge.left_out,
        }

    def code(self) -> tuple[str, str] | None:
        """Return the code and its link while a phone may still be paired. Reads a small file."""
        if self._bridge is None or self._bridge.paired:
            return None
        pin = pin_of(self._pin_file)
        return pin, setup_link(pin, self._bridge.setup_id)

    def forget(self) -> None:
        """Forget every paired controller, and make a new code."""
        self._forget = True
        self._changed.set()

    async def run(self, service: Service) -> None:
        """Show the bridge until it is switched off. Raises OSError when the port is taken."""
        while True:
            self._changed.clear()
            settings = self._hub.settings
            self._shared = _concerns(settings)
            if self._forget:
                self._forget = False
                for file in (self._pin_file, self._state_file):
                    file.unlink(missing_ok=True)
            if not settings.share.apple_home.enabled:
                return
            await until(self._changed, self._session(settings, service))

    @property
    def _pin_file(self) -> Path:
        return self._folder / "apple_home.code"

    @property
    def _state_file(self) -> Path:
        return self._folder / "apple_home.json"

    async def _session(self, settings: Settings, service: Service) -> None:
        given = settings.share.apple_home.address
        address = None if given is None else str(given)
        mdns = Announcer() if address is None else Announcer(interfaces=[address])
        loop = asyncio.get_running_loop()
        try:
            pin = await asyncio.to_thread(pin_of, self._pin_file)
            bridge = await asyncio.to_thread(
                HomeBridge, settings, self._state_file, pin, address, loop, mdns, self.asked.put
            )
            await bridge.start()
        except BaseException:
            await mdns.async_close()
            raise
        if bridge.left_out:
            log.warning("apple_home_full", left_out=bridge.left_out)
        try:
            self._bridge = bridge
            self._show()
            service.healthy()
            async with asyncio.TaskGroup() as group:
                group.create_task(self._answer(bridge), name="apple home asked")
                group.create_task(self._look(), name="apple home occupancy")
        finally:
            self._bridge = None
            with self._stopping():
                async with asyncio.timeout(STOP_LIMIT_S):
                    await bridge.stop()

    @contextlib.contextmanager
    def _stopping(self) -> Iterator[None]:
        try:
            yield
        except TimeoutError:
            log.warning("apple_home_late", limit_s=STOP_LIMIT_S)

    async def _answer(self, bridge: HomeBridge) -> None:
        async for asked in self.asked:
            await self._hands.carry_out(asked)
            if isinstance(asked, SceneAsked):
                bridge.scene_over(asked)
            else:
                bridge.show_privacy(self._hub.permission.privacy)

    async def _look(self) -> None:
        while True:
            self._show()
            await asyncio.sleep(LOOK_S)

    def _show(self) -> None:
        if self._bridge is None:
            return
        privacy = self._hub.permission.privacy
        occupied: dict[str, bool | None] = {}
        for room in self._hub.settings.rooms:
            known = self._hub.surroundings.facts(RoomId(room)).presence
            occupied[room] = None if privacy else known
        self._bridge.show(Shown(privacy, occupied))


def _concerns(settings: Settings) -> object:
    return (settings.share.apple_home, settings.home.name, settings.rooms, settings.scenes)
