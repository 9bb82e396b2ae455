"""What people have to say for the operations on a Zigbee network."""

from typing import Annotated

from pydantic import ConfigDict, Field, SecretStr

from drivers.settings import Strict

Seconds = Annotated[int, Field(ge=1, le=254, description="how long, in seconds")]
Name = Annotated[str, Field(min_length=1, max_length=80, description="the device's id, zigbee:...")]


class PermitJoin(Strict):
    """How long the network is open."""

    seconds: Seconds = 60
    through: Annotated[str, Field(description="only through this device; all if empty")] = ""


class PermitWithCode(Strict):
    """A device that comes with an install code."""

    model_config = ConfigDict(hide_input_in_errors=True)

    address: Annotated[
        str, Field(pattern=r"^(0x)?[0-9A-Fa-f:]{16,23}$", description="its IEEE address")
    ]
    code: Annotated[SecretStr, Field(description="its install code")]
    seconds: Seconds = 60


class OneDevice(Strict):
    """Which device."""

    device: Name


class Restore(Strict):
    """Which backup."""

    file: Annotated[
        str,
        Field(pattern=r"^[\w.-]+\.json$", description="a file that `backup` named; see `network`"),
    ]


class Channel(Strict):
    """Where to move the network."""

    channel: Annotated[int, Field(ge=11, le=26, description="15, 20 and 25 lie between Wi-Fi's")]
