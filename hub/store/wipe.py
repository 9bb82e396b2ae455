"""Removes files so that their bytes are gone, as far as a program can see to it."""

import os
from collections.abc import Iterable
from pathlib import Path

_BLOCK = 1 << 20


def wipe(paths: Iterable[Path]) -> int:
    """Overwrite files with zeros, sync and remove them; return how many there were.

    Flash memory may keep an old block until it is used again; only an encrypted disk prevents that.
    """
    count = 0
    for path in paths:
        try:
            fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except FileNotFoundError:
            continue
        try:
            left = os.fstat(fd).st_size
            while left > 0:
                left -= os.write(fd, bytes(min(left, _BLOCK)))
            os.fsync(fd)
        finally:
            os.close(fd)
        path.unlink()
        count += 1
    return count
