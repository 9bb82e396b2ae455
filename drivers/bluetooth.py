"""Heart-rate straps, environment sensors and BTHome broadcasts over Bluetooth LE.

Only devices of the configuration are used: a strap in reach may be a neighbour's. The radio listens
for `scan_s` at a time and rests for `pause_s`, and not at all while nothing is waited for. What a
strap measures goes out as samples and never into a device's state: values of a body travel only
where consent is asked for.
"""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Final

import structlog
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData

from drivers.bluetooth_bus import Watch, bluez
from drivers.bluetooth_known import LONGEST_RETRY_S, NAME, BluetoothStats, Known, device_id
from drivers.bluetooth_nearby import Nearby, nearby_operation
from drivers.bluetooth_radio import Radio
from drivers.bluetooth_session import LinkLost, follow
from drivers.bluetooth_settings import BluetoothSettings
from drivers.operations import Operation
from drivers.registry import Place
from drivers.types import Command, Port, Refused, Unreachable
from drivers.wishes import wish

log = structlog.get_logger(__name__)

SILENT_S: Final = 900.0
"""A broadcaster that was not heard for so long is away."""


class BluetoothDriver:
    """See the module."""

    name = NAME

    def __init__(self, settings: BluetoothSettings, clock: Callable[[], float]) -> None:
        self.stats = BluetoothStats()
        self._settings = settings
        self._clock = clock
        self._known = {
            config.address: Known(key, config, self.stats, clock)
            for key, config in settings.devices.items()
        }
        self._radio: Radio | None = None
        self._look_again = asyncio.Event()
        self._operations = (nearby_operation(self._listen_for),)

    async def run(self, port: Port) -> None:
        """See Driver."""
        for known in self._known.values():
            known.read_key()
        try:
            async with bluez(self._settings.adapter) as watch:
                self._radio = Radio(watch.adapter)
                for known in self._known.values():
                    known.port = port
                port.connected()
                await self._keep(watch, self._radio)
        finally:
            self._radio = None
            for known in self._known.values():
                known.set_available(False)
                known.port = None

    async def execute(self, command: Command) -> None:
        """See Driver. There is nothing here to command."""
        for known in self._known.values():
            if known.device.id == command.device:
                raise Refused(f"{known.device.name} cannot {wish(command)}")
        raise Refused(f"there is no device {command.device} in the configuration")

    def operations(self) -> tuple[Operation, ...]:
        """See Operable."""
        return self._operations

    # The radio ----------------------------------------------------------------------------------

    async def _keep(self, watch: Watch, radio: Radio) -> None:
        for known in self._known.values():
            known.announce()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(watch.lost(), name="bluetooth service")
                group.create_task(self._scan_for_ever(group, radio), name="bluetooth scan")
        except* Unreachable as group_of:
            raise Unreachable(_first(group_of).reason) from group_of

    async def _scan_for_ever(self, group: asyncio.TaskGroup, radio: Radio) -> None:
        while True:
            self._look_again.clear()
            wanted = self._wanted()
            if wanted:
                for device in await self._scan(wanted, radio):
                    self._start_session(group, device, radio)
            self._note_silence()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._rest_s(bool(wanted))):
                    await self._look_again.wait()

    def _rest_s(self, scanned: bool) -> float | None:
        """Return for how long to leave the radio alone; None until something is waited for."""
        if scanned:
            return max(self._settings.pause_s, 0.01)
        due = [known.not_before_s for known in self._known.values() if known.session is None]
        return max(min(due) - self._clock(), 0.01) if due else None

    def _wanted(self) -> set[str]:
        """Return the addresses that are listened for now."""
        now = self._clock()
        return {
            address
            for address, known in self._known.items()
            if known.session is None and now >= known.not_before_s
        }

    def _heard(self, device: BLEDevice, said: AdvertisementData) -> None:
        known = self._known.get(device.address.upper())
        if known is not None:
            known.broadcast(said)

    async def _scan(self, wanted: set[str], radio: Radio) -> tuple[BLEDevice, ...]:
        """Listen; return what can be connected to. Ends early when nothing else is waited for."""
        connect = {address for address in wanted if self._known[address].connects}
        complete = asyncio.Event()
        found: dict[str, BLEDevice] = {}

        def heard(device: BLEDevice, said: AdvertisementData) -> None:
            self._heard(device, said)
            if device.address.upper() in connect:
                found[device.address.upper()] = device
                if len(found) == len(wanted):
                    complete.set()

        self.stats.scans += 1
        await radio.listen(heard, self._settings.scan_s, complete)
        return tuple(found.values())

    async def _listen_for(self, heard: Nearby, seconds: float) -> None:
        """Listen on behalf of a person. Raises Unreachable."""
        if self._radio is None:
            raise Unreachable("Bluetooth is not available")

        def both(device: BLEDevice, said: AdvertisementData) -> None:
            self._heard(device, said)
            heard(device.address.upper(), device_id(device.address), said)

        await self._radio.listen(both, seconds, asyncio.Event())

    def _start_session(self, group: asyncio.TaskGroup, device: BLEDevice, radio: Radio) -> None:
        known = self._known[device.address.upper()]
        known.session = group.create_task(
            self._session(known, device, radio), name=f"bluetooth {device.address}"
        )

    async def _session(self, known: Known, device: BLEDevice, radio: Radio) -> None:
        try:
            await follow(device, radio.adapter, known, radio.connecting)
        except LinkLost as err:
            self.stats.links_lost += 1
            log.debug("bluetooth_link_lost", device=known.device.id, reason=str(err))
        finally:
            was_there = known.device.available
            known.set_available(False)
            known.session = None
            known.not_before_s = self._clock() + known.retry_s
            if not was_there:  # one that does not let us connect is asked less and less often
                known.retry_s = min(2 * known.retry_s, LONGEST_RETRY_S)
            self._look_again.set()

    def _note_silence(self) -> None:
        oldest = self._clock() - SILENT_S
        for known in self._known.values():
            if not known.connects and known.heard_s < oldest:
                known.set_available(False)


def create(settings: BluetoothSettings, place: Place) -> BluetoothDriver:
    """Return the driver; see drivers.registry."""
    return BluetoothDriver(settings, place.clock)


def _first(group: ExceptionGroup[Unreachable]) -> Unreachable:
    first = group.exceptions[0]
    return _first(first) if isinstance(first, ExceptionGroup) else first
