"""What may stand under `drivers: hue:` in the configuration."""

from typing import Annotated

from pydantic import Field

from drivers.settings import DriverSettings


class HueSettings(DriverSettings):
    """A Hue bridge. Its key and certificate are kept when it is paired: `moodsync network pair`."""

    host: str = ""
    """Name or address of the bridge. Without it the one that was paired is used."""
    port: Annotated[int, Field(ge=1, le=65535)] = 443
