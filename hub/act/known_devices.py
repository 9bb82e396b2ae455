"""What outlives a restart of each device: what people gave it, and when it was last seen.

Names and rooms belong to a device's stable id, so they hold after a restart, after its driver's
stick was changed, and while it is away. Kept as settings in config.db: what a person gives is
synced and audited at once; when a device was last seen is noted once an hour and at the end.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace

import structlog

from drivers.types import Device, DeviceId
from hub.clock import Clock
from hub.errors import StoreError
from hub.store.config_db import HUB, ConfigDb, Json
from hub.supervisor import Service

log = structlog.get_logger(__name__)

NOWHERE = ""
"""The given room of a device that is to be in none."""
NOTE_EVERY_S = 3600.0
SOON_S = 20.0
"""How long new devices wait to be noted: networks announce many at once."""
TURN_S = 5.0
MOST_DEVICES = 400
"""Of one driver, for whom it is noted when they were seen; the longest unseen are forgotten."""

_GIVEN = "device "
SEEN = "devices seen "
"""Before a driver's name: the setting that holds when its devices were there."""


@dataclass(frozen=True, slots=True)
class Given:
    """What people gave a device; None where they gave nothing."""

    name: str | None = None
    room: str | None = None
    """A room, NOWHERE, or None: where the configuration or its own network puts it."""
    hidden: bool = False
    """Works, but lists leave it out."""
    disabled: bool = False
    """Is left alone: no command, no rule, no record."""


@dataclass(frozen=True, slots=True)
class Seen:
    """When a device was there; wall time in milliseconds."""

    name: str
    model: str
    first_ms: int
    last_ms: int


class KnownDevices:
    """Read from memory, written through."""

    def __init__(self, config: ConfigDb, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self._given: dict[DeviceId, Given] = {}
        self._seen: dict[DeviceId, Seen] = {}
        self._changed: dict[str, float] = {}
        self._noted_at = clock.monotonic()
        self._giving = asyncio.Lock()
        """Two who change different things of one device at once must both be heard."""
        self.reload()

    def reload(self) -> None:
        """Read everything anew: after something was erased."""
        self._given.clear()
        self._seen.clear()
        for key, value in self._config.settings():
            self._load(key, value)

    def given(self, device: DeviceId) -> Given | None:
        """Return what people gave a device; None if nothing."""
        return self._given.get(device)

    def seen(self, device: DeviceId) -> Seen | None:
        """Return when a device was there; None if never."""
        return self._seen.get(device)

    def all(self) -> Iterable[DeviceId]:
        """Return every device that was ever there and is not forgotten."""
        return tuple(self._seen)

    def here(self, device: Device) -> None:
        """Note that a device is there now. Called with every announcement: quick."""
        now = round(self._clock.wall() * 1000)
        seen = self._seen.get(device.id)
        model = device.info.model if device.info else ""
        if seen is None:
            self._seen[device.id] = Seen(device.name, model, now, now)
            self._changed.setdefault(device.driver, self._clock.monotonic())
        elif now - seen.last_ms >= 1000 or model != seen.model:  # noqa: PLR2004 - a second will do
            self._seen[device.id] = Seen(device.name, model, seen.first_ms, now)

    async def give(self, device: DeviceId, by: str, **changes: str | bool | None) -> Given:
        """Change what people gave a device; kept once this returns. Raises StoreError."""
        async with self._giving:
            given = replace(self._given.get(device, Given()), **changes)  # type: ignore[arg-type]
            await self._config.set(f"{_GIVEN}{device}", asdict(given), by)
            self._given[device] = given
            return given

    async def forget(self, device: DeviceId, by: str) -> None:
        """Forget a device and what was given to it. Raises StoreError."""
        async with self._giving:
            await self._config.remove(f"{_GIVEN}{device}", by)
            self._given.pop(device, None)
        if self._seen.pop(device, None) is not None:
            await self._note(device.partition(":")[0])

    async def run(self, service: Service) -> None:
        """Note new devices soon and the others once an hour, until cancelled."""
        service.healthy()
        while True:
            await asyncio.sleep(TURN_S)
            service.beat()
            now = self._clock.monotonic()
            drivers = {d for d, since in self._changed.items() if now - since >= SOON_S}
            if now - self._noted_at >= NOTE_EVERY_S:
                self._noted_at = now
                drivers |= {device.partition(":")[0] for device in self._seen}
            for driver in drivers:
                await self._note_if_possible(driver)

    async def save(self) -> None:
        """Note everything now: at the end."""
        for driver in {device.partition(":")[0] for device in self._seen}:
            await self._note_if_possible(driver)

    async def _note_if_possible(self, driver: str) -> None:
        try:
            await self._note(driver)
        except StoreError as err:
            log.warning("devices_not_noted", driver=driver, reason=str(err))

    async def _note(self, driver: str) -> None:
        mine = [(d, seen) for d, seen in self._seen.items() if d.partition(":")[0] == driver]
        mine.sort(key=lambda item: item[1].last_ms, reverse=True)
        for device, _ in mine[MOST_DEVICES:]:
            del self._seen[device]
        rows: dict[str, Json] = {
            device: [seen.name[:60], seen.model[:40], seen.first_ms, seen.last_ms]
            for device, seen in mine[:MOST_DEVICES]
        }
        self._changed.pop(driver, None)
        await self._config.set(f"{SEEN}{driver}", rows, HUB)

    def _load(self, key: str, value: Json) -> None:
        if not isinstance(value, dict):
            return
        try:
            if key.startswith(_GIVEN):
                self._given[DeviceId(key.removeprefix(_GIVEN))] = Given(**value)  # type: ignore[arg-type]
            elif key.startswith(SEEN):
                for device, row in value.items():
                    self._seen[DeviceId(device)] = Seen(*row)  # type: ignore[misc]
        except TypeError:
            log.warning("device_note_unreadable", key=key)
