"""What Apple Home sees: a bridge with scenes and privacy as switches, and occupancy a room.

Everything here is called on the event loop once it is built; building reads files and takes time.
"""

import asyncio
import hashlib
from asyncio import AbstractEventLoop
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyhap.accessory import Accessory, Bridge
from pyhap.accessory_driver import AccessoryDriver, AccessoryMDNSServiceInfo
from pyhap.const import CATEGORY_SENSOR, CATEGORY_SWITCH
from pyhap.params import get_srp_context
from zeroconf import ServiceInfo
from zeroconf.asyncio import AsyncZeroconf

from hub.settings import Settings
from hub.share.ha_messages import PrivacyAsked, SceneAsked
from hub.share.homekit_srp import GROUP_BITS, FullLengthServer

Asked = PrivacyAsked | SceneAsked

OWN_LIMIT_S = 3.0
MOST = 149
"""Accessories of one bridge, as Apple allows; the bridge itself is one more."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a bridge shows now. `occupied` is None where it is not told."""

    privacy: bool
    occupied: dict[str, bool | None]


class Announcer(AsyncZeroconf):
    """mDNS whose announcements are over when its methods return."""

    async def async_register_service(self, *args: Any, **options: Any) -> Awaitable[Any]:
        """See AsyncZeroconf."""
        return await _over(await super().async_register_service(*args, **options))

    async def async_unregister_service(self, info: ServiceInfo) -> Awaitable[Any]:
        """See AsyncZeroconf."""
        return await _over(await super().async_unregister_service(info))

    async def async_update_service(self, info: ServiceInfo) -> Awaitable[Any]:
        """See AsyncZeroconf."""
        return await _over(await super().async_update_service(info))


async def _over(announcing: Awaitable[Any]) -> Awaitable[Any]:
    await announcing
    return announcing


class OwningDriver(AccessoryDriver):  # type: ignore[misc]
    """A driver that waits for its own tasks when it stops."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.own: set[asyncio.Future[Any]] = set()

    def async_persist(self) -> None:
        """Write the state in a thread."""
        self._keep(self.loop.run_in_executor(None, self.persist))

    def async_update_advertisement(self) -> None:
        """Announce whether somebody is paired."""
        self.mdns_service_info = AccessoryMDNSServiceInfo(
            self.accessory, self.state, self.zeroconf_server
        )
        self._keep(
            asyncio.ensure_future(self.advertiser.async_update_service(self.mdns_service_info))
        )

    def _keep(self, future: asyncio.Future[Any]) -> None:
        self.own.add(future)
        future.add_done_callback(self.own.discard)

    def setup_srp_verifier(self) -> None:
        """Begin a password exchange that does not fail by chance."""
        group = get_srp_context(GROUP_BITS, hashlib.sha512)
        self._srp_verifier = FullLengthServer(group, b"Pair-Setup", self.state.pincode)

    async def async_stop(self) -> None:
        """Stop when what was begun is done."""
        if self.own:
            await asyncio.wait(self.own, timeout=OWN_LIMIT_S)
        await super().async_stop()


class QuietBridge(Bridge):  # type: ignore[misc]
    """A bridge that prints no code: standard output ends up in the log."""

    def setup_message(self) -> None:
        """Say nothing; see `moodsync homekit`."""


class HomeBridge:
    """The bridge and its driver. `ask` is called with what a controller wants."""

    def __init__(
        self,
        settings: Settings,
        file: Path,
        pin: str,
        address: str | None,
        loop: AbstractEventLoop,
        mdns: Announcer,
        ask: Callable[[Asked], None],
    ) -> None:
        self.left_out = 0
        self._ask = ask
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.driver = OwningDriver(
            address=address,
            port=settings.share.apple_home.port,
            persist_file=str(file),
            pincode=pin.encode(),
            loop=loop,
            async_zeroconf_instance=mdns,
        )
        self._bridge = QuietBridge(self.driver, f"{settings.home.name} MoodSync")
        self._bridge.set_info_service(manufacturer="MoodSync", model="MoodSync Hub")
        self._scenes: dict[SceneAsked, Any] = {}
        self._rooms: dict[str, tuple[Any, Any]] = {}
        self._privacy = self._switch("privacy", "Privacy mode", self._privacy_set)
        for room, given in settings.rooms.items():
            self._occupancy(room, given.name or room)
        for room, given in settings.rooms.items():
            for name, scene in settings.scenes.items():
                asked = SceneAsked(room, name)
                title = f"{scene.name or name} {given.name or room}"
                switch = self._switch(f"{room}/{name}", title, self._scene_set(asked))
                if switch is not None:
                    self._scenes[asked] = switch
        self.driver.add_accessory(self._bridge)

    @property
    def paired(self) -> int:
        """How many controllers are paired."""
        return len(self.driver.state.paired_clients)

    @property
    def setup_id(self) -> str:
        """Four characters by which a scanned code finds the bridge."""
        return str(self.driver.state.setup_id)

    async def start(self) -> None:
        """Listen and announce. Raises OSError when the port is taken."""
        await self.driver.async_start()

    async def stop(self) -> None:
        """Close connections and withdraw the announcement."""
        await self.driver.async_stop()

    def show(self, shown: Shown) -> None:
        """Tell controllers what has changed."""
        _set(self._privacy, shown.privacy)
        for room, (occupied, active) in self._rooms.items():
            known = shown.occupied.get(room)
            _set(occupied, int(known is True))
            _set(active, known is not None)

    def scene_over(self, asked: SceneAsked) -> None:
        """Move a scene's switch back: a scene is brought in, it does not stay on."""
        _set(self._scenes.get(asked), False)

    def show_privacy(self, privacy: bool) -> None:
        """Tell what privacy mode is, also when it is not what a controller asked for."""
        self._privacy.set_value(privacy)

    def _switch(self, key: str, title: str, setter: Callable[[bool], None]) -> Any:
        accessory = self._add(key, title, CATEGORY_SWITCH)
        if accessory is None:
            return None
        service = accessory.add_preload_service("Switch")
        return service.configure_char("On", setter_callback=setter)

    def _occupancy(self, room: str, title: str) -> None:
        accessory = self._add(f"{room}:occupancy", f"{title} occupancy", CATEGORY_SENSOR)
        if accessory is not None:
            service = accessory.add_preload_service("OccupancySensor", chars=["StatusActive"])
            self._rooms[room] = (
                service.configure_char("OccupancyDetected"),
                service.configure_char("StatusActive"),
            )

    def _add(self, key: str, title: str, category: int) -> Accessory | None:
        if len(self._bridge.accessories) >= MOST:
            self.left_out += 1
            return None
        # The same thing has the same number for ever: automations in Apple Home hang on it.
        aid = 1000 + int.from_bytes(hashlib.sha256(key.encode()).digest()[:4])
        while aid in self._bridge.accessories:
            aid += 1
        accessory = Accessory(self.driver, title, aid=aid)
        accessory.category = category
        accessory.set_info_service(
            manufacturer="MoodSync", model="MoodSync Hub", serial_number=key, firmware_revision="1"
        )
        self._bridge.add_accessory(accessory)
        return accessory

    def _privacy_set(self, on: bool) -> None:
        self._ask(PrivacyAsked(bool(on)))

    def _scene_set(self, asked: SceneAsked) -> Callable[[bool], None]:
        def setter(on: bool) -> None:
            if on:
                self._ask(asked)

        return setter


def _set(characteristic: Any, value: object) -> None:
    """Tell a value if it is another one."""
    if characteristic is not None and characteristic.value != value:
        characteristic.set_value(value)
