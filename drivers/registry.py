"""Which drivers there are. A driver is imported only when the configuration names it.

A new driver is one line here. Third parties add theirs by an entry point in the group
`moodsync.drivers`, named as in the configuration and pointing to a `Known` of theirs; the module it
stands in is imported when the configuration is read, so it should import no protocol library.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path

from drivers.bluetooth_settings import BluetoothSettings
from drivers.esphome_settings import EsphomeSettings
from drivers.hue_settings import HueSettings
from drivers.imports import load, made_to_last
from drivers.kasa_settings import KasaSettings
from drivers.lifx_settings import LifxSettings
from drivers.matter_settings import MatterSettings
from drivers.mqtt_settings import MqttSettings
from drivers.settings import DriverSettings
from drivers.shelly_settings import ShellySettings
from drivers.simulated_settings import SimulatedSettings
from drivers.types import Driver
from drivers.wled_settings import WledSettings
from drivers.zigbee_settings import ZigbeeSettings
from drivers.zwave_settings import ZwaveSettings


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


@dataclass(frozen=True, slots=True)
class Known:
    """A built-in driver."""

    settings: type[DriverSettings]
    factory: str
    """`module:function`."""
    extra: str = ""
    """The optional dependencies of pyproject.toml that it needs."""


KNOWN: dict[str, Known] = {
    "matter": Known(MatterSettings, "drivers.matter:create"),
    "bluetooth": Known(BluetoothSettings, "drivers.bluetooth:create", "bluetooth"),
    "esphome": Known(EsphomeSettings, "drivers.esphome:create", "wifi"),
    "hue": Known(HueSettings, "drivers.hue:create", "hue"),
    "kasa": Known(KasaSettings, "drivers.kasa:create", "wifi"),
    "lifx": Known(LifxSettings, "drivers.lifx:create", "lifx"),
    "mqtt": Known(MqttSettings, "drivers.mqtt:create"),
    "shelly": Known(ShellySettings, "drivers.shelly:create", "wifi"),
    "simulated": Known(SimulatedSettings, "drivers.simulated:create"),
    "wled": Known(WledSettings, "drivers.wled:create", "wifi"),
    "zigbee": Known(ZigbeeSettings, "drivers.zigbee.driver:create", "zigbee"),
    "zwave": Known(ZwaveSettings, "drivers.zwave:create", "zwave"),
}
"""By the name in the configuration."""


class UnknownDriver(LookupError):  # noqa: N818 - says what it is
    """No driver of this name is built in or installed."""


class NotInstalled(LookupError):  # noqa: N818
    """The driver's packages are missing; the text says what to do."""


def create(name: str, settings: DriverSettings, place: Place) -> Driver:
    """Import a driver and return it, not yet running. May take seconds: call it in a thread.

    Raises UnknownDriver, NotInstalled.
    """
    known = KNOWN.get(name) or third_party(name)
    if known is None:
        names = ", ".join(sorted(KNOWN))
        raise UnknownDriver(f"there is no driver {name!r}; built in are {names}")
    if not isinstance(settings, known.settings):
        raise TypeError(f"the driver {name} takes {known.settings.__name__}")
    with made_to_last():
        return _load(known)(settings, place)


def third_party(name: str) -> Known | None:
    """Return an installed driver that is not built in; None when there is none."""
    for entry in entry_points(group=ENTRY_POINTS, name=name):
        known = entry.load()
        if isinstance(known, Known):
            return known
    return None


def extras(names: Iterable[str]) -> tuple[str, ...]:
    """Return the extras that these drivers need, each once, sorted."""
    return tuple(sorted({KNOWN[name].extra for name in names if name in KNOWN} - {""}))


def _load(known: Known) -> Factory:
    module, _, function = known.factory.partition(":")
    try:
        factory: Factory = getattr(load(module), function)
    except ModuleNotFoundError as err:
        if not known.extra:
            raise
        raise NotInstalled(
            f"the package {err.name} is not installed; run: scripts/setup hub {known.extra}"
        ) from err
    return factory
