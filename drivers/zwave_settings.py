"""What may stand under `drivers: zwave:` in the configuration."""

from typing import Annotated

from pydantic import Field

from drivers.settings import DriverSettings


class ZwaveSettings(DriverSettings):
    """Where the Z-Wave JS server is, which has the stick; devices are found on its network."""

    url: Annotated[str, Field(pattern=r"^wss?://[^\s@]+$", max_length=500)] = "ws://127.0.0.1:3000"
    """The address of its WebSocket. It has no login: keep it on this machine or behind TLS."""
    fades: bool = True
    """Whether dimmers are told how long to take; without it they take their own default."""
