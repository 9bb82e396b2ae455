"""What may stand under `drivers: lifx:` in the configuration."""

from typing import Annotated

from pydantic import Field

from drivers.settings import DriverSettings


class LifxSettings(DriverSettings):
    """LIFX lights in the local network; they are found by broadcast."""

    broadcast: Annotated[str, Field(min_length=1)] = "255.255.255.255"
    """Where to ask: the network's broadcast address, or the address of one light."""
    port: Annotated[int, Field(ge=1, le=65535)] = 56700
    poll_s: Annotated[float, Field(ge=0.1, le=60)] = 2.0
    """How often to ask each light how it is; LIFX lights do not tell by themselves."""
    discover_s: Annotated[float, Field(ge=1, le=3600)] = 60.0
    """How often to look for lights that are new or have moved."""
