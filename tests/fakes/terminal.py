"""A program at a terminal of its own, and who types there."""

import os
import pty
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from select import select

_TAKE = (
    "import fcntl, os, sys, termios; os.setsid(); fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
    "os.execv(sys.argv[1], sys.argv[1:])"
)
"""Makes its standard input its terminal: a question without echo is asked there."""


@dataclass(slots=True)
class Terminal:
    """One program, from its start to its end."""

    command: Sequence[str]
    folder: Path
    environment: dict[str, str]
    shown: str = ""
    """All that it has printed."""
    _keyboard: int = field(init=False)
    _program: "subprocess.Popen[bytes]" = field(init=False)

    def __post_init__(self) -> None:
        self._keyboard, screen = pty.openpty()
        self._program = subprocess.Popen(
            [sys.executable, "-c", _TAKE, *self.command],
            stdin=screen,
            stdout=screen,
            stderr=screen,
            cwd=self.folder,
            env=os.environ | self.environment,
        )
        os.close(screen)

    def until(self, words: str, limit_s: float = 60.0) -> None:
        """Wait until it has printed these words; fail when it has not, or ends before."""
        deadline = time.monotonic() + limit_s
        while words not in self.shown:
            assert time.monotonic() < deadline, self.shown
            assert self._read(1.0), self.shown

    def type(self, line: str) -> None:
        """Type a line."""
        os.write(self._keyboard, f"{line}\n".encode())

    def end(self, limit_s: float = 60.0) -> int:
        """Wait for its end and return its exit code."""
        deadline = time.monotonic() + limit_s
        while self._read(0.2):
            assert time.monotonic() < deadline, self.shown
        return self._program.wait(10)

    def close(self) -> None:
        """End it if it has not ended."""
        self._program.kill()
        self._program.wait(10)
        os.close(self._keyboard)

    def _read(self, limit_s: float) -> bool:
        """Read what is there, and return whether more may come."""
        if not select([self._keyboard], [], [], limit_s)[0]:
            return self._program.poll() is None
        try:
            self.shown += os.read(self._keyboard, 65_536).decode(errors="replace")
        except OSError:  # how Linux tells that nobody has the screen any more
            return False
        return True
