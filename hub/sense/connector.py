"""The hub's half of a network camera: connects, and hands the connection to the sensing process."""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Mapping
from typing import Any

import structlog

from hub.errors import SchemaViolation
from hub.sense.child import Child
from hub.sense.messages_to_sense import CameraSocket, CameraUnreachable, frame_to_sense
from hub.types import SourceId

log = structlog.get_logger(__name__)

CONNECT_LIMIT_S = 3.0


class CameraConnector:
    """Answers requests for connections: to configured cameras only, and while they are on."""

    def __init__(
        self,
        cameras: Mapping[SourceId, tuple[str, int]],
        child: Child,
        is_allowed: Callable[[SourceId], bool],
    ) -> None:
        self._cameras = cameras
        self._child = child
        self._is_allowed = is_allowed
        self._wanted: asyncio.Queue[SourceId] = asyncio.Queue(len(cameras))
        self._busy: set[SourceId] = set()

    def request(self, source: SourceId) -> None:
        """Take a request; raises SchemaViolation when it is for what is no network camera.

        A camera that was switched off and on may ask again before the first answer, which then
        serves it.
        """
        if source not in self._cameras:
            raise SchemaViolation("a connection was asked for that no camera needs")
        if source not in self._busy:
            self._busy.add(source)
            self._wanted.put_nowait(source)

    async def run(self) -> None:
        """Answer for ever; the cameras do not wait for each other."""
        async with asyncio.TaskGroup() as connections:
            while True:
                source = await self._wanted.get()
                connections.create_task(self._answer(source), name=f"connect {source}")

    async def _answer(self, source: SourceId) -> None:
        try:
            with contextlib.ExitStack() as made:
                camera = await self._connect(source)
                if camera is None:
                    await self._child.send(frame_to_sense(CameraUnreachable(source=source)))
                else:
                    made.enter_context(camera)  # ours is closed once theirs is on its way
                    frame = frame_to_sense(CameraSocket(source=source))
                    await self._child.send(frame, camera.fileno())
        except OSError as err:
            # A process that takes nothing has ended or is about to be ended: not seen to here.
            log.debug("camera_not_passed_on", source=source, error=type(err).__name__)
        finally:
            self._busy.discard(source)

    async def _connect(self, source: SourceId) -> socket.socket | None:
        if not self._is_allowed(source):
            return None
        try:
            return await connect(*self._cameras[source])
        except OSError as err:
            log.debug("camera_unreachable", source=source, error=type(err).__name__)
            return None


async def connect(host: str, port: int) -> socket.socket:
    """Return a socket connected to the camera; raises OSError (TimeoutError after 3 s)."""
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(CONNECT_LIMIT_S):
        failure = OSError("the name has no address")
        for family, kind, protocol, _, address in await _places(host, port):
            sock = socket.socket(family, kind, protocol)
            sock.setblocking(False)
            try:
                await loop.sock_connect(sock, address)
            except OSError as err:
                sock.close()
                failure = err
            except BaseException:
                sock.close()
                raise
            else:
                return sock
        raise failure


async def _places(host: str, port: int) -> list[Any]:
    """Look an address up; one in numbers needs no resolver, nor a thread to wait for it."""
    with contextlib.suppress(socket.gaierror):
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    return await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
