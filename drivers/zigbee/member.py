"""One node of the network with its devices, and what is counted of all of them."""

from collections.abc import Callable
from dataclasses import dataclass, field

from zigpy.device import Device as ZigpyDevice

from drivers.zigbee.parts import Part


@dataclass(slots=True)
class Counts:
    """Counts since the driver was made, over all connections."""

    frames: int = 0
    malformed: int = 0
    """Values that their cluster does not allow; dropped."""
    joined: int = 0
    ghosts: int = 0
    """Announcements that cannot be, or of more strangers than there is room for; dropped."""
    left: int = 0
    presses: int = 0
    multicasts: int = 0
    read_back: int = 0
    """Commands after which no report came, so that the device was asked."""


@dataclass(slots=True, eq=False)
class Member:
    """A node and its devices."""

    node: ZigpyDevice
    parts: list[Part]
    heard_at: float
    available: bool
    setting_up: bool = False
    asking: bool = False
    ask_again: bool = False
    """Heard again since the asking began: what was read may be from before."""
    told: list[Callable[[], None]] = field(default_factory=list)
    """Ends the subscriptions to its clusters."""

    @property
    def key(self) -> str:
        """The first device's id without the driver's name."""
        return str(self.parts[0].device.id).partition(":")[2]
