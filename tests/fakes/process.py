"""Peers that run as processes of their own: started, frozen, killed and started again."""

import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

START_LIMIT_S = 60.0
"""Peers import for seconds, and for many on a machine under load."""
ROOT = Path(__file__).parents[2]
"""Where `python -m tests.fakes.x` works."""


def require(program: str, package: str) -> str:
    """Return the program's path; fail with what to install when it is missing."""
    path = shutil.which(program)
    assert path, f"this test needs {program}: install it with `apt-get install {package}`"
    return path


def free_port() -> int:
    """Return a TCP port of the loopback that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_listening(process: subprocess.Popen[Any], port: int) -> None:
    """Wait until a process that was just started listens on a TCP port of the loopback."""
    deadline = time.monotonic() + START_LIMIT_S
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert process.poll() is None, "the peer does not start"
        assert time.monotonic() < deadline, f"the peer does not listen on {port}"
        time.sleep(0.02)


class OwnProcess:
    """A process that can be frozen, ended and started again; `start` sets `_process`."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[Any] | None = None

    @property
    def running(self) -> bool:
        return self._process is not None

    def start(self) -> None:
        raise NotImplementedError

    def freeze(self) -> None:
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def kill(self) -> None:
        """End it as a power cut would."""
        if self._process is None:
            return
        self._process.kill()
        self._process.wait(10)
        if self._process.stdout:
            self._process.stdout.close()
        self._process = None

    def _signal(self, number: signal.Signals) -> None:
        assert self._process
        self._process.send_signal(number)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()


class Peer(OwnProcess):
    """A process that prints a line starting with `ready` when it can be used."""

    def __init__(self, argv: Sequence[str], env: Mapping[str, str] | None = None) -> None:
        super().__init__()
        self._argv = list(argv)
        self._env = {**os.environ, **(env or {})}

    def start(self) -> None:
        self._process = subprocess.Popen(
            self._argv,
            env=self._env,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        watch = threading.Timer(START_LIMIT_S, self._process.kill)
        watch.start()
        try:
            line = self._process.stdout.readline() if self._process.stdout else ""
        finally:
            watch.cancel()
            watch.join()
        assert line.startswith("ready"), f"{self._argv[0]} did not start: {line!r}"
