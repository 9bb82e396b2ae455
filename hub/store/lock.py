"""One hub per directory: a lock that the kernel drops when its holder dies."""

import fcntl
import os
from pathlib import Path

from hub.errors import StoreError, StoreLocked

NAME = "lock"


class DirectoryLock:
    """Holds the store's directory for one process, and for one Store within it."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / NAME
        self._fd: int | None = None

    def take(self) -> None:
        """Take the lock. Raises StoreLocked (with the holder's process id) or StoreError."""
        try:
            fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as err:
            raise StoreError(f"{self._path.parent} cannot be written: {err.strerror}") from err
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as err:
            holder = os.read(fd, 32).decode(errors="replace").strip() or "?"
            os.close(fd)
            raise StoreLocked(
                f"{self._path.parent} is in use by another hub (process {holder})"
            ) from err
        os.ftruncate(fd, 0)
        os.write(fd, f"{os.getpid()}\n".encode())
        self._fd = fd

    def drop(self) -> None:
        """Give the lock back; the file stays, removing it would let two processes hold it."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None
