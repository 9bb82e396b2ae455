"""The catalog of weight files: origin, checksum, licence, card, classes, calibration.

Pure Python, so that the hub process may read it too.
"""

import hashlib
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from models.errors import WeightsError

PACKAGE = Path(__file__).parent
FETCH_MEND = "run `moodsync models fetch`"

# About 50 ms of hashing on a small board; larger files are checked by size at load.
_CHEAP_BYTES = 4_000_000


class Use(StrEnum):
    """Who needs the file."""

    RUN = "run"
    TRAINING = "training"
    OPTIONAL = "optional"
    """Fetched only where the configuration switches on what needs it."""


@dataclass(frozen=True, slots=True)
class Trained:
    """Made by our own training; the file is part of the project."""

    training: str


@dataclass(frozen=True, slots=True)
class Packaged:
    """A member of a published wheel, fetched by the set-up."""

    package: str
    version: str
    wheel_sha256: str
    wheel_bytes: int
    member: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One weight file."""

    id: str
    file: str
    bytes: int
    sha256: str
    licence: str
    card: str
    input: str
    classes: tuple[str, ...]
    use: Use
    origin: Trained | Packaged
    calibration: Mapping[str, float | tuple[float, ...]] = field(default_factory=dict)

    def number(self, name: str) -> float:
        """Return a calibration value; raises WeightsError when the entry has no such number."""
        value = self.calibration.get(name)
        if isinstance(value, float):
            return value
        raise _wrong(self.id, f"calibration.{name} must be a number")

    def numbers(self, name: str) -> tuple[float, ...]:
        """Return a calibration list; raises WeightsError when the entry has no such list."""
        value = self.calibration.get(name)
        if isinstance(value, tuple):
            return value
        raise _wrong(self.id, f"calibration.{name} must be a list of numbers")


class Catalog:
    """All entries, and where their files are on this machine.

    Fetched files lie in `fetched`, those that we trained in `own`.
    """

    def __init__(self, entries: Mapping[str, Entry], fetched: Path, own: Path) -> None:
        self.entries = entries
        self.fetched = fetched
        self.own = own
        self._checked: set[str] = set()

    def entry(self, entry_id: str) -> Entry:
        """Return the entry; raises WeightsError for an unknown id."""
        try:
            return self.entries[entry_id]
        except KeyError:
            known = ", ".join(self.entries)
            raise WeightsError(
                f"no weights are called {entry_id!r}", f"use one of {known}"
            ) from None

    def place(self, entry_id: str) -> Path:
        """Return where the file belongs, whether it is there or not."""
        entry = self.entry(entry_id)
        return (self.own if isinstance(entry.origin, Trained) else self.fetched) / entry.file

    def path(self, entry_id: str) -> Path:
        """Return the file, ready to load.

        Checked once a process: small files by sha256, large ones by size (`verify` does all).
        Raises WeightsError when the file is missing or is not the catalog's.
        """
        entry, path = self.entry(entry_id), self.place(entry_id)
        if entry_id not in self._checked:
            if entry.bytes <= _CHEAP_BYTES:
                self.verify(entry_id)
            else:
                self._check_size(entry, path)
            self._checked.add(entry_id)
        return path

    def verify(self, entry_id: str) -> str:
        """Return the file's sha256; raises WeightsError unless it is the catalog's."""
        entry, path = self.entry(entry_id), self.place(entry_id)
        self._check_size(entry, path)
        actual = sha256_of(path)
        if actual != entry.sha256:
            raise WeightsError(
                f"{path.name} has sha256 {actual[:12]}, the catalog says {entry.sha256[:12]}",
                _mend(entry),
            )
        return actual

    def _check_size(self, entry: Entry, path: Path) -> None:
        try:
            size = path.stat().st_size
        except OSError:
            raise WeightsError(f"{path} is not there", _mend(entry)) from None
        if size != entry.bytes:
            raise WeightsError(
                f"{path.name} has {size} bytes, the catalog says {entry.bytes}", _mend(entry)
            )


def load_catalog(
    path: Path | None = None, fetched: Path | None = None, own: Path | None = None
) -> Catalog:
    """Read the catalog, by default models/catalog.toml.

    Fetched files are looked for in `fetched`, else `$MOODSYNC_WEIGHTS`, else
    models/weights/fetched/; our own in `own`, else models/weights/. Raises WeightsError when the
    file is not a valid catalog.
    """
    source = path or PACKAGE / "catalog.toml"
    try:
        tables = tomllib.loads(source.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as err:
        raise _wrong(source.name, str(err)) from err
    if fetched is None:
        chosen = os.environ.get("MOODSYNC_WEIGHTS")
        fetched = Path(chosen).expanduser() if chosen else PACKAGE / "weights" / "fetched"
    entries = {name: _entry(name, table) for name, table in tables.items()}
    return Catalog(entries, fetched, own or PACKAGE / "weights")


def sha256_of(path: Path) -> str:
    """Return the hexadecimal SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _entry(name: str, table: Any) -> Entry:
    try:
        plain = {**table, "id": name}
        plain["classes"] = tuple(plain["classes"])
        plain["use"] = Use(plain["use"])
        plain["origin"] = _origin(plain["origin"])
        plain["calibration"] = {
            key: tuple(float(v) for v in value) if isinstance(value, list) else float(value)
            for key, value in plain.get("calibration", {}).items()
        }
        return Entry(**plain)
    except KeyError as err:
        raise _wrong(name, f"{err.args[0]} is missing") from err
    except (TypeError, ValueError) as err:
        raise _wrong(name, str(err)) from err


def _origin(table: Mapping[str, Any]) -> Trained | Packaged:
    return Trained(**table) if "training" in table else Packaged(**table)


def _mend(entry: Entry) -> str:
    return "restore it from the project" if isinstance(entry.origin, Trained) else FETCH_MEND


def _wrong(where: str, what: str) -> WeightsError:
    return WeightsError(f"catalog: {where}: {what}", "mend models/catalog.toml")
