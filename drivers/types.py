"""Devices, what they can do, what they are told, and what came of it.

Commands and capabilities are small frozen dataclasses; `match` over the unions is complete.
Levels and volumes lie in [0, 1], temperatures are degrees Celsius, colour is CIE 1931 xy,
colour temperature is kelvin.

Errors:
    DriverError
    +-- Refused        the device or driver will not do this; asking again does not help
    +-- Unreachable    the peer is away now; the supervisor backs off and retries
    +-- BadCredentials the peer refuses our name, password or certificate; not retried
    +-- BadPayload     the peer sent what its protocol does not allow; counted, then dropped
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NewType, Protocol, TypeVar, runtime_checkable

DeviceId = NewType("DeviceId", str)
"""Stable and unique in the home: `<driver>:<id in its network>`."""


class DriverError(Exception):
    """Anything that a driver reports. `reason` is safe to log and to show."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Refused(DriverError):  # noqa: N818 - the name is the outcome's
    """The device or driver will not do this."""


class Unreachable(DriverError):  # noqa: N818
    """The peer does not answer now."""


class BadCredentials(DriverError):  # noqa: N818
    """The peer refuses our credentials; a person has to mend the configuration."""


class BadPayload(DriverError):  # noqa: N818
    """The peer sent something that its protocol does not allow."""


# Capabilities -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Switchable:
    """Can be turned on and off. `light` tells a lamp that cannot be dimmed from any other plug."""

    light: bool = False


@dataclass(frozen=True, slots=True)
class Dimmable:
    """Has a brightness. `steps` is the number of levels its network distinguishes.

    `fades` says that it obeys `transition_s` itself; the hub steps those that do not.
    """

    steps: int = 254
    fades: bool = True


@dataclass(frozen=True, slots=True)
class Tunable:
    """Has a colour temperature within these limits."""

    min_kelvin: int
    max_kelvin: int


@dataclass(frozen=True, slots=True)
class Colorful:
    """Takes a colour as CIE 1931 xy."""


@dataclass(frozen=True, slots=True)
class Audible:
    """Plays music; `sources` names the kinds of intent that it understands."""


@dataclass(frozen=True, slots=True)
class Heats:
    """Has a target temperature within these limits."""

    min_c: float
    max_c: float
    step_c: float = 0.5


@dataclass(frozen=True, slots=True)
class Blows:
    """A fan. `steps` is how many speeds it has; the one that holds is `values["speed"]`, 0 to 1."""

    steps: int = 100


@dataclass(frozen=True, slots=True)
class Covers:
    """A blind, curtain or gate: `values["position"]`, 0 closed to 1 open."""

    stops_anywhere: bool = True
    """False for what knows only open and closed."""


@dataclass(frozen=True, slots=True)
class Zoned:
    """A light of several colours at once, side by side, besides having one colour for all."""

    zones: int


@dataclass(frozen=True, slots=True)
class Selects:
    """Takes one of these options; the one that holds is `values["option"]`."""

    options: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Adjusts:
    """Takes a number within these limits; the one that holds is `values["number"]`."""

    minimum: float
    maximum: float
    step: float = 1.0
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Presses:
    """A button that the hub may press (not one that people press: that is Port.pressed)."""


@dataclass(frozen=True, slots=True)
class Measures:
    """Reports values of these kinds; drivers.measures has their names and units."""

    kinds: tuple[str, ...]


Capability = (
    Switchable
    | Dimmable
    | Tunable
    | Colorful
    | Zoned
    | Audible
    | Heats
    | Blows
    | Covers
    | Selects
    | Adjusts
    | Presses
    | Measures
)
C = TypeVar(
    "C",
    Switchable,
    Dimmable,
    Tunable,
    Colorful,
    Zoned,
    Audible,
    Heats,
    Blows,
    Covers,
    Selects,
    Adjusts,
    Presses,
    Measures,
)


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


# Commands ---------------------------------------------------------------------------------


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


# Samples of body sensors ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class HeartSample:
    """A heart strap's notification: rate, and the RR intervals since the last one (seconds)."""

    device: DeviceId
    bpm: int
    rr_s: tuple[float, ...]
    contact: bool | None
    monotonic_s: float


@dataclass(frozen=True, slots=True)
class SkinSample:
    """Skin conductance in microsiemens, oldest first, ending at `monotonic_s`."""

    device: DeviceId
    microsiemens: tuple[float, ...]
    rate_hz: float
    monotonic_s: float


Sample = HeartSample | SkinSample


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
