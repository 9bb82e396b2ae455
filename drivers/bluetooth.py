"""Heart-rate straps, environment sensors and BTHome broadcasts over Bluetooth LE.

Only devices of the configuration are used: a strap in reach may be a neighbour's. The radio listens
for `scan_s` at a time and rests for `pause_s`, and not at all while nothing is waited for. What a
strap measures goes out as samples and never into a device's state: values of a body travel only
where consent is asked for.
"""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace

import structlog
from bleak import BleakScanner
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData

from drivers import bthome
from drivers.bluetooth_bus import Watch, bluez
from drivers.bluetooth_gatt import QUANTITIES, heart_rate, quantity
from drivers.bluetooth_nearby import Nearby, nearby_operation
from drivers.bluetooth_session import LINK_ERRORS, LinkLost, follow
from drivers.bluetooth_settings import BluetoothDevice, BluetoothKind, BluetoothSettings
from drivers.operations import Operation
from drivers.registry import Place
from drivers.types import (
    BadCredentials,
    BadPayload,
    Command,
    Device,
    DeviceId,
    DeviceInfo,
    DeviceState,
    HeartSample,
    Measures,
    Port,
    Refused,
    Unreachable,
)
from drivers.wishes import wish

log = structlog.get_logger(__name__)

NAME = "bluetooth"
STOP_LIMIT_S = 0.5
START_LIMIT_S = 10.0
SILENT_S = 900.0
"""A broadcaster that was not heard for so long is away."""
FIRST_RETRY_S, LONGEST_RETRY_S = 1.0, 120.0
RSSI_STEP = 10
"""Signal strength is told when it changed by as much: it trembles with every broadcast."""


@dataclass(slots=True)
class BluetoothStats:
    """Counts since the start."""

    broadcasts: int = 0
    """Of configured devices."""
    samples: int = 0
    malformed: int = 0
    """Measurements and broadcasts that their format does not allow; each device is logged once."""
    scans: int = 0
    connections: int = 0
    links_lost: int = 0


class _Known:
    """A configured device and what is known of it."""

    def __init__(self, driver: "BluetoothDriver", key: str, config: BluetoothDevice) -> None:
        self._driver = driver
        self.config = config
        self.decoder: bthome.Decoder | None = None
        self.packet: int | None = None
        self.heard_s = float("-inf")
        self.session: asyncio.Task[None] | None = None
        self.retry_s = FIRST_RETRY_S
        self.not_before_s = float("-inf")
        kinds = ("heart_rate",) if config.kind is BluetoothKind.HEART_RATE else ()
        self.device = Device(
            device_id(config.address),
            config.name or key,
            NAME,
            (Measures(kinds),) if kinds else (),
            available=False,
        )

    @property
    def connects(self) -> bool:
        """True for what the hub connects to, False for what it listens to."""
        return self.config.kind is not BluetoothKind.BTHOME

    # The session's side: see drivers.bluetooth_session.Listener.

    def heart(self, data: bytes) -> None:
        self._driver.take_heart(self, data)

    def quantity(self, characteristic: str, data: bytes) -> None:
        self._driver.take_quantity(self, characteristic, data)

    def ready(self, info: DeviceInfo) -> None:
        self._driver.take_ready(self, info)


