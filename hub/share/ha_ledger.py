"""Remembers what the broker keeps of the hub, so that it can be taken back after a restart.

`<state>/share/home_assistant.json`: an id that stays, and each kept announcement's topic with its
components' platforms. No mood and no secret is in it.
"""

import json
import os
import secrets
from pathlib import Path
from typing import Any

from hub.share.ha_messages import Announcements, withdrawn


class Ledger:
    """One file, written before the broker is told of anything new."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "home_assistant.json"
        said = self._load()
        self.hub_id: str = said.get("hub", "") or secrets.token_hex(4)
        self.kept: dict[str, dict[str, str]] = said.get("kept", {})
        """Platforms of components by topic."""

    def changes(self, wanted: Announcements) -> dict[str, bytes]:
        """Return what to publish so that the broker keeps just what is wanted; empty deletes.

        A component that is gone from a device has to be named once more, with its platform alone.
        """
        out: dict[str, bytes] = {topic: b"" for topic in self.kept if topic not in wanted}
        for topic, config in wanted.items():
            gone = {
                key: withdrawn({"platform": platform})
                for key, platform in self.kept.get(topic, {}).items()
                if key not in config["components"]
            }
            components = {**config["components"], **gone}
            out[topic] = json.dumps({**config, "components": components}).encode()
        return out

    def add(self, wanted: Announcements) -> None:
        """Note what the broker is about to keep besides; call it before it is told.

        Written at once, not in a thread: whoever is cancelled in between must find it noted.
        """
        for topic, parts in _platforms(wanted).items():
            self.kept[topic] = self.kept.get(topic, {}) | parts
        self._save()

    def set(self, wanted: Announcements) -> None:
        """Note that the broker keeps just this."""
        self.kept = _platforms(wanted)
        self._save()

    def _load(self) -> dict[str, Any]:
        try:
            said = json.loads(self._path.read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return said if isinstance(said, dict) and isinstance(said.get("kept", {}), dict) else {}

    def _save(self) -> None:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        new = self._path.with_suffix(".new")
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump({"hub": self.hub_id, "kept": self.kept}, file)
        new.replace(self._path)


def _platforms(wanted: Announcements) -> dict[str, dict[str, str]]:
    return {
        topic: {key: part["platform"] for key, part in config["components"].items()}
        for topic, config in wanted.items()
    }
