"""What may stand under `drivers: kasa:` in the configuration."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from drivers.lan_settings import Address, Key, TcpPort
from drivers.settings import DriverSettings


class KasaProtocol(StrEnum):
    """What a device speaks."""

    XOR = "xor"
    """Older Kasa devices: port 9999, no login."""
    KLAP = "klap"
    """Kasa devices with newer firmware: http, with the TP-Link account's login."""
    SMART = "smart"
    """Tapo and the newest Kasa devices: http, with the TP-Link account's login."""


class KasaDevice(Address):
    """One Kasa or Tapo device."""

    protocol: KasaProtocol = KasaProtocol.XOR
    port: TcpPort | None = None
    """If it is not the protocol's own."""
    login_file: Path | None = None
    """A file holding the TP-Link account: its e-mail on the first line, its password below."""

    @model_validator(mode="after")
    def _has_its_login(self) -> Self:
        if (self.login_file is None) != (self.protocol is KasaProtocol.XOR):
            raise ValueError(
                "`login_file` belongs to the protocols `klap` and `smart`, not to `xor`"
            )
        return self


class KasaSettings(DriverSettings):
    """TP-Link Kasa and Tapo plugs, strips and bulbs, by their addresses in the local network."""

    devices: dict[Key, KasaDevice] = {}
    poll_s: Annotated[float, Field(ge=0.1, le=60)] = 5.0
    """How often to ask each device how it is; they do not tell by themselves."""
