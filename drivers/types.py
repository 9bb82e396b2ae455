"""The protocols of drivers, and the words that they share with the hub, in one place to import.

Devices, what they can do, what they are told, and what came of it: each has a file of its own.
"""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from drivers.capabilities import (
    Adjusts,
    Audible,
    Blows,
    C,
    Capability,
    Colorful,
    Covers,
    Dimmable,
    Heats,
    Measures,
    Presses,
    Selects,
    Switchable,
    Tunable,
    Zoned,
)
from drivers.commands import (
    Command,
    Outcome,
    PlayMusic,
    Press,
    SetCover,
    SetFan,
    SetLight,
    SetNumber,
    SetOption,
    SetSwitch,
    SetTemperature,
    SetVolume,
    SetZones,
    Status,
    StopMusic,
    Zone,
)
from drivers.device import Device, DeviceId, DeviceInfo, DeviceState
from drivers.errors import BadCredentials, BadPayload, DriverError, Refused, Unreachable
from drivers.samples import HeartSample, Sample, SkinSample

__all__ = [
    "Adjusts",
    "Audible",
    "BadCredentials",
    "BadPayload",
    "Blows",
    "C",
    "Capability",
    "Colorful",
    "Command",
    "Covers",
    "Device",
    "DeviceId",
    "DeviceInfo",
    "DeviceState",
    "Dimmable",
    "Driver",
    "DriverError",
    "HeartSample",
    "Heats",
    "Measures",
    "Outcome",
    "PlayMusic",
    "Port",
    "Press",
    "Presses",
    "Refused",
    "Sample",
    "Selects",
    "SetCover",
    "SetFan",
    "SetLight",
    "SetNumber",
    "SetOption",
    "SetSwitch",
    "SetTemperature",
    "SetVolume",
    "SetZones",
    "SkinSample",
    "Status",
    "StopMusic",
    "Switchable",
    "Together",
    "Tunable",
    "Unreachable",
    "Zone",
    "Zoned",
]


class Port(Protocol):
    """What a driver may call while it runs; every method returns at once and never raises."""

    def announce(self, device: Device) -> None:
        """Tell that a device exists or that its state or availability changed."""
        ...

    def gone(self, device: DeviceId) -> None:
        """Tell that a device was removed from its network."""
        ...

    def sample(self, sample: Sample) -> None:
        """Hand on a body sensor's sample."""
        ...

    def pressed(self, device: DeviceId, action: str) -> None:
        """Tell that a person pressed a button: `single`, `double`, `hold`, `release`, ..."""
        ...

    def connected(self) -> None:
        """Tell that the peer answers (resets the back-off, clears the warning)."""
        ...


class Driver(Protocol):
    """A network of actuators and sensors."""

    name: str

    async def run(self, port: Port) -> None:
        """Connect and keep devices current until cancelled.

        Raises Unreachable (retried with back-off), BadCredentials (shown as needs_attention).
        """
        ...

    async def execute(self, command: Command) -> None:
        """Carry a command out; return when the peer took it.

        Raises Refused or Unreachable. The caller sets the deadline.
        """
        ...


@runtime_checkable
class Together(Protocol):
    """A driver that can change several lights in one go, so that they change at once."""

    async def execute_together(self, commands: Sequence[SetLight]) -> Sequence[DriverError | None]:
        """Carry out commands that differ in their device alone.

        Returns for each what went wrong with it, None where its device took it.
        """
        ...
