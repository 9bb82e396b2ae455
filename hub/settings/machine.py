"""Moods, records, weights and the log: how the hub itself works."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from drivers.settings import Strict
from hub.setting_types import HalfLife


class MoodSettings(Strict):
    """How readings become a mood."""

    tick_s: Annotated[float, Field(ge=0.05, le=10)] = 0.5
    half_life_s: dict[Literal["face", "voice", "text", "body", "context"], HalfLife] = {
        "face": 8.0,
        "voice": 20.0,
        "text": 300.0,
        "body": 60.0,
        "context": 900.0,
    }


class StoreSettings(Strict):
    """Where records live and for how long."""

    directory: Path = Path("~/.local/state/moodsync")
    keep_readings_days: Annotated[float, Field(gt=0, le=365)] = 7
    keep_moods_days: Annotated[float, Field(gt=0, le=3650)] = 365
    commit_every_s: Annotated[float, Field(ge=0.1, le=600)] = 60
    reserve_bytes: Annotated[int, Field(ge=0, le=1 << 30)] = 4 << 20


class ModelSettings(Strict):
    """Which weights, and how much of the machine they may use."""

    licence: Literal["any", "open"] = "any"
    voice: Literal["auto", "full", "light"] = "auto"
    """`auto`: the light voice weights where a window of the full ones costs over 100 ms of a core.

    The light ones are weaker, and not open.
    """

    threads: Annotated[int, Field(ge=1, le=8)] = 1

    @model_validator(mode="after")
    def _light_is_not_open(self) -> Self:
        if self.licence == "open" and self.voice == "light":
            raise ValueError("voice: light cannot go with licence: open; use auto or full")
        return self


class LogSettings(Strict):
    """What the log holds. Moods, texts and secrets never do."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "json", "console"] = "auto"
