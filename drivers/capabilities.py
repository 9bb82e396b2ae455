"""What devices can do: small frozen dataclasses that carry their limits, never strings or bits.

Levels lie in [0, 1], temperatures are degrees Celsius, colour temperature is kelvin.
"""

from dataclasses import dataclass
from typing import TypeVar


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
