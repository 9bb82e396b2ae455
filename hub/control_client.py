"""The command line's end of the control socket; plain blocking sockets, quick to start."""

import contextlib
import json
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hub.errors import NotRunning, Refusal

CONNECT_LIMIT_S = 5.0


def short_path(path: Path) -> tuple[str, int]:
    """Return a name of `path` that fits a socket address (108 bytes), and a descriptor to close.

    The directory is opened and named through /proc, so that deep state directories work too.
    """
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    return f"/proc/self/fd/{directory}/{path.name}", directory


class ControlClient:
    """One connection to a running hub. Raises NotRunning when there is none."""

    def __init__(self, path: Path, limit_s: float = 125.0) -> None:
        self._sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            name, directory = short_path(path)
            try:
                self._sock.settimeout(CONNECT_LIMIT_S)
                self._sock.connect(name)
            finally:
                os.close(directory)
        except OSError as err:
            self._sock.close()
            raise NotRunning(
                f"no hub answers at {path}; start it with 'moodsync run' (or scripts/run)"
            ) from err
        self._sock.settimeout(limit_s)
        self._lines = self._sock.makefile("rb")

    def call(
        self, what: str, progress: Callable[[str], None] | None = None, **parameters: Any
    ) -> dict[str, Any]:
        """Ask for something and return the answer; raises Refusal or NotRunning.

        `progress` gets the lines that the hub sends in between.
        """
        request = {"do": what} | {k: v for k, v in parameters.items() if v is not None}
        self._send(request)
        while "progress" in (answer := self._receive()):
            if progress is not None:
                progress(answer["progress"])
        if "ok" in answer:
            result: dict[str, Any] = answer["ok"]
            return result
        raise Refusal(answer["error"], answer["message"], answer.get("mend", ""))

    def wait_up_to(self, limit_s: float) -> None:
        """Wait that long for each answer from now on."""
        self._sock.settimeout(limit_s)

    def _send(self, request: dict[str, Any]) -> None:
        try:
            self._sock.sendall(json.dumps(request).encode() + b"\n")
        except OSError as err:
            raise NotRunning("the hub went away while answering") from err

    def _receive(self) -> dict[str, Any]:
        try:
            line = self._lines.readline()
        except TimeoutError as err:
            raise NotRunning("the hub does not answer in time; see its log") from err
        except OSError as err:
            raise NotRunning("the hub went away while answering") from err
        if not line:
            raise NotRunning("the hub went away while answering")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        """Close the connection."""
        with contextlib.suppress(OSError):
            self._lines.close()
            self._sock.close()
