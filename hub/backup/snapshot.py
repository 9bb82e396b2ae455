"""Copies a running hub's state into a folder, each file whole as it was at one moment.

And checks one that is to be restored. For a thread: it reads and writes files.
"""

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from hub.backup.archive import DATABASES, is_kept
from hub.backup.errors import BackupBroken, BackupError, BackupNewer
from hub.errors import StoreNewer
from hub.phrase import Phrase
from hub.store.db import connect_read_only, is_sound
from hub.store.migrate import applied_names, pending
from hub.store.schema import File

_SQLITE = b"SQLite format 3\x00"
_COMPANIONS = ("-wal", "-shm", "-journal")
_OWN = ("edits.yaml", "edits.undo.json")


def take(directory: Path, into: Path, config_file: Path | None) -> None:
    """Copy everything that a backup holds; `config_file` is the household's own file, if any.

    Databases are copied by SQLite's backup in one read transaction, so nobody has to stop writing.
    Raises BackupError.
    """
    try:
        for name in (*DATABASES, *_OWN):
            _copy(directory / name, into / name)
        if config_file is not None:
            _copy(config_file, into / "hub.yaml")
        for folder in ("tls", "drivers", "share"):
            for path in sorted((directory / folder).rglob("*")):
                name = path.relative_to(directory).as_posix()
                if path.is_file() and not path.is_symlink() and is_kept(name):
                    _copy(path, into / name)
    except (OSError, sqlite3.Error) as err:
        raise BackupError(Phrase("backup.not_copied", error=str(err))) from err


def check(folder: Path) -> None:
    """Look through every database of a state that is to be restored.

    Raises BackupBroken; BackupNewer if a newer version of the hub has written one.
    """
    for file in File:
        path = folder / file
        if not path.exists() and file is not File.CONFIG:
            continue  # it is made anew
        try:
            with closing(connect_read_only(path)) as conn:
                if not is_sound(conn) or not applied_names(conn):
                    raise BackupBroken(Phrase("backup.file_damaged", file=file))
                pending(conn, file)
        except StoreNewer as err:
            raise BackupNewer(str(err)) from err
        except sqlite3.Error as err:
            raise BackupBroken(Phrase("backup.file_damaged", file=file)) from err
        for suffix in _COMPANIONS:  # of the look into it
            path.with_name(path.name + suffix).unlink(missing_ok=True)


def _copy(source: Path, target: Path) -> None:
    if not source.exists() or source.name.endswith(_COMPANIONS):
        return
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    with source.open("rb") as file:
        is_database = file.read(len(_SQLITE)) == _SQLITE
    if not is_database:
        shutil.copyfile(source, target)
        return
    with closing(connect_read_only(source)) as conn, closing(sqlite3.connect(target)) as copy:
        conn.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")  # one file that is whole by itself
