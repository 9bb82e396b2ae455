"""What may stand under `drivers: bluetooth:` in the configuration."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from drivers.settings import DriverSettings, Strict

Address = Annotated[
    str,
    Field(pattern=r"^[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}$"),
    AfterValidator(str.upper),
]
"""As `moodsync network nearby` tells it: `C0:FF:EE:00:00:01`."""


class BluetoothKind(StrEnum):
    """How a device gives its values."""

    HEART_RATE = "heart_rate"
    """A strap with the Heart Rate service; the hub connects to it while it is worn."""
    ENVIRONMENT = "environment"
    """A sensor with the Environmental Sensing service; the hub connects to it."""
    BTHOME = "bthome"
    """A sensor or button that broadcasts BTHome v2; the hub listens."""


class BluetoothDevice(Strict):
    """One device that the hub may use; the neighbours' are left alone because they are not here."""

    address: Address
    kind: BluetoothKind
    name: str = ""
    bindkey_file: Path | None = None
    """A file holding the key of an encrypted BTHome device as 32 hexadecimal digits."""

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.bindkey_file is not None and self.kind is not BluetoothKind.BTHOME:
            raise ValueError("`bindkey_file` is for bthome devices")
        return self


class BluetoothSettings(DriverSettings):
    """A Bluetooth adapter and the devices near it."""

    adapter: Annotated[str, Field(pattern=r"^hci\d{1,2}$")] | None = None
    """The first that is switched on, if not given."""
    scan_s: Annotated[float, Field(ge=0.2, le=60)] = 6.0
    """How long to listen at a time; less when everything that is waited for was heard."""
    pause_s: Annotated[float, Field(ge=0, le=600)] = 14.0
    """How long to leave the radio alone between; it never listens when nothing is waited for."""
    devices: dict[str, BluetoothDevice] = {}

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        addresses = [device.address for device in self.devices.values()]
        if len(set(addresses)) < len(addresses):
            raise ValueError("two devices have the same address")
        return self
