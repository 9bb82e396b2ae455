"""A Bluetooth device of the configuration: what it has said, and what the hub is told of it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

import structlog
from bleak.backends.scanner import AdvertisementData

from drivers import bthome
from drivers.bluetooth_gatt import QUANTITIES, heart_rate, quantity
from drivers.bluetooth_settings import BluetoothDevice, BluetoothKind
from drivers.types import (
    BadCredentials,
    BadPayload,
    Device,
    DeviceId,
    DeviceInfo,
    DeviceState,
    HeartSample,
    Measures,
    Port,
)

log = structlog.get_logger(__name__)

NAME = "bluetooth"
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


class Known:
    """See the module. A Listener of drivers.bluetooth_session; tells its port while it has one."""

    def __init__(
        self, key: str, config: BluetoothDevice, stats: BluetoothStats, clock: Callable[[], float]
    ) -> None:
        self.config = config
        self.port: Port | None = None
        self.heard_s = float("-inf")
        self.session: asyncio.Task[None] | None = None
        self.retry_s = FIRST_RETRY_S
        self.not_before_s = float("-inf")
        self._stats = stats
        self._clock = clock
        self._decoder: bthome.Decoder | None = None
        self._packet: int | None = None
        self._complained = False
        self._kinds = ("heart_rate",) if config.kind is BluetoothKind.HEART_RATE else ()
        self.device = Device(
            device_id(config.address),
            config.name or key,
            NAME,
            (Measures(self._kinds),) if self._kinds else (),
            available=False,
        )

    @property
    def connects(self) -> bool:
        """True for what the hub connects to, False for what it listens to."""
        return self.config.kind is not BluetoothKind.BTHOME

    def read_key(self) -> None:
        """Make the decoder. Raises BadCredentials for a key that cannot be read."""
        if not self.connects and self._decoder is None:
            self._decoder = bthome.Decoder(self.config.address, _key(self.config))

    def heart(self, data: bytes) -> None:
        """Take a strap's measurement."""
        try:
            measured = heart_rate(data)
        except BadPayload as err:
            self._malformed(err)
            return
        self._stats.samples += 1
        if self.port is not None:
            device, now = self.device.id, self._clock()
            self.port.sample(
                HeartSample(device, measured.bpm, measured.rr_s, measured.contact, now)
            )

    def quantity(self, characteristic: str, data: bytes) -> None:
        """Take a sensor's value, or a strap's battery."""
        try:
            value = quantity(characteristic, data)
        except BadPayload as err:
            self._malformed(err)
            return
        if value is not None:
            self._show({QUANTITIES[characteristic].kind: value})

    def ready(self, info: DeviceInfo) -> None:
        """Take note that the device is connected."""
        self._stats.connections += 1
        self.retry_s = FIRST_RETRY_S
        self.device = replace(self.device, info=info)
        self.set_available(True)

    def broadcast(self, said: AdvertisementData) -> None:
        """Take what the device says to all."""
        data = said.service_data.get(bthome.SERVICE)
        if self._decoder is None or data is None:
            return
        self._stats.broadcasts += 1
        try:
            broadcast = self._decoder.read(data)
        except BadPayload as err:
            self._malformed(err)
            return
        self.heard_s = self._clock()
        news = broadcast.packet is None or broadcast.packet != self._packet
        self._packet = broadcast.packet
        rssi = self.device.state.values.get("rssi")
        near = not isinstance(rssi, bool | str) and rssi is not None
        if near and abs(float(rssi or 0) - said.rssi) < RSSI_STEP:
            strength: float = float(rssi or 0)
        else:
            strength = said.rssi
        self._show({**broadcast.values, "rssi": strength}, available=True)
        if news and self.port is not None:
            for action in broadcast.actions:
                self.port.pressed(self.device.id, action)

    def set_available(self, available: bool) -> None:
        """Tell whether it is there."""
        if self.device.available != available:
            self.device = self.device.now(self.device.state, available)
            self.announce()

    def announce(self) -> None:
        """Tell how it is."""
        # What a sensor measures is known when it was heard; before that it is not worth a word.
        if self.port is not None and self.device.capabilities:
            self.port.announce(self.device)

    def _show(self, values: dict[str, float | bool], *, available: bool = False) -> None:
        merged = {**self.device.state.values, **values}
        changed = replace(
            self.device,
            state=DeviceState(values=merged),
            capabilities=(Measures((*self._kinds, *merged)),),
            available=self.device.available or available,
        )
        if changed != self.device:
            self.device = changed
            self.announce()

    def _malformed(self, err: BadPayload) -> None:
        self._stats.malformed += 1
        if not self._complained:
            self._complained = True
            log.warning("bluetooth_payload_dropped", device=self.device.id, reason=err.reason)


def device_id(address: str) -> DeviceId:
    """Return the id of the device with this address: `bluetooth:c0ffee000001`."""
    return DeviceId(f"{NAME}:{address.replace(':', '').lower()}")


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
