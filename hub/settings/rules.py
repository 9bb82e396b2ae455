"""When a rule applies, what it does, and the limits that no rule can lift."""

from typing import Annotated, Literal

from pydantic import Field

from drivers.settings import Strict
from hub.setting_types import Axis, Celsius, Clock, MoodRegion, Name, Unit


class SensorIs(Strict):
    """A device's newest value: `device: mqtt:motion, kind: occupancy, is: true`."""

    device: str
    kind: str
    is_: Annotated[bool | str | float | None, Field(alias="is")] = None
    above: float | None = None
    below: float | None = None


class ButtonIs(Strict):
    """A press of a button: `device: mqtt:remote, action: toggle`."""

    device: str
    action: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    """The driver's word (`single`, `double`, `hold`, ...); any if not given."""


class When(Strict):
    """When a rule applies; everything that is given must hold."""

    mood: MoodRegion | None = None
    person: Name | None = None
    sensor: SensorIs | None = None
    button: ButtonIs | None = None
    between: tuple[Clock, Clock] | None = None
    sun: Literal["up", "down"] | None = None
    presence: bool | None = None


class MusicIntent(Strict):
    """Music as an answer: towards a point on the valence-energy plane."""

    valence: Axis
    energy: Axis
    volume: Unit | None = None


class Then(Strict):
    """What a rule does: exactly one of these."""

    scene: Name | None = None
    music: MusicIntent | None = None
    restore: bool = False


class Rule(Strict):
    """One policy: when this holds for so long in this room, do that."""

    enabled: bool = True
    """False keeps the rule without ever following it."""
    room: Name
    when: When
    then: Then
    for_s: Annotated[float, Field(ge=0, le=86_400)] = 0
    cooldown_s: Annotated[float, Field(ge=0, le=86_400)] = 300
    in_quiet_hours: bool = False
    priority: Annotated[int, Field(ge=0, le=100)] = 50


class Guards(Strict):
    """Limits that no rule can lift."""

    confidence_floor: Unit = 0.35
    hysteresis: Annotated[float, Field(ge=0, le=0.5)] = 0.08
    """How far beyond a region's edge a mood must go before the rule counts as left."""
    quiet_hours: tuple[Clock, Clock] | None = None
    manual_override_s: Annotated[float, Field(ge=0, le=86_400)] = 3600
    max_level_per_s: Annotated[float, Field(gt=0, le=10)] = 0.5
    """Fastest automatic brightness change; slower transitions are stretched, never flashed."""
    min_change_interval_s: Annotated[float, Field(ge=0, le=60)] = 1.0
    """Least time between two mood-driven changes of the same room."""
    target_c: tuple[Celsius, Celsius] = (16, 25)
    """Lowest and highest target that automation gives a thermostat."""
    max_target_change_c_per_h: Annotated[float, Field(gt=0, le=10)] = 2.0
    """How far apart the targets may lie that automation gives a thermostat within an hour."""
    max_fan: Unit = 1.0
    """The highest speed at which automation lets a fan run."""
    cover: tuple[Unit, Unit] = (0, 1)
    """How far automation closes (0) and opens (1) blinds and curtains."""
