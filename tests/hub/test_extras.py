"""Which optional packages a configuration asks for."""

from pathlib import Path

import pytest

from drivers import registry
from drivers.simulated_settings import SimulatedSettings
from hub.extras import needed


def test_configured_drivers_name_their_extras(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    toaster = registry.Known(SimulatedSettings, "drivers.simulated:create", "toaster")
    monkeypatch.setitem(registry.KNOWN, "toaster", toaster)
    file = tmp_path / "hub.yaml"
    file.write_text("drivers:\n  simulated:\n    devices: {}\n  toaster: {}\n")
    assert needed(file) == ("toaster",)


@pytest.mark.parametrize(("switch", "extras"), [("true", ("words",)), ("false", ())])
def test_spoken_words_need_their_extra(
    tmp_path: Path, switch: str, extras: tuple[str, ...]
) -> None:
    file = tmp_path / "hub.yaml"
    file.write_text(f"senses:\n  voice:\n    words: {switch}\n")
    assert needed(file) == extras


@pytest.mark.parametrize("content", ["", "drivers: [", "- 1", "drivers: 7", "\xff"])
def test_what_cannot_be_read_asks_for_nothing(tmp_path: Path, content: str) -> None:
    file = tmp_path / "hub.yaml"
    file.write_bytes(content.encode("latin-1"))
    assert needed(file) == ()
    assert needed(tmp_path / "absent") == ()


def test_every_extra_of_a_driver_has_its_lock() -> None:
    locks = Path(__file__).parents[2] / "scripts" / "locks"
    for extra in registry.extras(registry.KNOWN):
        assert (locks / f"{extra}.txt").is_file()