class BluetoothDriver:
    """See the module."""

    name = NAME

    def __init__(self, settings: BluetoothSettings, clock: Callable[[], float]) -> None:
        self.stats = BluetoothStats()
        self._settings = settings
        self._clock = clock
        self._known = {
            config.address: _Known(self, key, config) for key, config in settings.devices.items()
        }
        self._port: Port | None = None
        self._adapter: str | None = None
        self._radio = asyncio.Lock()
        """Held while scanning: BlueZ gives one scan to each of its clients."""
        self._connecting = asyncio.Lock()
        self._look_again = asyncio.Event()
        self._complained: set[str] = set()
        self._operations = (nearby_operation(self._listen_for),)

    async def run(self, port: Port) -> None:
        """See Driver."""
        self._read_keys()
        self._port = port
        self._radio, self._connecting = asyncio.Lock(), asyncio.Lock()
        try:
            async with bluez(self._settings.adapter) as watch:
                self._adapter = watch.adapter
                port.connected()
                await self._keep(watch)
        finally:
            self._adapter = None
            for known in self._known.values():
                self._set_available(known, False)
            self._port = None

    async def execute(self, command: Command) -> None:
        """See Driver. There is nothing here to command."""
        for known in self._known.values():
            if known.device.id == command.device:
                raise Refused(f"{known.device.name} cannot {wish(command)}")
        raise Refused(f"there is no device {command.device} in the configuration")

    def operations(self) -> tuple[Operation, ...]:
        """See Operable."""
        return self._operations

    # What devices say ---------------------------------------------------------------------------

    def take_heart(self, known: _Known, data: bytes) -> None:
        """Take a strap's measurement."""
        try:
            measured = heart_rate(data)
        except BadPayload as err:
            self._malformed(known, err)
            return
        self.stats.samples += 1
        if self._port is not None:
            device, now = known.device.id, self._clock()
            self._port.sample(
                HeartSample(device, measured.bpm, measured.rr_s, measured.contact, now)
            )

    def take_quantity(self, known: _Known, characteristic: str, data: bytes) -> None:
        """Take a sensor's value, or a strap's battery."""
        try:
            value = quantity(characteristic, data)
        except BadPayload as err:
            self._malformed(known, err)
            return
        if value is not None:
            self._show(known, {QUANTITIES[characteristic].kind: value})

    def take_ready(self, known: _Known, info: DeviceInfo) -> None:
        """Take note that a device is connected."""
        self.stats.connections += 1
        known.retry_s = FIRST_RETRY_S
        known.device = replace(known.device, info=info)
        self._set_available(known, True)

    def _heard(self, device: BLEDevice, said: AdvertisementData) -> None:
        known = self._known.get(device.address.upper())
        data = said.service_data.get(bthome.SERVICE)
        if known is None or known.decoder is None or data is None:
            return
        self.stats.broadcasts += 1
        try:
            broadcast = known.decoder.read(data)
        except BadPayload as err:
            self._malformed(known, err)
            return
        known.heard_s = self._clock()
        news = broadcast.packet is None or broadcast.packet != known.packet
        known.packet = broadcast.packet
        rssi = known.device.state.values.get("rssi")
        near = not isinstance(rssi, bool | str) and rssi is not None
        if near and abs(float(rssi or 0) - said.rssi) < RSSI_STEP:
            strength: float = float(rssi or 0)
        else:
            strength = said.rssi
        self._show(known, {**broadcast.values, "rssi": strength}, available=True)
        if news and self._port is not None:
            for action in broadcast.actions:
                self._port.pressed(known.device.id, action)

    def _show(
        self, known: _Known, values: dict[str, float | bool], *, available: bool = False
    ) -> None:
        device = known.device
        merged = {**device.state.values, **values}
        state = DeviceState(values=merged)
        kinds = ("heart_rate",) if known.config.kind is BluetoothKind.HEART_RATE else ()
        capabilities = (Measures((*kinds, *merged)),)
        changed = replace(
            device,
            state=state,
            capabilities=capabilities,
            available=device.available or available,
        )
        if changed != device:
            known.device = changed
            self._announce(known)

    def _set_available(self, known: _Known, available: bool) -> None:
        if known.device.available != available:
            known.device = known.device.now(known.device.state, available)
            self._announce(known)

    def _announce(self, known: _Known) -> None:
        # What a sensor measures is known when it was heard; before that it is not worth a word.
        if self._port is not None and known.device.capabilities:
            self._port.announce(known.device)

    def _malformed(self, known: _Known, err: BadPayload) -> None:
        self.stats.malformed += 1
        if known.config.address not in self._complained:
            self._complained.add(known.config.address)
            log.warning("bluetooth_payload_dropped", device=known.device.id, reason=err.reason)

    # The radio ----------------------------------------------------------------------------------

    async def _keep(self, watch: Watch) -> None:
        for known in self._known.values():
            self._announce(known)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(watch.lost(), name="bluetooth service")
                group.create_task(self._scan_for_ever(group), name="bluetooth scan")
        except* Unreachable as group_of:
            raise Unreachable(_first(group_of).reason) from group_of

    async def _scan_for_ever(self, group: asyncio.TaskGroup) -> None:
        while True:
            self._look_again.clear()
            wanted = self._wanted()
            if wanted:
                for device in await self._scan(wanted):
                    self._start_session(group, device)
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

    async def _scan(self, wanted: set[str]) -> tuple[BLEDevice, ...]:
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
        await self._listen(heard, self._settings.scan_s, complete)
        return tuple(found.values())

    async def _listen_for(self, heard: Nearby, seconds: float) -> None:
        """Listen on behalf of a person. Raises Unreachable."""
        if self._adapter is None:
            raise Unreachable("Bluetooth is not available")

        def both(device: BLEDevice, said: AdvertisementData) -> None:
            self._heard(device, said)
            heard(device.address.upper(), device_id(device.address), said)

        await self._listen(both, seconds, asyncio.Event())

    async def _listen(
        self,
        heard: Callable[[BLEDevice, AdvertisementData], None],
        seconds: float,
        complete: asyncio.Event,
    ) -> None:
        adapter = self._adapter
        if adapter is None:
            raise Unreachable("Bluetooth is not available")
        scanner = BleakScanner(heard, bluez={"adapter": adapter})
        async with self._radio:
            # Cancelled while BlueZ starts the scan, bleak forgets it and BlueZ goes on: so the
            # start is let come to its end before the scan is stopped.
            starting = asyncio.create_task(scanner.start(), name="bluetooth scan start")
            try:
                async with asyncio.timeout(START_LIMIT_S):
                    await asyncio.shield(starting)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(seconds):
                        await complete.wait()
            except (*LINK_ERRORS, TimeoutError) as err:
                raise Unreachable(f"Bluetooth does not scan: {type(err).__name__}") from err
            finally:
                with contextlib.suppress(*LINK_ERRORS, TimeoutError):
                    async with asyncio.timeout(STOP_LIMIT_S):
                        await starting  # at the limit it is cancelled with this wait
                        await scanner.stop()

    def _start_session(self, group: asyncio.TaskGroup, device: BLEDevice) -> None:
        known = self._known[device.address.upper()]
        known.session = group.create_task(
            self._session(known, device), name=f"bluetooth {device.address}"
        )

    async def _session(self, known: _Known, device: BLEDevice) -> None:
        try:
            await follow(device, self._adapter or "", known, self._connecting)
        except LinkLost as err:
            self.stats.links_lost += 1
            log.debug("bluetooth_link_lost", device=known.device.id, reason=str(err))
        finally:
            was_there = known.device.available
            self._set_available(known, False)
            known.session = None
            known.not_before_s = self._clock() + known.retry_s
            if not was_there:  # one that does not let us connect is asked less and less often
                known.retry_s = min(2 * known.retry_s, LONGEST_RETRY_S)
            self._look_again.set()

    def _note_silence(self) -> None:
        oldest = self._clock() - SILENT_S
        for known in self._known.values():
            if not known.connects and known.heard_s < oldest:
                self._set_available(known, False)

    def _read_keys(self) -> None:
        """Make the decoders. Raises BadCredentials for a key that cannot be read."""
        for known in self._known.values():
            if not known.connects and known.decoder is None:
                known.decoder = bthome.Decoder(known.config.address, _key(known.config))


def device_id(address: str) -> DeviceId:
    """Return the id of the device with this address: `bluetooth:c0ffee000001`."""
    return DeviceId(f"{NAME}:{address.replace(':', '').lower()}")


def create(settings: BluetoothSettings, place: Place) -> BluetoothDriver:
    """Return the driver; see drivers.registry."""
    return BluetoothDriver(settings, place.clock)


def _key(config: BluetoothDevice) -> bytes | None:
    if config.bindkey_file is None:
        return None
    try:
        key = bytes.fromhex(config.bindkey_file.read_text("ascii").strip())
    except (OSError, ValueError) as err:
        raise BadCredentials(f"bindkey_file {config.bindkey_file} cannot be read") from err
    if len(key) != 16:  # noqa: PLR2004 - AES-128
        raise BadCredentials(f"bindkey_file {config.bindkey_file} holds no 32 hexadecimal digits")
    return key


def _first(group: ExceptionGroup[Unreachable]) -> Unreachable:
    first = group.exceptions[0]
    return _first(first) if isinstance(first, ExceptionGroup) else first
