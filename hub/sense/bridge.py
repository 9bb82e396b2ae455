"""Network cameras for a process without a network.

    camera <--TCP--> [socket made by the hub, passed as a descriptor] pump [127.0.0.1] <--> FFmpeg

The hub connects, to the addresses of configured cameras only, and passes the connected socket.
The sensing process offers it to FFmpeg on loopback inside its own network namespace and copies
bytes, so everything that parses what a camera sends stays where there is no way out.
"""

import contextlib
import queue
import select
import socket
import threading
from collections.abc import Callable
from urllib.parse import urlsplit, urlunsplit

from hub.sense.messages_from_sense import ConnectRequest

_ANSWER_LIMIT_S = 4.0
"""The hub tries for 3 s (hub.sense.connector)."""
_SEND_LIMIT_S = 5.0
_CHUNK = 65_536
_PORTS = {"rtsp": 554, "http": 80}


def network_address(url: str | int) -> tuple[str, int] | None:
    """Return host and port of a camera that is reached by TCP, None for any other."""
    if isinstance(url, int):
        return None
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname:
        return None
    return parts.hostname, parts.port or _PORTS[parts.scheme]


class Bridge:
    """One camera's place on loopback: accepts FFmpeg, asks the hub for a connection, pumps.

    One connection at a time; FFmpeg opens the next after it has closed the last.
    """

    def __init__(self, source: str, url: str, ask: Callable[[ConnectRequest], None]) -> None:
        self._source = source
        self._ask = ask
        self._answers: queue.SimpleQueue[socket.socket | None] = queue.SimpleQueue()
        self._stop, self._stopped = socket.socketpair()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=1)
        self._thread = threading.Thread(target=self._run, name=f"bridge {source}", daemon=True)
        self.url = _at(url, self._listener.getsockname()[1])

    def start(self) -> None:
        """Start to accept."""
        self._thread.start()

    def answer(self, camera: socket.socket | None) -> None:
        """Take the hub's answer to the last ConnectRequest: a connection, or None."""
        self._answers.put(camera)

    def close(self) -> None:
        """Close every socket; returns when they are closed."""
        self._stop.close()
        self._answers.put(None)
        self._thread.join()

    def _run(self) -> None:
        with self._listener, self._stopped:
            while self._readable(self._listener):
                client, _ = self._listener.accept()
                with client:
                    camera = self._connection()
                    if camera is not None:
                        with camera:
                            self._pump(client, camera)

    def _connection(self) -> socket.socket | None:
        while not self._answers.empty():  # an answer that came after its time
            late = self._answers.get()
            if late is not None:
                late.close()
        self._ask(ConnectRequest(source=self._source))
        with contextlib.suppress(queue.Empty):
            return self._answers.get(timeout=_ANSWER_LIMIT_S)
        return None

    def _pump(self, client: socket.socket, camera: socket.socket) -> None:
        other = {client: camera, camera: client}
        for sock in other:
            sock.settimeout(_SEND_LIMIT_S)
        with contextlib.suppress(OSError):  # either end may go at any time: then both go
            while readable := self._readable(*other):
                for sock in readable:
                    data = sock.recv(_CHUNK)
                    if not data:
                        return
                    other[sock].sendall(data)

    def _readable(self, *socks: socket.socket) -> list[socket.socket]:
        """Wait for any of these; return none of them once the bridge is to stop."""
        ready, _, _ = select.select([self._stopped, *socks], [], [])
        return [] if self._stopped in ready else ready


def _at(url: str, port: int) -> str:
    """Return the url with its host replaced by a port on loopback; user and password stay."""
    parts = urlsplit(url)
    user, at, _ = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{user}{at}127.0.0.1:{port}"))
