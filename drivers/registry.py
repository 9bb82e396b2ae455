"""Which drivers there are. A driver is imported only when the configuration names it.

A new driver is one line here. Third parties add theirs by an entry point in the group
`moodsync.drivers`, named as in the configuration and pointing to a factory like those below.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path

from drivers.settings import DriverSettings, MqttSettings, SimulatedSettings
from drivers.types import Driver


@dataclass(frozen=True, slots=True)
class Place:
    """What a driver finds when it is made."""

    clock: Callable[[], float]
    """Monotonic seconds."""
    folder: Path
    """The driver's own, for what has to outlive a restart (network database, application key).

    It need not exist yet: whoever needs it makes it, mode 0700, files in it 0600.
    """


Factory = Callable[[DriverSettings, Place], Driver]

ENTRY_POINTS = "moodsync.drivers"

KNOWN: dict[str, tuple[type[DriverSettings], str]] = {
    "mqtt": (MqttSettings, "drivers.mqtt:create"),
    "simulated": (SimulatedSettings, "drivers.simulated:create"),
}
"""Name in the configuration: its settings, and "module:factory"."""


class UnknownDriver(LookupError):  # noqa: N818 - says what it is
    """No driver of this name is built in or installed."""


def create(name: str, settings: DriverSettings, place: Place) -> Driver:
    """Import a driver and return it, not yet running. Raises UnknownDriver."""
    if name in KNOWN:
        expected, where = KNOWN[name]
        if not isinstance(settings, expected):
            raise TypeError(f"the driver {name} takes {expected.__name__}")
        module, _, factory = where.partition(":")
        make: Factory = getattr(import_module(module), factory)
        return make(settings, place)
    for entry in entry_points(group=ENTRY_POINTS, name=name):
        make = entry.load()
        return make(settings, place)
    known = ", ".join(sorted(KNOWN))
    raise UnknownDriver(f"there is no driver {name!r}; built in are {known}")
