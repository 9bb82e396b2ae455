"""What may stand under `drivers: shelly:` in the configuration."""

from pathlib import Path

from drivers.lan_settings import Address, Key, TcpPort
from drivers.settings import DriverSettings


class ShellyDevice(Address):
    """One Shelly of generation 2 or later."""

    port: TcpPort = 80
    password_file: Path | None = None
    """A file holding the device's password alone; without it, it has none."""


class ShellySettings(DriverSettings):
    """Shelly devices (Gen2 and later), by their addresses in the local network."""

    devices: dict[Key, ShellyDevice] = {}
