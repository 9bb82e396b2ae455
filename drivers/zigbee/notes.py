"""Which nodes have been set up, remembered over a restart."""

import json
import os
from pathlib import Path
from typing import Final

import structlog

log = structlog.get_logger(__name__)

FILE: Final = "set_up.json"
VERSION: Final = 1
"""Raised when what is set up changes, so that every node is set up again."""


class Notes:
    """A set of keys in a file of the driver's folder; a broken file counts as empty."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._keys: set[str] = set()

    def load(self) -> None:
        """Read the file."""
        try:
            content = json.loads(self._path.read_bytes())
            keys = content["nodes"] if content["version"] == VERSION else []
            self._keys = {str(key) for key in keys}
        except FileNotFoundError:
            self._keys = set()
        except (OSError, ValueError, KeyError, TypeError):
            log.warning("zigbee_notes_unreadable")
            self._keys = set()

    def __contains__(self, key: str) -> bool:
        return key in self._keys

    def add(self, key: str) -> None:
        """Note a node."""
        if key not in self._keys:
            self._keys.add(key)
            self._save()

    def discard(self, key: str) -> None:
        """Forget a node."""
        if key in self._keys:
            self._keys.discard(key)
            self._save()

    def _save(self) -> None:
        new = self._path.with_suffix(".new")
        content = json.dumps({"version": VERSION, "nodes": sorted(self._keys)})
        try:
            with os.fdopen(os.open(new, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as file:
                file.write(content)
            new.replace(self._path)
        except OSError as err:  # a full disk: the nodes are set up again at the next start
            log.warning("zigbee_notes_not_saved", reason=err.strerror)
