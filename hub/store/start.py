"""Brings the three files into a state in which they can be opened; heals what is broken.

history.db  broken -> put aside, made anew
queue.db    broken -> put aside, made anew; what waited is lost, and said so
config.db   broken or gone -> put aside, the newest sound copy takes its place. Every consent
in it is withdrawn, since someone may have withdrawn theirs after the copy was made.
Without a copy it begins anew: no consent, so every sense is off; and said so.
"""

import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import structlog

from hub.errors import StoreError
from hub.store import copies
from hub.store.db import connect
from hub.store.migrate import apply_in_child
from hub.store.pool import Pool
from hub.store.recover import Finding, inspect, put_aside
from hub.store.schema import File

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Started:
    """What had to be done. `problems` are sentences for people."""

    problems: tuple[str, ...]
    restored: bool
    """config.db comes from a copy."""
    unfinished: bool
    """history.db has yet to be checked to its end."""


def make_directory(directory: Path) -> None:
    """Make the store's directory, for its owner alone. Raises StoreError."""
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if directory.stat().st_mode & 0o077:
            directory.chmod(0o700)
    except OSError as err:
        raise StoreError(f"{directory} cannot be used: {err.strerror}") from err
    if not os.access(directory, os.W_OK | os.X_OK):
        raise StoreError(f"{directory} cannot be written")


async def prepare(directory: Path, wall_s: float, pool: Pool) -> Started:
    """Heal and migrate. The caller holds the lock. Raises StoreNewer or StoreError."""
    problems: list[str] = []
    to_migrate: list[File] = []
    restored = unfinished = False
    for file in File:
        finding = await pool.run(partial(inspect, directory / file, file))
        broken = finding is Finding.BROKEN
        if broken:
            aside = put_aside(directory / file, wall_s)
            log.error("store_corrupt", file=file, kept_as=aside.name)
            problems.append(f"{file} was broken and is kept as {aside.name}")
        if file is File.CONFIG and (broken or finding is Finding.MISSING):
            copy = await pool.run(lambda: _restore(directory))
            if copy is not None:
                restored = True
                log.error("store_restored", file=file, copy=copy.name)
                problems.append(f"{file} was restored from {copy.name}; consent is needed anew")
                finding = await pool.run(partial(inspect, directory / file, file))
            elif broken:
                problems.append(f"there is no sound copy of {file}: it began anew, all senses off")
        elif file is File.CONFIG and finding is Finding.OLD:
            await pool.run(lambda: _copy(directory))
        if finding in (Finding.BROKEN, Finding.MISSING, Finding.OLD):
            to_migrate.append(file)
        unfinished |= file is File.HISTORY and finding is Finding.UNFINISHED
    if to_migrate:
        await apply_in_child(directory, to_migrate)
    return Started(tuple(problems), restored, unfinished)


def _restore(directory: Path) -> Path | None:
    copy = copies.newest_good(directory)
    if copy is not None:
        copies.restore(copy, directory / File.CONFIG)
    return copy


def _copy(directory: Path) -> None:
    """Copy config.db before it is migrated."""
    conn = connect(directory / File.CONFIG, File.CONFIG)
    try:
        copies.make(conn, directory)
    finally:
        conn.close()
