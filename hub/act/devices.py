"""Every device of the home as it is now, and the port through which drivers tell of them."""

from collections.abc import Callable
from dataclasses import dataclass

import structlog

from drivers.shown import presentable, shown
from drivers.types import Device, DeviceId, Port, Sample
from hub.act.known_devices import NOWHERE, KnownDevices
from hub.bus import Bus
from hub.clock import Clock
from hub.settings import Settings
from hub.types import ButtonPressed, DeviceChanged, DeviceGone, RoomId

log = structlog.get_logger(__name__)

LONGEST_ID = 300
"""Of a device: its driver's name and what its network calls it."""


@dataclass(slots=True)
class DeviceStats:
    """What came through the ports since the start."""

    announced: int = 0
    unchanged: int = 0
    """Announcements that said nothing new; they are not published."""
    refused: int = 0
    """What was said of a device whose id is not its driver's, or cannot be written down."""
    samples: int = 0


class Devices:
    """The registry.

    A device's room is the one that a person gave it, else the configuration's, else what its driver
    says. A disabled device is not in here: nobody commands it, no rule sees it.
    """

    def __init__(
        self,
        settings: Settings,
        bus: Bus,
        clock: Clock,
        on_sample: Callable[[Sample], None] | None = None,
        known: KnownDevices | None = None,
    ) -> None:
        self.stats = DeviceStats()
        self._bus = bus
        self._clock = clock
        self._on_sample = on_sample
        self._known = known
        self._devices: dict[DeviceId, Device] = {}
        self._told: dict[DeviceId, Device] = {}
        """As drivers tell of them: disabled ones too, under their own names."""
        self._rooms = _rooms_of(settings)
        self._known_rooms = frozenset(settings.rooms)

    def get(self, device: DeviceId) -> Device | None:
        """Return a device as last announced."""
        return self._devices.get(device)

    def all(self) -> tuple[Device, ...]:
        """Return every device, in the order of their first announcement."""
        return tuple(self._devices.values())

    def in_room(self, room: RoomId) -> tuple[Device, ...]:
        """Return the devices of one room."""
        return tuple(device for device in self._devices.values() if device.room == room)

    def port(self, driver: str) -> Port:
        """Return what a driver of this name is handed."""
        return DriverPort(driver, self)

    def reload(self, settings: Settings) -> None:
        """Take over new rooms; devices that moved are published as changed."""
        self._rooms = _rooms_of(settings)
        self._known_rooms = frozenset(settings.rooms)
        self.refresh()

    def refresh(self, device: DeviceId | None = None) -> None:
        """Take over what people gave one device, or all."""
        for one in tuple(self._told.values()) if device is None else self._of(device):
            self.announce(one)

    def told(self, device: DeviceId) -> Device | None:
        """Return a device as its driver tells of it, also when it is disabled."""
        return self._told.get(device)

    def settled(self, device: Device) -> Device:
        """Return a device in the room and under the name that it has in this home."""
        room, name = self._rooms.get(device.id), device.name
        if room is None and device.room in self._known_rooms:
            room = device.room
        given = None if self._known is None else self._known.given(device.id)
        if given is not None:
            name = given.name or name
            if given.room == NOWHERE or given.room in self._known_rooms:
                room = given.room or None
        if room == device.room and name == device.name:
            return device
        return device.placed(room, name)

    def absent(self, device: DeviceId) -> str:
        """Say why there is no such device."""
        if device in self._told:
            return f"the device {device} is disabled"
        if self._known is not None and self._known.seen(device) is not None:
            return f"the device {device} has not been seen since the start"
        return f"there is no device {device}"

    def announce(self, device: Device) -> None:
        """Take over what a driver said, and publish it if it is new."""
        self.stats.announced += 1
        self._told[device.id] = device
        if self._known is not None and device.available:
            self._known.here(device)
        if self._is_disabled(device.id):
            self._leave(device.id)
            return
        device = self.settled(device)
        before = self._devices.get(device.id)
        if before == device:
            self.stats.unchanged += 1
            return
        self._devices[device.id] = device
        self._bus.publish(DeviceChanged(device, before, self._clock.monotonic()))

    def gone(self, device: DeviceId) -> None:
        """Forget a device and publish that it left."""
        self._told.pop(device, None)
        self._leave(device)

    def _leave(self, device: DeviceId) -> None:
        if self._devices.pop(device, None) is not None:
            self._bus.publish(DeviceGone(device, self._clock.monotonic()))

    def _of(self, device: DeviceId) -> tuple[Device, ...]:
        told = self._told.get(device)
        return () if told is None else (told,)

    def _is_disabled(self, device: DeviceId) -> bool:
        given = None if self._known is None else self._known.given(device)
        return given is not None and given.disabled

    def pressed(self, device: DeviceId, action: str) -> None:
        """Publish that someone pressed a button."""
        if self._is_disabled(device):
            return
        self._bus.publish(ButtonPressed(device, action, self._clock.monotonic()))

    def sample(self, sample: Sample) -> None:
        """Hand a body sensor's sample on."""
        self.stats.samples += 1
        if self._on_sample is None or self._is_disabled(sample.device):
            return
        try:
            self._on_sample(sample)
        except Exception:
            log.exception("sample_not_taken", device=sample.device)


class DriverPort:
    """One driver's way into the registry; see drivers.types.Port."""

    def __init__(self, driver: str, devices: Devices) -> None:
        self._driver = driver
        self._prefix = f"{driver}:"
        self._devices = devices

    def announce(self, device: Device) -> None:
        """See Port. A device whose id is not `<driver>:...` is refused and counted.

        Its texts come from whoever answers in the network: none gets further that cannot be shown.
        """
        if self._owns(device.id):
            self._devices.announce(presentable(device, self._devices.told(device.id)))

    def gone(self, device: DeviceId) -> None:
        """See Port."""
        if self._owns(device):
            self._devices.gone(device)

    def sample(self, sample: Sample) -> None:
        """See Port."""
        if self._owns(sample.device):
            self._devices.sample(sample)

    def pressed(self, device: DeviceId, action: str) -> None:
        """See Port."""
        if self._owns(device):
            self._devices.pressed(device, shown(action))

    def connected(self) -> None:
        """See Port. Health is the runner's business, see hub.act.drivers."""
        log.info("driver_connected", driver=self._driver)

    def _owns(self, device: DeviceId) -> bool:
        if device.startswith(self._prefix) and len(device) <= LONGEST_ID and device.isprintable():
            return True
        if not self._devices.stats.refused:
            log.error("device_id_refused", driver=self._driver, device=shown(device))
        self._devices.stats.refused += 1
        return False


def _rooms_of(settings: Settings) -> dict[str, str]:
    return {device: room for room, have in settings.rooms.items() for device in have.devices}
