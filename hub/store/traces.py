"""Proof of erasure: searches the bytes of every file for what must not be there."""

import mmap
import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from hub.store.db import connect_read_only
from hub.store.whose import names

SHORTEST = 4
"""Bytes. Shorter markers occur by chance among numbers; they are looked for in texts only."""


@dataclass(frozen=True, slots=True)
class Trace:
    """A marker that was found. `offset` is -1 when it was found in a table's text."""

    file: str
    marker: str
    offset: int


@dataclass(frozen=True, slots=True)
class Search:
    """What a search went through and what it found."""

    files: int
    bytes: int
    traces: tuple[Trace, ...]


def search(directory: Path, databases: Iterable[Path], markers: Sequence[str]) -> Search:
    """Search a directory's files, all of their bytes, and every text in its databases.

    A marker within a longer word of a text that is in use ("mark" in "market") is no trace; the
    same bytes anywhere else in the file, as a deleted row leaves them, are.
    """
    traces: list[Trace] = []
    in_use: list[bytes] = []
    for database in databases:
        for text in _texts(database):
            for marker in markers:
                if names(marker, text):
                    traces.append(Trace(database.name, marker, -1))
                elif marker in text:
                    in_use.append(text.encode())
    files = [path for path in sorted(directory.rglob("*")) if _is_file(path)]
    total = 0
    for path in files:
        total += path.stat().st_size
        for marker in markers:
            traces += _in_bytes(path, directory, marker, in_use)
    return Search(len(files), total, tuple(traces))


def _texts(database: Path) -> Iterator[str]:
    conn = connect_read_only(database)
    try:
        tables = conn.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (table,) in tables:
            for column in _text_columns(conn, table):
                yield from (
                    row[0]
                    for row in conn.execute(
                        f'SELECT "{column}" FROM "{table}" WHERE "{column}" IS NOT NULL'  # noqa: S608
                    )
                )
    finally:
        conn.close()


def _text_columns(conn: sqlite3.Connection, table: str) -> list[str]:
    columns = conn.execute("SELECT name, type FROM pragma_table_info(?)", (table,))
    return [name for name, kind in columns if kind == "TEXT" and not name.endswith("_figures")]


def _in_bytes(path: Path, directory: Path, marker: str, in_use: Sequence[bytes]) -> Iterator[Trace]:
    wanted = marker.encode()
    if len(wanted) < SHORTEST or path.stat().st_size == 0:
        return
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        at = data.find(wanted)
        while at >= 0:
            if not _explained(data, at, wanted, in_use):
                yield Trace(str(path.relative_to(directory)), marker, at)
            at = data.find(wanted, at + 1)


def _explained(data: mmap.mmap, at: int, wanted: bytes, in_use: Sequence[bytes]) -> bool:
    for text in in_use:
        place = text.find(wanted)
        while place >= 0:
            if at >= place and data[at - place : at - place + len(text)] == text:
                return True
            place = text.find(wanted, place + 1)
    return False


def _is_file(path: Path) -> bool:
    return path.is_file() and not path.is_symlink() and os.access(path, os.R_OK)
