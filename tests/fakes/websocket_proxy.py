"""Stands between a driver and its WebSocket server: passes on, and says more than that does."""

import asyncio
import contextlib
import json
from types import TracebackType
from typing import Any, Self

import aiohttp
from aiohttp import web

from tests.fakes.process import free_port


class WebSocketProxy:
    """Listens on the loopback and passes every text on, both ways."""

    def __init__(self, target: str) -> None:
        self.port = free_port()
        self._target = target
        self._client: web.WebSocketResponse | None = None
        self._runner: web.AppRunner | None = None
        self._request: web.Request | None = None
        self.held = False
        """While true, what the server says is kept back."""
        self.heard: list[dict[str, Any]] = []
        """What the driver said."""
        self.answers: dict[str, Any] = {}
        """Results, by command, that the proxy gives itself: the server is not asked."""

    def asked(self, command: str) -> dict[str, Any] | None:
        """Return what the driver last said with this command."""
        return next((one for one in reversed(self.heard) if one.get("command") == command), None)

    async def say(self, message: str | bytes) -> None:
        """Say something to the driver that the server did not."""
        assert self._client
        if isinstance(message, bytes):
            await self._client.send_bytes(message)
        else:
            await self._client.send_str(message)

    async def cut(self) -> None:
        """Break the connection, as bad Wi-Fi does: neither side says goodbye."""
        assert self._request
        assert self._request.transport
        self._request.transport.abort()

    async def _serve(self, request: web.Request) -> web.WebSocketResponse:
        self._request = request
        self._client = client = web.WebSocketResponse(max_msg_size=0)
        await client.prepare(request)
        async with aiohttp.ClientSession() as session:
            async with session.ws_connect(self._target, max_msg_size=0) as server:
                async with asyncio.TaskGroup() as group:
                    out = group.create_task(self._pass(client, server))
                    back = group.create_task(self._pass(server, client))
                    await asyncio.wait({out, back}, return_when=asyncio.FIRST_COMPLETED)
                    out.cancel()
                    back.cancel()
        return client

    async def _pass(
        self,
        source: web.WebSocketResponse | aiohttp.ClientWebSocketResponse,
        sink: web.WebSocketResponse | aiohttp.ClientWebSocketResponse,
    ) -> None:
        with contextlib.suppress(ConnectionError):
            async for message in source:
                if message.type is not aiohttp.WSMsgType.TEXT:
                    return
                if source is self._client and await self._answered(message.json()):
                    continue
                if not (self.held and sink is self._client):
                    await sink.send_str(message.data)

    async def _answered(self, said: dict[str, Any]) -> bool:
        self.heard.append(said)
        if said.get("command") not in self.answers:
            return False
        result = self.answers[said["command"]]
        answer = {"type": "result", "success": True, "result": result}
        await self.say(json.dumps({"messageId": said["messageId"], **answer}))
        return True

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_get("/{tail:.*}", self._serve)
        self._runner = web.AppRunner(app, shutdown_timeout=0.5)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._runner
        await self._runner.cleanup()
