"""Everything about a person as JSON and CSV, with a manifest of counts and hashes.

What belongs to a person is said in `hub.store.whose`. Rows of rooms are marked by having no person:
they are the data of everyone who lives there.
"""

import csv
import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import IO

from hub.errors import StoreError
from hub.store import queries
from hub.store.config_db import load_people
from hub.store.consent import MAX_LOG, ConsentEntry, load_log, load_state
from hub.store.queries import Where
from hub.store.reader import ask
from hub.store.records import Record, RollupRecord
from hub.store.rollups import Span
from hub.store.schema import File
from hub.store.whose import Whose, markers_of, whose
from hub.types import PersonId

FORMAT = 1
PAGE = 1000
LIMIT_S = 600.0

Page = Callable[[sqlite3.Connection, Where], tuple[Record, ...]]

_TABLES: Mapping[str, Page] = {
    "readings": queries.readings,
    "moods": queries.moods,
    "decisions": queries.decisions,
    "outcomes": queries.outcomes,
    "held": queries.held,
    "device_events": queries.device_events,
    "sense_events": queries.sense_events,
    "corrections": queries.corrections,
    "rollups_minute": partial(queries.rollups, span=Span.MINUTE),
    "rollups_hour": partial(queries.rollups, span=Span.HOUR),
    "rollups_day": partial(queries.rollups, span=Span.DAY),
}


@dataclass(frozen=True, slots=True)
class ExportedFile:
    """A file of an export."""

    name: str
    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an export holds. `rooms` are those whose shared rows are in it; None means all."""

    person: PersonId
    rooms: tuple[str, ...] | None
    made_at_ms: int
    files: tuple[ExportedFile, ...]


def export(store_dir: Path, person: PersonId, out_dir: Path, made_at_ms: int) -> Manifest:
    """Write everything about a person into a new or empty directory.

    Reads only, so it works beside a running hub and without one. Takes a page of rows into memory
    at a time. Raises StoreError: nobody of that name, or the directory cannot be used.
    """
    profile = ask(store_dir / File.CONFIG, partial(_profile, person=person), LIMIT_S)
    _make(out_dir)

    def write(conn: sqlite3.Connection) -> Manifest:
        conn.execute("BEGIN")  # one moment's picture, however long the writing takes
        markers = markers_of(person, profile.name or "")
        mine = whose(conn, person, profile.lives_in, markers, shared=profile.name is not None)
        if not (profile.name is not None or profile.consent_log or mine.words):
            raise StoreError(f"the store knows nobody called {person!r}")
        files = [_write_json(out_dir / "profile.json", asdict(profile))]
        for table, page in _TABLES.items():
            files += _write_table(out_dir, table, _pages(conn, page, mine))
        rooms = mine.rooms if mine.shared else ()
        return Manifest(person, rooms, made_at_ms, tuple(files))

    manifest = ask(store_dir / File.HISTORY, write, LIMIT_S)
    _write_json(out_dir / "manifest.json", {"format": FORMAT, **asdict(manifest)})
    return manifest


@dataclass(frozen=True, slots=True)
class _Profile:
    """What config.db holds of a person; `name` is None if they are not among its people."""

    person: PersonId
    name: str | None
    lives_in: tuple[str, ...]
    consents: tuple[str, ...]
    consent_log: tuple[ConsentEntry, ...]


def _profile(conn: sqlite3.Connection, person: PersonId) -> _Profile:
    known = next((one for one in load_people(conn) if one.id == person), None)
    return _Profile(
        person,
        known.name if known else None,
        known.lives_in if known else (),
        tuple(sorted(sense for who, sense in load_state(conn) if who == person)),
        load_log(conn, person, MAX_LOG),
    )


def _pages(conn: sqlite3.Connection, page: Page, mine: Whose) -> Iterator[Record]:
    where = Where(whose=mine, limit=PAGE)
    while records := page(conn, where):
        yield from records
        last = records[-1]
        if isinstance(last, RollupRecord):
            where = replace(where, offset=where.offset + len(records), limit=queries.MAX_LIMIT)
        else:
            where = replace(where, before_id=last.id)


def _write_table(out_dir: Path, table: str, records: Iterable[Record]) -> list[ExportedFile]:
    rows = 0
    as_json, as_csv = out_dir / f"{table}.json", out_dir / f"{table}.csv"
    with _create(as_json) as json_file, _create(as_csv) as csv_file:
        writer = csv.writer(csv_file)
        json_file.write("[")
        for record in records:
            values = asdict(record)
            if rows == 0:
                writer.writerow(values)
            json_file.write((",\n" if rows else "\n") + json.dumps(values, ensure_ascii=False))
            writer.writerow([_cell(value) for value in values.values()])
            rows += 1
        json_file.write("\n]\n")
    return [_file(as_json, rows), _file(as_csv, rows)]


def _cell(value: object) -> object:
    if isinstance(value, Mapping | tuple):
        return json.dumps(value, ensure_ascii=False)
    return value


def _write_json(path: Path, value: object) -> ExportedFile:
    with _create(path) as file:
        json.dump(value, file, ensure_ascii=False, indent=2)
        file.write("\n")
    return _file(path, 1)


def _file(path: Path, rows: int) -> ExportedFile:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return ExportedFile(path.name, rows, path.stat().st_size, digest)


def _create(path: Path) -> IO[str]:
    path.touch(mode=0o600, exist_ok=False)
    return path.open("w", encoding="utf-8", newline="")


def _make(out_dir: Path) -> None:
    try:
        out_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(out_dir.iterdir()):
            raise StoreError(f"{out_dir} is not empty")
    except OSError as err:
        raise StoreError(f"{out_dir} cannot be used: {err.strerror}") from err
