"""What may stand under `drivers: esphome:` in the configuration."""

from pathlib import Path

from drivers.lan_settings import Address, Key, TcpPort
from drivers.settings import DriverSettings


class EsphomeDevice(Address):
    """One ESPHome node."""

    port: TcpPort = 6053
    key_file: Path | None = None
    """A file holding `api: encryption: key` of the node, in base64; without it, no encryption."""


class EsphomeSettings(DriverSettings):
    """ESPHome nodes, by their addresses in the local network."""

    devices: dict[Key, EsphomeDevice] = {}
