"""What may stand under `drivers: matter:` in the configuration."""

from typing import Annotated

from pydantic import Field

from drivers.settings import DriverSettings


class MatterSettings(DriverSettings):
    """Where the Matter server is, which is the controller; devices are found on its fabric."""

    url: Annotated[str, Field(pattern=r"^wss?://[^\s@]+$", max_length=500)] = (
        "ws://127.0.0.1:5580/ws"
    )
    """The address of its WebSocket. It has no login: keep it on this machine or behind TLS."""
