"""Shelly devices of generation 2 and later by their RPC over WebSocket; they tell every change.

A device's outputs are devices of their own; what it senses, and its buttons, are one more, which
carries its name.
"""

import asyncio
import contextlib
import logging
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import aiohttp
from aioshelly.exceptions import InvalidAuthError, RpcCallError, ShellyError
from aioshelly.rpc_device.wsrpc import RPCSource, WsRPC

from drivers import web
from drivers.lan import Desk, LanDriver
from drivers.reasons import reason_of
from drivers.registry import Place
from drivers.shelly_commands import call_of
from drivers.shelly_parts import Shelly
from drivers.shelly_settings import ShellyDevice, ShellySettings
from drivers.types import BadCredentials, Command, Device, Refused, Unreachable

NAME = "shelly"
USER = "admin"
"""A Shelly has this user alone."""
CONNECT_LIMIT_S = 10.0
ANSWER_LIMIT_S = 5.0
CLOSE_LIMIT_S = 0.2
ASK_EVERY_S = 15.0
"""How often to ask for the whole state: a sign of life, and what it does not tell by itself."""
UNREADABLE = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    RecursionError,
)

# It logs what devices send when that cannot be read; we count it.
logging.getLogger("aioshelly").setLevel(logging.CRITICAL + 1)


class ShellySession:
    """See drivers.lan.Session."""

    def __init__(self, where: ShellyDevice, desk: Desk) -> None:
        self._where = where
        self._desk = desk
        self._rpc: _Rpc | None = None
        self._shelly: Shelly | None = None
        self._closed = asyncio.Event()
        self._heard: set[tuple[str, str, float]] = set()

    async def follow(self) -> None:
        """See Session."""
        password = await asyncio.to_thread(_password, self._where)
        async with web.session() as http:
            rpc = _Rpc(self._where, self._told, self._desk)
            try:
                with reaching():
                    async with asyncio.timeout(CONNECT_LIMIT_S):
                        await rpc.connect(http)
                        self._shelly = await _read(rpc, password)
                self._rpc = rpc
                self._desk.up(self._shelly.devices())
                await self._live(rpc, self._shelly)
            finally:
                self._rpc = None
                # Its receiving task may have ended with whatever it choked on.
                with contextlib.suppress(
                    ShellyError, aiohttp.ClientError, OSError, NameError, *UNREADABLE
                ):
                    async with asyncio.timeout(CLOSE_LIMIT_S):
                        await rpc.disconnect()

    async def execute(self, device: Device, command: Command) -> None:
        """See Session. Done means that the device answered the call."""
        rpc, shelly = self._rpc, self._shelly
        if rpc is None or shelly is None:
            raise Unreachable("the device is not connected")
        with reaching():
            method, params = call_of(shelly, device, command)
            async with asyncio.timeout(ANSWER_LIMIT_S):
                await rpc.call(method, params, ANSWER_LIMIT_S)

    async def _live(self, rpc: "_Rpc", shelly: Shelly) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._ask(rpc, shelly), name="shelly ask")
                await self._closed.wait()
                raise Unreachable("the device closed the connection")
        except ExceptionGroup as several:
            raise reason_of(several) from several

    async def _ask(self, rpc: "_Rpc", shelly: Shelly) -> None:
        while True:
            await asyncio.sleep(ASK_EVERY_S)
            with reaching():
                async with asyncio.timeout(ANSWER_LIMIT_S):
                    status = await rpc.call("Shelly.GetStatus", timeout=ANSWER_LIMIT_S)
                shelly.replace(status)
            self._show(shelly)

    def _told(self, _source: RPCSource, method: str, params: dict[str, Any] | None) -> None:
        if params is None:
            self._closed.set()  # the library's own word for a connection that is lost
            return
        shelly = self._shelly
        if shelly is None:
            return
        match method:
            case "NotifyStatus":
                self._show(shelly, shelly.merge(params))
            case "NotifyFullStatus":
                shelly.replace(params)
                self._show(shelly)
            case "NotifyEvent":
                self._pressed(shelly, params)
            case _:
                pass

    def _show(self, shelly: Shelly, of: frozenset[str] | None = None) -> None:
        if self._rpc is not None:
            for device in shelly.devices(of):
                self._desk.show(device)

    def _pressed(self, shelly: Shelly, params: Mapping[str, Any]) -> None:
        # The library hands the message before one that it cannot read on a second time.
        now = set()
        for event in params["events"]:
            action = shelly.action(event)
            if action is None:
                continue
            mark = (str(event["component"]), action, float(event["ts"]))
            now.add(mark)
            if mark not in self._heard:
                self._desk.pressed(shelly.id, action)
        if now:
            self._heard = now


class _Rpc(WsRPC):
    """The library's, but a message that it cannot handle does not end the connection."""

    def __init__(self, where: ShellyDevice, told: Any, desk: Desk) -> None:
        super().__init__(where.host, told, where.port)
        self._desk = desk
        self._told = told

    def handle_frame(self, source: RPCSource, frame: dict[str, Any]) -> None:
        try:
            method, params = frame.get("method"), frame.get("params")
            if method is not None and "id" not in frame:  # told, not asked
                if not isinstance(params, dict):
                    raise TypeError("a notification without parameters")
                self._told(source, str(method), params)
                return
            super().handle_frame(source, frame)
        except UNREADABLE:
            self._desk.stats.malformed += 1


@contextlib.contextmanager
def reaching() -> Iterator[None]:
    """Turn what aioshelly and aiohttp raise into ours."""
    try:
        yield
    except InvalidAuthError as err:
        raise BadCredentials("the device refuses the password: mend its `password_file`") from err
    except RpcCallError as err:
        if not err.args or not err.args[0]:
            raise Unreachable("the device answers what its protocol does not allow") from err
        raise Refused(f"the device refuses the call (error {err.args[0]})") from err
    except (ShellyError, aiohttp.ClientError, OSError, TimeoutError) as err:
        raise Unreachable(f"the device does not answer ({type(err).__name__})") from err
    except UNREADABLE as err:
        raise Unreachable("the device answers what its protocol does not allow") from err
    except RuntimeError as err:
        if str(err) != "Not connected":  # the library's, for a connection that has just gone
            raise
        raise Unreachable("the device went away") from err


def create(settings: ShellySettings, _place: Place) -> LanDriver:
    """Return the driver; see drivers.registry."""
    return LanDriver(
        NAME, {key: partial(ShellySession, where) for key, where in settings.devices.items()}
    )


async def _read(rpc: WsRPC, password: str | None) -> Shelly:
    info = await rpc.call("Shelly.GetDeviceInfo", timeout=ANSWER_LIMIT_S)
    if info.get("auth_en"):
        if password is None:
            raise BadCredentials("the device asks for a password: set its `password_file`")
        rpc.set_auth_data(str(info.get("auth_domain") or info["id"]), USER, password)
    config, status = await rpc.calls(
        [("Shelly.GetConfig", None), ("Shelly.GetStatus", None)], ANSWER_LIMIT_S
    )
    return Shelly(NAME, info, config, status)


def _password(where: ShellyDevice) -> str | None:
    if where.password_file is None:
        return None
    try:
        return where.password_file.read_text("utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as err:
        raise BadCredentials(f"password_file {where.password_file} cannot be read") from err
