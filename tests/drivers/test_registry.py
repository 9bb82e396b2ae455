"""Drivers are found by name, imported late, and third parties' are found by entry point."""

import subprocess
import sys
import time
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path

import pytest
from pydantic import ValidationError

from drivers import registry
from drivers.mqtt import MqttDriver
from drivers.mqtt_settings import MqttSettings
from drivers.settings import DriverSettings
from drivers.simulated import SimulatedDriver
from drivers.simulated_settings import SimulatedSettings
from hub.settings import Drivers

PLACE = registry.Place(time.monotonic, Path("/nonexistent"))


def test_built_in_drivers_are_made_by_name() -> None:
    assert isinstance(registry.create("mqtt", MqttSettings(), PLACE), MqttDriver)
    simulated = registry.create("simulated", SimulatedSettings(), PLACE)
    assert isinstance(simulated, SimulatedDriver)
    for name in registry.KNOWN:
        assert registry.create(name, registry.KNOWN[name].settings(), PLACE).name == name


def test_every_driver_of_the_configuration_is_known_and_the_other_way_round() -> None:
    assert set(Drivers.model_fields) == set(registry.KNOWN)


def test_settings_of_another_driver_are_refused() -> None:
    with pytest.raises(TypeError, match="MqttSettings"):
        registry.create("mqtt", SimulatedSettings(), PLACE)


def test_missing_packages_say_how_to_install_them(monkeypatch: pytest.MonkeyPatch) -> None:
    lacking = registry.Known(SimulatedSettings, "drivers.simulated:create", "toaster")
    monkeypatch.setitem(registry.KNOWN, "simulated", lacking)
    monkeypatch.setitem(sys.modules, "drivers.simulated", None)
    with pytest.raises(registry.NotInstalled, match="scripts/setup hub toaster"):
        registry.create("simulated", SimulatedSettings(), PLACE)
    assert registry.extras(["simulated", "mqtt"]) == ("toaster",)


def test_unknown_names_say_what_there_is() -> None:
    with pytest.raises(registry.UnknownDriver, match=r"built in are .*mqtt, .*simulated"):
        registry.create("telepathy", DriverSettings(), PLACE)


THIRD = registry.Known(SimulatedSettings, "drivers.simulated:create")


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = [
        EntryPoint("other", f"{__name__}:THIRD", registry.ENTRY_POINTS),
        EntryPoint("odd", f"{__name__}:PLACE", registry.ENTRY_POINTS),
    ]

    def there(*, group: str, name: str) -> EntryPoints:
        return EntryPoints(entries).select(group=group, name=name)

    monkeypatch.setattr(registry, "entry_points", there)


@pytest.mark.usefixtures("installed")
def test_a_third_party_adds_a_driver_by_entry_point() -> None:
    driver = registry.create("other", SimulatedSettings(), PLACE)
    assert isinstance(driver, SimulatedDriver)
    with pytest.raises(registry.UnknownDriver):
        registry.create("odd", SimulatedSettings(), PLACE)


@pytest.mark.usefixtures("installed")
def test_a_third_party_is_configured_like_the_others() -> None:
    given = {"devices": {"lamp": {"kind": "lamp"}}}
    drivers = Drivers.model_validate({"simulated": {}, "other": given})
    assert drivers.sections() == {
        "simulated": SimulatedSettings(),
        "other": SimulatedSettings.model_validate(given),
    }
    wrong: object
    for wrong in ({"odd": {}}, {"telepathy": {}}, {"other": {"colour": 1}}, 7):
        with pytest.raises(ValidationError):
            Drivers.model_validate(wrong)


def test_no_driver_is_imported_before_it_is_asked_for() -> None:
    code = (
        "import sys, drivers.registry;"
        "print([m for m in sys.modules if m.startswith(('drivers.mqtt', 'drivers.sim', 'ssl'))"
        " and not m.endswith('_settings')])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
