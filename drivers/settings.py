"""What every driver's settings have in common; each driver's own are in `<driver>_settings.py`.

Kept apart from the drivers so that checking a configuration imports no protocol library.
"""

from pydantic import BaseModel, ConfigDict


class Strict(BaseModel):
    """A section whose unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class DriverSettings(Strict):
    """A driver's section. A key ending in `_file` is a path from the configuration's folder.

    Such a file has to be there when the hub starts; a driver's own files lie elsewhere
    (drivers.registry.Place).
    """

    def device_keys(self) -> frozenset[str] | None:
        """Return the keys of its devices, or None when they are found on the network."""
        return None

    def named_keys(self) -> frozenset[str]:
        """Return the keys of those devices that the section itself names, found ones left out."""
        return self.device_keys() or frozenset()
