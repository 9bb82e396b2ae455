"""WLED light strips by their JSON API; their WebSocket tells every change, whoever made it.

One controller is one light: its segments take the same colour, and show several side by side as
zones. A build without WebSocket is asked every `POLL_S` instead.
"""

import asyncio
import contextlib
from collections.abc import Iterator
from functools import partial

import aiohttp
import structlog
from awesomeversion import AwesomeVersionException
from wled import WLED, WLEDConnectionError, WLEDError, WLEDStatusError
from wled import Device as WledLight

from drivers import web
from drivers.lan import Desk, LanDriver
from drivers.reasons import reason_of
from drivers.registry import Place
from drivers.types import BadCredentials, Command, Device, DeviceId, Unreachable
from drivers.wled_commands import request_of
from drivers.wled_parts import NAME, device_of
from drivers.wled_settings import WledDevice, WledSettings

log = structlog.get_logger(__name__)

ANSWER_LIMIT_S = 5.0
CLOSE_LIMIT_S = 0.2
ASK_EVERY_S = 15.0
"""How often to ask for a sign of life: a strip that nobody changes says nothing."""
POLL_S = 2.0
UNREADABLE = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    AwesomeVersionException,
    RecursionError,
)
"""What wled and its models raise for what WLED does not send."""


class WledSession:
    """See drivers.lan.Session."""

    def __init__(self, where: WledDevice, desk: Desk) -> None:
        self._where = where
        self._desk = desk
        self._wled: WLED | None = None
        self._light: WledLight | None = None
        """The library's own, which it keeps current."""
        self._id = DeviceId("")
        self._complained = False

    async def follow(self) -> None:
        """See Session."""
        async with web.session(self._where.port) as http:
            wled = WLED(self._where.host, request_timeout=ANSWER_LIMIT_S, session=http)
            try:
                await self._follow(wled)
            finally:
                self._wled = None
                with contextlib.suppress(WLEDError, aiohttp.ClientError, OSError, TimeoutError):
                    async with asyncio.timeout(CLOSE_LIMIT_S):
                        await wled.disconnect()

    async def execute(self, device: Device, command: Command) -> None:
        """See Session. Done means that WLED answered with its new state."""
        wled, light = self._wled, self._light
        if wled is None or light is None:
            raise Unreachable("the strip is not connected")
        try:
            with reaching():
                wanted = request_of(device, light, command)
                async with asyncio.timeout(ANSWER_LIMIT_S):
                    await wled.request("/json/state", method="POST", data=wanted)
        except RuntimeError as err:  # the library tries again, also on a session that was closed
            if self._wled is wled:
                raise
            raise Unreachable("the strip went away") from err

    async def _follow(self, wled: WLED) -> None:
        with reaching():
            async with asyncio.timeout(ANSWER_LIMIT_S):
                light = await wled.update()
                if pushes := light.info.websocket is not None:
                    await wled.connect()
            device = device_of(light)
        self._wled, self._light, self._id = wled, light, device.id
        self._desk.up((device,))
        try:
            async with asyncio.TaskGroup() as group:
                every_s = ASK_EVERY_S if pushes else POLL_S
                group.create_task(self._ask(wled, every_s), name="wled ask")
                if pushes:
                    group.create_task(self._listen(wled), name="wled listen")
        except ExceptionGroup as several:
            raise reason_of(several) from several

    async def _listen(self, wled: WLED) -> None:
        while True:
            with reaching():
                try:
                    await wled.listen(self._show)
                except (WLEDConnectionError, WLEDStatusError):
                    raise
                except (WLEDError, *UNREADABLE) as err:
                    if not wled.connected:
                        raise
                    self._desk.stats.malformed += 1
                    if not self._complained:
                        self._complained = True
                        log.warning("wled_message_dropped", reason=type(err).__name__)
                else:
                    raise Unreachable("the strip closed the connection")

    async def _ask(self, wled: WLED, every_s: float) -> None:
        while True:
            await asyncio.sleep(every_s)
            with reaching():
                async with asyncio.timeout(ANSWER_LIMIT_S):
                    light = await wled.update()
            self._show(light)

    def _show(self, light: WledLight) -> None:
        device = device_of(light)
        if device.id != self._id:
            raise ValueError("a message of another strip")
        self._desk.show(device)


@contextlib.contextmanager
def reaching() -> Iterator[None]:
    """Turn what wled raises into ours."""
    try:
        yield
    except WLEDStatusError as err:
        if err.status in (401, 403):
            raise BadCredentials("the strip, or what stands before it, asks for a login") from err
        raise Unreachable(f"the strip answers with status {err.status}") from err
    except (WLEDError, OSError, TimeoutError) as err:
        raise Unreachable(f"the strip does not answer ({type(err).__name__})") from err
    except UNREADABLE as err:
        raise Unreachable("the strip answers what its protocol does not allow") from err


def create(settings: WledSettings, _place: Place) -> LanDriver:
    """Return the driver; see drivers.registry."""
    return LanDriver(
        NAME, {key: partial(WledSession, where) for key, where in settings.devices.items()}
    )
