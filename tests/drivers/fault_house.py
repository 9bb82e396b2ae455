"""A driver, its peer, and the hands that do to the peer what goes wrong."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from drivers.types import Device, DeviceId, Driver

Hands = Callable[[], None]


@dataclass
class House:
    """A driver and its peer, which is running."""

    driver: Driver
    device: DeviceId
    kill: Hands
    start: Hands
    freeze: Hands
    thaw: Hands
    say: Callable[[bool], Awaitable[None]]
    """Let the device tell, of itself, that it was switched on or off; also when it was so."""
    stray: Callable[[], Awaitable[None]]
    """Tell what belongs to no device of ours, or to a question nobody asked."""
    obeys: bool = True

    def shows(self, device: Device) -> bool | None:
        """Return what the driver believes the device to be."""
        if self.obeys:
            return device.state.on
        temperature = device.state.values.get("temperature")
        return None if temperature is None else temperature == 25.06
