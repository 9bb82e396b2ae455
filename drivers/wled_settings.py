"""What may stand under `drivers: wled:` in the configuration."""

from drivers.lan_settings import Address, Key, TcpPort
from drivers.settings import DriverSettings


class WledDevice(Address):
    """One WLED controller."""

    port: TcpPort = 80


class WledSettings(DriverSettings):
    """WLED light strips, by their addresses in the local network."""

    devices: dict[Key, WledDevice] = {}
