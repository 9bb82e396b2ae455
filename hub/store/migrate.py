"""Brings files to the newest schema, with sqlite_utils.Migrations.

Importing sqlite_utils costs the better part of a second and drags numpy and pandas in where they
are installed, so the hub never does: it looks for pending migrations with plain SQL, and only if
there are some (first start, first start of a new version) has a short-lived process apply them:

    python -m hub.store.migrate FILE...
"""

import asyncio
import sqlite3
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hub.errors import StoreError, StoreNewer
from hub.store.db import connect
from hub.store.schema import MIGRATIONS, File, Migration

if TYPE_CHECKING:  # see above: never imported by the hub process
    from sqlite_utils import Database

LIMIT_S = 120.0
"""A migration may rewrite a year of history on an SD card."""

_TABLE = "_sqlite_migrations"
_SET = "moodsync"


def pending(conn: sqlite3.Connection, file: File) -> tuple[str, ...]:
    """Return the names of the migrations that a file still needs.

    Raises StoreNewer if a newer version has written it: nothing is touched then.
    """
    known = [migration.name for migration in MIGRATIONS[file]]
    applied = applied_names(conn)
    newer = sorted(applied - set(known))
    if newer:
        raise StoreNewer(
            f"{file} was written by a newer version (it has {', '.join(newer)}); "
            "install that version again, or move the file away to begin anew"
        )
    return tuple(name for name in known if name not in applied)


def applied_names(conn: sqlite3.Connection) -> set[str]:
    """Return the names of the migrations that a file has had."""
    there = conn.execute(
        "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", (_TABLE,)
    ).fetchone()
    if there is None:
        return set()
    rows = conn.execute(f"SELECT name FROM {_TABLE} WHERE migration_set = ?", (_SET,))  # noqa: S608
    return {row[0] for row in rows}


def apply(path: Path, file: File) -> None:
    """Apply every pending migration to one file, in this process."""
    from sqlite_utils import Database, Migrations  # noqa: PLC0415 - see the module's docstring

    conn = connect(path, file)
    try:
        migrations = Migrations(_SET)
        for migration in MIGRATIONS[file]:
            migrations(name=migration.name)(_Step(migration))
        migrations.apply(Database(conn, execute_plugins=False))
    finally:
        conn.close()


async def apply_in_child(directory: Path, files: Iterable[File] = tuple(File)) -> None:
    """Apply every pending migration to these files, in a process of its own.

    The caller holds the directory's lock and has none of them open. Raises StoreError.
    """
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "hub.store.migrate",
        *(str(directory / file) for file in files),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(LIMIT_S):
            _, said = await child.communicate()
    except TimeoutError as err:
        raise StoreError(f"the migration took longer than {LIMIT_S:.0f} s") from err
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if child.returncode != 0:
        last = said.decode(errors="replace").strip().splitlines()[-1:]
        raise StoreError(f"the migration failed: {' '.join(last) or child.returncode}")


def main(arguments: Sequence[str]) -> int:
    """Apply every pending migration to files, which are known by their names."""
    for costly in ("numpy", "pandas"):  # sqlite_utils imports them if it can, and needs neither
        sys.modules.setdefault(costly, None)  # type: ignore[arg-type]  # None forbids the import
    for path in map(Path, arguments):
        apply(path, File(path.name))
    return 0


class _Step:
    """A migration as sqlite_utils calls it."""

    def __init__(self, migration: Migration) -> None:
        self.__name__ = migration.name
        self._statements = migration.statements

    def __call__(self, db: "Database", /) -> None:
        for statement in self._statements:  # not executescript: it would commit in between
            db.execute(statement)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
