"""Putting a restored state in the place of the present one, in steps that a crash cannot spoil.

Everything lies in `<state>/restore/`:

    ready/      a state that was checked whole and waits
      | 1. what is there now is renamed into outgoing/, item by item
    incoming/   (ready/, renamed: from here on nothing old is left in place)
      | 2. its items are renamed into place
    outgoing/ becomes before/ (3.), which can be put back; `applied` is left for the store to see

Each step can be done again from wherever it was broken off. Nobody has the files open meanwhile.
"""

import os
import shutil
from pathlib import Path

from hub.store.lock import DirectoryLock
from hub.store.schema import File
from hub.store.wipe import wipe

FOLDER = "restore"
READY, INCOMING, OUTGOING, BEFORE = "ready", "incoming", "outgoing", "before"
APPLIED = "applied"
ITEMS = (
    *(f"{file}{suffix}" for file in File for suffix in ("", "-wal", "-shm")),
    *("edits.yaml", "edits.undo.json", "hub.yaml", "tls", "drivers", "share"),
)


def place(directory: Path) -> Path:
    """Return the folder of all this, made if it is not there."""
    folder = directory / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def waits(directory: Path) -> bool:
    """Say whether there is something to be put in place."""
    folder = directory / FOLDER
    return any((folder / name).is_dir() for name in (READY, INCOMING, OUTGOING))


def can_undo(directory: Path) -> bool:
    """Say whether what was there before the last restore is still there."""
    return (directory / FOLDER / BEFORE).is_dir()


def make_ready(directory: Path, checked: Path) -> None:
    """Let a checked state wait; one that waited is forgotten."""
    folder = place(directory)
    _remove(folder / READY)
    checked.rename(folder / READY)


def undo(directory: Path) -> bool:
    """Let what was there before wait to be put back; False if there is none."""
    if not can_undo(directory):
        return False
    make_ready(directory, directory / FOLDER / BEFORE)
    return True


def apply(directory: Path) -> bool:
    """Put in place what waits; False if nothing does. Raises StoreLocked, OSError."""
    if not waits(directory):
        return False
    lock = DirectoryLock(directory)
    lock.take()
    try:
        _apply(directory, directory / FOLDER)
    finally:
        lock.drop()
    return True


def _apply(directory: Path, folder: Path) -> None:
    ready, incoming, outgoing = (folder / name for name in (READY, INCOMING, OUTGOING))
    if ready.is_dir() and not incoming.is_dir():
        outgoing.mkdir(mode=0o700, exist_ok=True)
        for name in ITEMS:
            if (directory / name).exists():
                (directory / name).rename(outgoing / name)
        (folder / APPLIED).touch(mode=0o600)
        _sync(directory, folder, outgoing)
        ready.rename(incoming)
    if incoming.is_dir():
        for name in ITEMS:
            if (incoming / name).exists():
                (incoming / name).rename(directory / name)
        _sync(directory, folder)
        _remove(incoming)
    if outgoing.is_dir():
        _remove(folder / BEFORE)
        outgoing.rename(folder / BEFORE)
        _sync(folder)


def was_applied(directory: Path) -> bool:
    """Say whether the files are restored ones that the store has not seen yet."""
    return (directory / FOLDER / APPLIED).exists()


def seen(directory: Path) -> None:
    """Note that the store has taken a restored state over."""
    (directory / FOLDER / APPLIED).unlink(missing_ok=True)


def tidy(directory: Path) -> None:
    """Remove what a backup or restore that was broken off has left."""
    folder = directory / FOLDER
    kept = {READY, INCOMING, OUTGOING, BEFORE, APPLIED}
    for left in folder.iterdir() if folder.is_dir() else ():
        if left.name not in kept:
            _remove(left)


def wipe_all(directory: Path) -> int:
    """Overwrite and remove everything of this; return how many files there were."""
    folder = directory / FOLDER
    count = wipe(path for path in sorted(folder.rglob("*")) if path.is_file())
    shutil.rmtree(folder, ignore_errors=True)
    return count


def _remove(path: Path) -> None:
    if path.is_dir():
        wipe(one for one in path.rglob("*") if one.is_file())
        shutil.rmtree(path)
    elif path.exists():
        wipe([path])


def _sync(*folders: Path) -> None:
    for folder in folders:
        fd = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
