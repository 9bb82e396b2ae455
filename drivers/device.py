"""One device: what it is, what it can do, and how it is now."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NewType

from drivers.capabilities import C, Capability

DeviceId = NewType("DeviceId", str)
"""Stable and unique in the home: `<driver>:<id in its network>`."""


@dataclass(frozen=True, slots=True)
class DeviceState:
    """What a device last reported; None where it has not said or has no such thing."""

    on: bool | None = None
    level: float | None = None
    kelvin: int | None = None
    xy: tuple[float, float] | None = None
    target_c: float | None = None
    playing: str | None = None
    volume: float | None = None
    values: Mapping[str, float | bool | str] = field(default_factory=dict)
    """The newest value of each kind in `Measures`, and what the rarer capabilities name."""

    def measuring(self, values: Mapping[str, float | bool | str]) -> "DeviceState":
        """Return the state with these values; spelled out for speed, as in Device.now."""
        return DeviceState(
            self.on,
            self.level,
            self.kelvin,
            self.xy,
            self.target_c,
            self.playing,
            self.volume,
            values,
        )


@dataclass(frozen=True, slots=True)
class DeviceInfo:
    """What does not change while a device lives: shown to people, never decided on."""

    manufacturer: str = ""
    model: str = ""
    version: str = ""
    suggested_room: str = ""
    """What its own network calls the room it is in; a suggestion to the person, never applied."""


@dataclass(frozen=True, slots=True)
class Device:
    """One device as its driver knows it now."""

    id: DeviceId
    name: str
    driver: str
    capabilities: tuple[Capability, ...]
    state: DeviceState = DeviceState()
    room: str | None = None
    available: bool = True
    simulated: bool = False
    info: DeviceInfo | None = None

    def now(self, state: DeviceState, available: bool) -> "Device":
        """Return the device in this state.

        Spelled out because it happens with every message: dataclasses.replace takes eight times
        as long.
        """
        return Device(
            self.id,
            self.name,
            self.driver,
            self.capabilities,
            state,
            self.room,
            available,
            self.simulated,
            self.info,
        )

    def placed(self, room: str | None, name: str) -> "Device":
        """Return the device in this room and under this name."""
        return Device(
            self.id,
            name,
            self.driver,
            self.capabilities,
            self.state,
            room,
            self.available,
            self.simulated,
            self.info,
        )

    def capability(self, kind: type[C]) -> C | None:
        """Return the capability of this kind, or None when the device lacks it."""
        for have in self.capabilities:
            if isinstance(have, kind):
                return have
        return None
