"""The home, its rooms and its people."""

from typing import Annotated, Literal

from pydantic import Field

from drivers.settings import Strict
from hub.phrase import Language
from hub.setting_types import Name


class Home(Strict):
    """The home as a whole. Workplaces and schools are refused (EU AI Act Art. 5(1)(f))."""

    name: str = "Home"
    kind: Literal["household"] = "household"
    language: Language = "en"
    """What the hub speaks where nobody has said which: the command line, webhooks, scripts."""
    latitude: Annotated[float, Field(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Field(ge=-180, le=180)] | None = None
    timezone: str = "UTC"


class Room(Strict):
    """A room; devices and sources name it."""

    name: str = ""
    devices: tuple[str, ...] = ()
    """Device ids, `<driver>:<id>`, that belong to this room."""


class Person(Strict):
    """Someone who lives here."""

    name: str = ""
    lives_in: tuple[Name, ...] = ()
    """Rooms whose camera and microphone need this person's consent; empty means all."""
