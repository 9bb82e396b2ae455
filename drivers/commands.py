"""What devices are told, and what came of it; `match` over the unions is complete.

Levels and volumes lie in [0, 1], temperatures are degrees Celsius, colour is CIE 1931 xy, colour
temperature is kelvin.
"""

from dataclasses import dataclass
from enum import StrEnum

from drivers.device import DeviceId


@dataclass(frozen=True, slots=True)
class SetSwitch:
    """Turn a device on or off."""

    device: DeviceId
    on: bool


@dataclass(frozen=True, slots=True)
class SetLight:
    """Change a light; what is None stays as it is. `level` 0 turns it off."""

    device: DeviceId
    on: bool | None = None
    level: float | None = None
    kelvin: int | None = None
    xy: tuple[float, float] | None = None
    transition_s: float = 0.0


@dataclass(frozen=True, slots=True)
class SetTemperature:
    """Give a thermostat its target."""

    device: DeviceId
    target_c: float


@dataclass(frozen=True, slots=True)
class PlayMusic:
    """Play what fits this point of the valence-energy plane, at this volume if given."""

    device: DeviceId
    valence: float
    energy: float
    volume: float | None = None


@dataclass(frozen=True, slots=True)
class StopMusic:
    """Stop playing."""

    device: DeviceId


@dataclass(frozen=True, slots=True)
class SetVolume:
    """Change the volume only."""

    device: DeviceId
    volume: float


@dataclass(frozen=True, slots=True)
class Zone:
    """One zone of a light."""

    xy: tuple[float, float]
    level: float


@dataclass(frozen=True, slots=True)
class SetZones:
    """Give each zone its colour, first to last; fewer than the light has are spread over it."""

    device: DeviceId
    zones: tuple[Zone, ...]
    transition_s: float = 0.0


@dataclass(frozen=True, slots=True)
class SetFan:
    """Give a fan its speed; 0 turns it off."""

    device: DeviceId
    speed: float


@dataclass(frozen=True, slots=True)
class SetCover:
    """Move a cover; 0 closes, 1 opens."""

    device: DeviceId
    position: float


@dataclass(frozen=True, slots=True)
class SetOption:
    """Choose one of the options of `Selects`."""

    device: DeviceId
    option: str


@dataclass(frozen=True, slots=True)
class SetNumber:
    """Give `Adjusts` its number."""

    device: DeviceId
    number: float


@dataclass(frozen=True, slots=True)
class Press:
    """Press a button that has `Presses`."""

    device: DeviceId


Command = (
    SetSwitch
    | SetLight
    | SetZones
    | SetTemperature
    | SetFan
    | SetCover
    | SetOption
    | SetNumber
    | Press
    | PlayMusic
    | StopMusic
    | SetVolume
)


class Status(StrEnum):
    """How a command ended."""

    DONE = "done"
    REFUSED = "refused"
    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    FAILED = "failed"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a command. `reason` is empty when it is done."""

    command: Command
    status: Status
    reason: str
    took_ms: float
