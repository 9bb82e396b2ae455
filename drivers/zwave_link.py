"""One connection to a Z-Wave JS server, over its own client library.

The library leaves some things to its user, which are done here: it knows no time limits, `listen`
returns without a word when the server goes, one message that it cannot read ends everything, a
command that waits when the connection goes is cancelled as if its task had been.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, cast

import aiohttp
from zwave_js_server.client import Client
from zwave_js_server.exceptions import (
    BaseZwaveJSServerError,
    FailedCommand,
    FailedZWaveCommand,
    InvalidMessage,
    InvalidServerVersion,
    NotConnected,
)
from zwave_js_server.model.node import Node

from drivers.types import BadPayload, DeviceId, DriverError, Refused, Unreachable

CONNECT_LIMIT_S = 10.0
START_LIMIT_S = 20.0
"""How long the server may take for the description of its whole network."""
ANSWER_LIMIT_S = 10.0
HEARTBEAT_S = 10.0
"""A server that says nothing for one and a half of this is lost."""
GOODBYE_S = 0.3
LAST_ENDPOINT = 127
MAX_MESSAGE = 64 * 1024 * 1024

Heard = Callable[[Mapping[str, Any]], None]
"""Takes an event that the library has worked into its model."""
Dropped = Callable[[BadPayload], None]
There = Callable[[], tuple["ZwaveLink", Mapping[DeviceId, Node]]]
"""Gives the connection and the devices' nodes; raises Unreachable."""


class ZwaveLink(Client):
    """See the module. `listen` is a task of the owner's; `ask` and the model work beside it."""

    def __init__(
        self, url: str, session: aiohttp.ClientSession, heard: Heard, dropped: Dropped
    ) -> None:
        super().__init__(url, cast("aiohttp.ClientSession", _Session(session)))
        self._loop = cast("asyncio.AbstractEventLoop", _Loop(self._loop))
        self._heard = heard
        self._dropped = dropped

    async def open(self) -> None:
        """Connect. Raises Unreachable."""
        try:
            async with asyncio.timeout(CONNECT_LIMIT_S):
                await self.connect()
        except TimeoutError as err:
            raise Unreachable("the Z-Wave JS server does not answer") from err
        except InvalidServerVersion as err:
            raise Unreachable(f"this Z-Wave JS server is not understood: {err}") from err
        except (BaseZwaveJSServerError, aiohttp.ClientError, OSError) as err:
            raise Unreachable(f"the Z-Wave JS server cannot be reached: {err}") from err
        except (KeyError, TypeError, AttributeError) as err:
            raise Unreachable("what answers there is no Z-Wave JS server") from err

    async def close(self) -> None:
        """Say goodbye; also where `open` did not get far."""
        if self._client is not None:
            await self._client.close()

    async def follow(self, ready: asyncio.Event) -> None:
        """Read the network, set `ready`, and take in what happens. Raises Unreachable; no return.

        The owner limits the time until `ready`.
        """
        try:
            await self.listen(ready)
        except (BaseZwaveJSServerError, aiohttp.ClientError, OSError) as err:
            raise Unreachable(f"the connection to the Z-Wave JS server broke: {err}") from err
        except (KeyError, TypeError, ValueError, AttributeError) as err:
            raise Unreachable("the Z-Wave JS server describes its network badly") from err
        raise Unreachable("the Z-Wave JS server closed the connection, or its stick is gone")

    async def ask(
        self, command: str, *, limit_s: float = ANSWER_LIMIT_S, **more: Any
    ) -> dict[str, Any]:
        """Send a command of the server's API and return its result.

        Raises Refused (the server or the device will not), Unreachable (no connection, no answer,
        or the device is out of reach).
        """
        task = asyncio.current_task()
        # Not zero in a task whose TaskGroup failed once: Python 3.11 leaves its request counted.
        before = 0 if task is None else task.cancelling()
        try:
            async with asyncio.timeout(limit_s):
                return await self.async_send_command({"command": command, **more})
        except TimeoutError as err:
            raise Unreachable("the Z-Wave JS server does not answer") from err
        except asyncio.CancelledError:
            if task is not None and task.cancelling() > before:
                raise
            raise Unreachable("the connection to the Z-Wave JS server is lost") from None
        except (NotConnected, aiohttp.ClientError, OSError) as err:
            raise Unreachable("the connection to the Z-Wave JS server is lost") from err
        except FailedCommand as err:
            raise _failure(err) from err

    async def tell(self, command: str, **more: Any) -> None:
        """Send a command without waiting for its result. Raises Unreachable."""
        try:
            async with asyncio.timeout(ANSWER_LIMIT_S):
                await self.async_send_command_no_wait({"command": command, **more})
        except (TimeoutError, NotConnected, aiohttp.ClientError, OSError) as err:
            raise Unreachable("the connection to the Z-Wave JS server is lost") from err

    # The library's hooks ---------------------------------------------------------------------

    async def receive_until_closed(self) -> None:
        """Handle messages until the connection closes; what cannot be read is dropped."""
        while self.connected:
            try:
                message = await self._receive_json_or_raise()
            except InvalidMessage:
                self._dropped(BadPayload("no JSON text"))
                continue
            self._handle_incoming_message(message)

    def _handle_incoming_message(self, msg: dict[str, Any]) -> None:
        try:
            event = _event_of(msg)
            super()._handle_incoming_message(msg)
            if event is not None:
                self._heard(event)
        except BadPayload as err:
            self._dropped(err)
        except Exception as err:  # noqa: BLE001 - the model fails in whatever way the message is bad
            self._dropped(BadPayload(f"{type(err).__name__} in a message"))


