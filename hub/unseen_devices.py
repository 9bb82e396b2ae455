"""Devices that the configuration uses and that nobody knows: most are mistyped.

A driver that finds its devices accepts any id, since a device may be away or still to come. What is
told is therefore a remark, not an error: ids that neither the driver's own section names nor
any device had that was ever there.
"""

import difflib
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hub.act.known_devices import SEEN
from hub.settings import Settings
from hub.store.db import connect_read_only


@dataclass(frozen=True, slots=True)
class Unseen:
    """An id, and where it stands."""

    key: str
    device: str
    meant: str | None
    """A known id that is spelled nearly so."""

    def __str__(self) -> str:
        """Return it as a line for a person."""
        meant = f"; did you mean {self.meant}?" if self.meant else ""
        return f"{self.key}: no device {self.device} was ever seen{meant}"


def unseen(settings: Settings, config_db: Path) -> tuple[Unseen, ...]:
    """Return the ids that nobody knows, in the order of the configuration."""
    sections = settings.drivers.sections()
    found = {name for name, section in sections.items() if section.device_keys() is None}
    known = _seen(config_db) | {
        f"{name}:{key}" for name, section in sections.items() for key in section.named_keys()
    }
    return tuple(
        Unseen(key, device, next(iter(difflib.get_close_matches(device, known, 1, 0.8)), None))
        for key, device in _used(settings)
        if device.partition(":")[0] in found and device not in known
    )


def _used(settings: Settings) -> Iterator[tuple[str, str]]:
    for name, room in settings.rooms.items():
        yield from ((f"rooms.{name}.devices", device) for device in room.devices)
    for name, scene in settings.scenes.items():
        yield from ((f"scenes.{name}.devices", device) for device in scene.devices)
    for name, wearable in settings.senses.wearables.items():
        yield f"senses.wearables.{name}.device", wearable.device
    for name, rule in settings.rules.items():
        if rule.when.sensor is not None:
            yield f"rules.{name}.when.sensor.device", rule.when.sensor.device
        if rule.when.button is not None:
            yield f"rules.{name}.when.button.device", rule.when.button.device


def _seen(config_db: Path) -> set[str]:
    """Return every device that was ever there; none where the hub has not run, or cannot tell."""
    if not config_db.is_file():
        return set()
    try:
        conn = connect_read_only(config_db)
        try:
            rows = conn.execute(
                "SELECT value FROM setting WHERE key >= ? AND key < ?", (SEEN, f"{SEEN}\uffff")
            ).fetchall()
        finally:
            conn.close()
        return {device for (value,) in rows for device in json.loads(value)}
    except (sqlite3.Error, ValueError):
        return set()  # the hub itself says at its start what is wrong with the file
