"""One connection to a Matter server's WebSocket JSON API.

Two servers speak it: python-matter-server and its successor on matter.js. Each message is a JSON
object: the server's description first; then results, by the `message_id` of their command; events.
"""

import asyncio
import itertools
import json
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

import aiohttp

from drivers.types import BadPayload, DriverError, Refused, Unreachable

CONNECT_LIMIT_S = 10.0
ANSWER_LIMIT_S = 10.0
HEARTBEAT_S = 10.0
"""A server that says nothing for one and a half of this is lost."""
GOODBYE_S = 0.3
MAX_MESSAGE = 64 * 1024 * 1024
SCHEMA = 11
"""The version of the API that this was written for; servers say from which they understand."""

Heard = Callable[[str, Any], None]
"""Takes an event's name and data. Raises BadPayload."""
Dropped = Callable[[BadPayload], None]


class MatterLink:
    """See the module. `follow` is a task of the owner's; `ask` works beside it."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, info: Mapping[str, Any]) -> None:
        self.info = info
        """What the server says of itself."""
        self._socket = socket
        self._ids = itertools.count(1)
        self._answers: dict[str, asyncio.Future[Any]] = {}
        self._lost = False

    @classmethod
    async def open(cls, url: str, session: aiohttp.ClientSession) -> "MatterLink":
        """Connect. Raises Unreachable."""
        try:
            async with asyncio.timeout(CONNECT_LIMIT_S):
                socket = await session.ws_connect(
                    url,
                    heartbeat=HEARTBEAT_S,
                    timeout=aiohttp.ClientWSTimeout(ws_close=GOODBYE_S),
                    max_msg_size=MAX_MESSAGE,
                )
                try:
                    info = await socket.receive_json()
                    _check(int(info["min_supported_schema_version"]))
                except BaseException:
                    await socket.close()
                    raise
        except TimeoutError as err:
            raise Unreachable("the Matter server does not answer") from err
        except (aiohttp.ClientError, OSError) as err:
            raise Unreachable(f"the Matter server cannot be reached: {err}") from err
        except (TypeError, KeyError, ValueError) as err:
            raise Unreachable("what answers there is no Matter server") from err
        return cls(socket, info)

    async def follow(self, heard: Heard, dropped: Dropped) -> None:
        """Take in results and events until the connection ends, then raise Unreachable."""
        try:
            while True:
                message = await self._socket.receive()
                if message.type is aiohttp.WSMsgType.TEXT:
                    try:
                        self._take(_parsed(message.data), heard)
                    except BadPayload as err:
                        dropped(err)
                    except ArithmeticError:
                        dropped(BadPayload("a number beyond all bounds"))
                elif message.type in _ENDS:
                    raise Unreachable("the Matter server closed the connection")
                else:
                    dropped(BadPayload("a message that is not text"))
        except (aiohttp.ClientError, OSError) as err:
            raise Unreachable(f"the connection to the Matter server broke: {err}") from err
        finally:
            self._lost = True
            for answer in self._answers.values():
                if not answer.done():
                    answer.set_exception(Unreachable("the connection to the Matter server is lost"))
                    answer.exception()  # whoever waited may have gone meanwhile

    async def ask(self, command: str, *, limit_s: float = ANSWER_LIMIT_S, **args: Any) -> Any:
        """Send a command and return its result.

        Raises Refused (the server or the device will not), Unreachable (no connection, no answer,
        or the device is out of reach).
        """
        if self._lost:
            raise Unreachable("the connection to the Matter server is lost")
        message_id = str(next(self._ids))
        answer = self._answers[message_id] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(limit_s):
                await self._socket.send_json(
                    {"message_id": message_id, "command": command, "args": args}
                )
                return await answer
        except TimeoutError as err:
            raise Unreachable("the Matter server does not answer") from err
        except (aiohttp.ClientError, OSError) as err:
            raise Unreachable("the connection to the Matter server is lost") from err
        finally:
            del self._answers[message_id]

    async def close(self) -> None:
        """Say goodbye."""
        await self._socket.close()

    def _take(self, message: Mapping[str, Any], heard: Heard) -> None:
        if isinstance(name := message.get("event"), str):
            if name == "server_shutdown":
                raise Unreachable("the Matter server shuts down")
            heard(name, message.get("data"))
            return
        answer = self._answers.get(str(message.get("message_id")))
        if answer is None or answer.done():
            return  # its command has stopped waiting
        if "error_code" in message:
            answer.set_exception(_failure(message))
        else:
            answer.set_result(message.get("result"))


_ENDS = frozenset(
    {
        aiohttp.WSMsgType.CLOSE,
        aiohttp.WSMsgType.CLOSED,
        aiohttp.WSMsgType.CLOSING,
        aiohttp.WSMsgType.ERROR,
    }
)
_OUT_OF_REACH = frozenset({"3", "4", "7"})
"""Error codes of the API: not ready, not resolving, an error of the radio stack."""
_UNKNOWN_NODE = "5"


def _check(oldest: int) -> None:
    if oldest > SCHEMA:
        raise Unreachable(f"this Matter server is too new: it wants schema {oldest} at least")


def _parsed(text: str) -> Mapping[str, Any]:
    try:
        message = json.loads(text, parse_constant=_not_finite)
    except (ValueError, RecursionError) as err:
        raise BadPayload("no JSON") from err
    if not isinstance(message, dict):
        raise BadPayload("no JSON object")
    return message


def _not_finite(_: str) -> NoReturn:
    raise BadPayload("a number that is not finite")


def _failure(message: Mapping[str, Any]) -> DriverError:
    code = str(message["error_code"])
    details = str(message.get("details") or "no reason given")[:200]
    if code in _OUT_OF_REACH:
        return Unreachable(f"the device does not answer: {details}")
    if code == _UNKNOWN_NODE:
        return Refused("the fabric has no such device")
    return Refused(f"the Matter server refuses: {details}")
