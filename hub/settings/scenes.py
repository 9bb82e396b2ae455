"""What a scene asks of a room."""

from typing import Annotated

from pydantic import Field

from drivers.settings import Strict
from hub.setting_types import Axis, Celsius, Unit


class LightPart(Strict):
    """What a scene asks of the room's lights."""

    on: bool = True
    level: Unit | None = None
    kelvin: Annotated[int, Field(ge=1500, le=9000)] | None = None
    xy: tuple[Unit, Unit] | None = None
    transition_s: Annotated[float, Field(ge=0, le=600)] = 2.0


class MusicPart(Strict):
    """What a scene asks of the room's players: a point on the valence-energy plane."""

    valence: Axis = 0.0
    energy: Axis = 0.0
    volume: Unit | None = None
    stop: bool = False


class Scene(Strict):
    """Light, music and climate for one room at once; parts left out stay as they are."""

    name: str = ""
    lights: LightPart | None = None
    devices: dict[str, LightPart] = {}
    """Lights that differ from `lights`, by device id."""
    music: MusicPart | None = None
    target_c: Celsius | None = None
    fan: Unit | None = None
    """The speed of the room's fans; 0 turns them off."""
    cover: Unit | None = None
    """Where the room's blinds and curtains go: 0 closed, 1 open."""