class _Session:
    """The session as the library uses it, with our limits on its WebSocket."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def ws_connect(self, url: str, **options: Any) -> aiohttp.ClientWebSocketResponse:
        limits = {
            "heartbeat": HEARTBEAT_S,
            "timeout": aiohttp.ClientWSTimeout(ws_close=GOODBYE_S),
            "max_msg_size": MAX_MESSAGE,
        }
        socket: aiohttp.ClientWebSocketResponse = await self._session.ws_connect(
            url, **(options | limits)
        )
        return socket


class _Loop:
    """The loop as the library uses it: who leaves waits for the thread that parses for him."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def create_future(self) -> asyncio.Future[Any]:
        return self._loop.create_future()

    async def run_in_executor(
        self, _pool: None, function: Callable[..., Any], *arguments: Any
    ) -> Any:
        job = self._loop.run_in_executor(None, function, *arguments)
        try:
            return await asyncio.shield(job)
        except asyncio.CancelledError:
            await asyncio.wait({job})  # milliseconds; a thread cannot be cancelled
            raise


def _event_of(msg: object) -> Mapping[str, Any] | None:
    """Return the event that a message brings, None for others. Raises BadPayload."""
    if not isinstance(msg, dict):
        raise BadPayload("no JSON object")
    if msg.get("type") != "event":
        return None
    event = msg.get("event")
    # The library prints events from elsewhere to the standard output instead of refusing them.
    if not isinstance(event, dict) or event.get("source") not in _SOURCES:
        raise BadPayload("an event from nowhere")
    if event["source"] == "node" and not _is_node_event(event):
        raise BadPayload("an event of no node or no value")
    return event


def _is_node_event(event: Mapping[str, Any]) -> bool:
    """Return whether it names a node and, where it has one, a value as Z-Wave JS does.

    The library checks neither; a value by another name would stay in its model.
    """
    if type(event.get("nodeId")) is not int:
        return False
    if event.get("event") not in _ABOUT_VALUES:
        return True
    value = event.get("args")
    return (
        isinstance(value, dict)
        and type(value.get("commandClass")) is int
        and isinstance(value.get("property"), int | str)
        and isinstance(value.get("propertyKey"), int | str | None)
        and type(value.get("endpoint", 0)) is int
        and 0 <= value.get("endpoint", 0) <= LAST_ENDPOINT
    )


_SOURCES = frozenset({"driver", "controller", "node"})
_ABOUT_VALUES = frozenset(
    {
        "value added",
        "value updated",
        "value removed",
        "value notification",
        "metadata updated",
    }
)
_OUT_OF_REACH = frozenset({100, 102, 103, 111, 112, 200, 201, 202, 203, 204, 205, 206, 215})
"""ZWaveErrorCodes of zwave-js that tell of a driver, stick or device which is not there now."""


def _failure(err: FailedCommand) -> DriverError:
    if isinstance(err, FailedZWaveCommand):
        text = err.zwave_error_message.split("\n", 1)[0][:200]
        if err.zwave_error_code in _OUT_OF_REACH:
            return Unreachable(f"the device does not answer: {text}")
        return Refused(f"Z-Wave refuses: {text}")
    if err.error_code == "node_not_found":
        return Refused("the network has no such device")
    return Refused(f"the Z-Wave JS server refuses: {str(err)[:200]}")
