"""What the sections of drivers have in common whose devices have an address each."""

from typing import Annotated

from pydantic import Field

from drivers.settings import Strict

Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
"""What the log calls a device; its own name and id come from the device itself."""
Host = Annotated[str, Field(pattern=r"^[^\s/@\[\]]{1,253}$")]
"""A name or address, without port or scheme."""
TcpPort = Annotated[int, Field(ge=1, le=65535)]


class Address(Strict):
    """Where one device is."""

    host: Host
