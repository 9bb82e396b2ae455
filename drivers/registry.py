"""Which drivers there are. A driver is imported only when the configuration names it.

A new driver is one line here. Third parties add theirs by an entry point in the group
`moodsync.drivers`, named as in the configuration and pointing to a factory like those below.
"""

from collections.abc import Callable
from importlib import import_module
from importlib.metadata import entry_points

from drivers.settings import MqttSettings, SimulatedSettings, Strict
from drivers.types import Driver

Clock = Callable[[], float]
"""Monotonic seconds."""
Factory = Callable[[Strict, Clock], Driver]

ENTRY_POINTS = "moodsync.drivers"

KNOWN: dict[str, tuple[type[Strict], str]] = {
    "mqtt": (MqttSettings, "drivers.mqtt:create"),
    "simulated": (SimulatedSettings, "drivers.simulated:create"),
}
"""Name in the configuration: its settings, and "module:factory"."""


class UnknownDriver(LookupError):  # noqa: N818 - says what it is
    """No driver of this name is built in or installed."""


def create(name: str, settings: Strict, clock: Clock) -> Driver:
    """Import a driver and return it, not yet running. Raises UnknownDriver."""
    if name in KNOWN:
        expected, place = KNOWN[name]
        if not isinstance(settings, expected):
            raise TypeError(f"the driver {name} takes {expected.__name__}")
        module, _, factory = place.partition(":")
        make: Factory = getattr(import_module(module), factory)
        return make(settings, clock)
    for entry in entry_points(group=ENTRY_POINTS, name=name):
        make = entry.load()
        return make(settings, clock)
    known = ", ".join(sorted(KNOWN))
    raise UnknownDriver(f"there is no driver {name!r}; built in are {known}")
