"""Room for what must still be written when the disk is full.

SQLite needs room even to delete. A file of fixed size is kept in the directory; when a write fails
for want of space it is removed, and made again once there is space.
"""

import os
from pathlib import Path

import structlog

from hub.store.db import free_bytes

log = structlog.get_logger(__name__)

NAME = "reserve"
SLACK_BYTES = 1 << 20
"""What must be free beyond the reserve before it is made again."""


class Reserve:
    """The reserve file and whether the disk is full. Its methods touch the disk."""

    def __init__(self, directory: Path, size_bytes: int) -> None:
        self._path = directory / NAME
        self._size = size_bytes
        self.full = False

    def keep(self) -> None:
        """Make the reserve if it is missing and fits; end the full state when it is there."""
        if self.full or not self._there():
            if free_bytes(self._path.parent) < self._size + SLACK_BYTES:
                self.release()
                return
            try:
                self._make()
            except OSError:
                self.release()
                return
        if self.full:
            self.full = False
            log.info("store_space_back")

    def release(self) -> None:
        """Free the reserve: the disk is full. Warns once until there is space again."""
        self._path.unlink(missing_ok=True)
        if not self.full:
            self.full = True
            log.warning("store_disk_full", directory=str(self._path.parent))

    def _there(self) -> bool:
        if self._size == 0:
            return True
        return self._path.is_file() and self._path.stat().st_size == self._size

    def _make(self) -> None:
        if self._size == 0:
            return
        fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(fd, 0, self._size)
            os.ftruncate(fd, self._size)
        finally:
            os.close(fd)
