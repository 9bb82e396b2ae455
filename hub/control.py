"""The control socket: how `moodsync say`, `status` and the rest reach a running hub.

A Unix socket in the state directory, mode 0600; only the hub's own user and root are answered
(SO_PEERCRED). One JSON object a line each way:

    -> {"do": "say", "text": "...", "room": "living_room"}
    <- {"ok": {...}}  or  {"error": "unknown_room", "message": "...", "mend": "..."}

What takes long tells how it goes, in any number of lines before that: {"progress": "..."}
"""

import asyncio
import contextlib
import json
import os
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import structlog
from pydantic import ValidationError

from hub.control_client import short_path
from hub.errors import HubError, Refusal
from hub.phrase import SOURCE, Language, translated
from hub.supervisor import Service

log = structlog.get_logger(__name__)

Handler = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]
Tell = Callable[[str], None]


class LongHandler(Protocol):
    """Tells in between how it goes, and sets its own limit."""

    def __call__(self, data: dict[str, Any], tell: Tell) -> Awaitable[dict[str, Any]]:
        """Answer a request."""
        ...


MAX_LINE_BYTES = 1 << 20
MAX_CLIENTS = 16
MAX_UNREAD_BYTES = 1 << 16
REQUEST_LIMIT_S = 120.0
IDLE_LIMIT_S = 600.0


class ControlServer:
    """Answers requests with the handlers it was given."""

    def __init__(
        self,
        path: Path,
        handlers: Mapping[str, Handler],
        long_handlers: Mapping[str, LongHandler] | None = None,
        language: Callable[[], Language] = lambda: SOURCE,
    ) -> None:
        self._path = path
        self._handlers = handlers
        self._long_handlers = long_handlers or {}
        self._language = language
        self._clients: set[asyncio.StreamWriter] = set()

    async def run(self, service: Service) -> None:
        """Serve until cancelled."""
        with contextlib.suppress(FileNotFoundError):
            self._path.unlink()
        name, directory = short_path(self._path)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            umask = os.umask(0o177)
            try:
                listener.bind(name)
            finally:
                os.umask(umask)
            server = await asyncio.start_unix_server(
                self._client, sock=listener, limit=MAX_LINE_BYTES
            )
            service.healthy()
            try:
                await server.serve_forever()
            finally:
                server.close()
                for writer in self._clients:
                    writer.close()
        finally:
            listener.close()
            os.close(directory)
            with contextlib.suppress(FileNotFoundError):
                self._path.unlink()

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._clients) >= MAX_CLIENTS or not _may_ask(writer):
            writer.close()
            return
        self._clients.add(writer)
        try:
            while True:
                async with asyncio.timeout(IDLE_LIMIT_S):
                    line = await reader.readline()
                if not line:
                    return
                answer = await self._answer(line, writer)
                _write(writer, translated(answer, self._language()))
                async with asyncio.timeout(IDLE_LIMIT_S):
                    await writer.drain()
        except (TimeoutError, ConnectionError, ValueError):
            # Idle for too long, gone, or a line longer than the limit: this client is done.
            return
        finally:
            self._clients.discard(writer)
            writer.close()

    async def _answer(self, line: bytes, writer: asyncio.StreamWriter) -> dict[str, Any]:
        try:
            request = json.loads(line)
            what = request.pop("do")
            long = self._long_handlers.get(what)
            handler = partial(long, tell=_teller(writer)) if long else self._handlers[what]
        except (ValueError, RecursionError, AttributeError, TypeError, KeyError):
            return _error("bad_request", "not a known request", "update moodsync on both sides")
        try:
            async with asyncio.timeout(None if long else REQUEST_LIMIT_S):
                return {"ok": await handler(request)}
        except Exception as err:  # noqa: BLE001 - whatever it was becomes the answer
            return _explain(what, err)


def _write(writer: asyncio.StreamWriter, answer: dict[str, Any]) -> None:
    writer.write(json.dumps(answer).encode() + b"\n")


def _teller(writer: asyncio.StreamWriter) -> Tell:
    """Return what sends progress; a client that does not read misses the rest of it."""

    def tell(progress: str) -> None:
        if writer.transport.get_write_buffer_size() < MAX_UNREAD_BYTES:
            _write(writer, {"progress": progress})

    return tell


def _explain(what: str, err: Exception) -> dict[str, Any]:
    match err:
        case Refusal():
            return _error(err.code, str(err), err.mend)
        case ValidationError():
            first = err.errors()[0]
            key = ".".join(str(part) for part in first["loc"])
            return _error("bad_request", f"{key}: {first['msg']}", "")
        case TimeoutError():
            return _error("timeout", f"took longer than {REQUEST_LIMIT_S:.0f} s", "try again")
        case HubError():
            return _error(type(err).__name__, str(err), "")
        case _:
            log.error("request_failed", request=what, exc_info=err)
            return _error("internal", f"{type(err).__name__} in the hub", "see the hub's log")


def _error(code: str, message: str, mend: str) -> dict[str, Any]:
    return {"error": code, "message": message, "mend": mend}


def _may_ask(writer: asyncio.StreamWriter) -> bool:
    sock = writer.get_extra_info("socket")
    raw = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    _, uid, _ = struct.unpack("3i", raw)
    return uid in {0, os.geteuid()}
