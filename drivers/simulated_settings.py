"""What may stand under `drivers: simulated:` in the configuration."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from drivers.settings import DriverSettings, Strict


class SimulatedKind(StrEnum):
    """What a simulated device is."""

    LAMP = "lamp"
    PLAYER = "player"
    THERMOSTAT = "thermostat"
    HEART_STRAP = "heart_strap"
    SKIN = "skin"
    PRESENCE = "presence"


class SimulatedDevice(Strict):
    """One device that exists only in memory, for trying the hub without hardware."""

    kind: SimulatedKind
    name: str = ""


class SimulatedSettings(DriverSettings):
    """Devices that exist only in memory; every one is marked as simulated wherever it shows."""

    devices: dict[str, SimulatedDevice] = {}
    latency_ms: Annotated[float, Field(ge=0, le=5000)] = 0
    seed: int = 1

    def device_keys(self) -> frozenset[str] | None:
        """See DriverSettings."""
        return frozenset(self.devices)
