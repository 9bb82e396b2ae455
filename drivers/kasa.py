"""TP-Link Kasa and Tapo plugs, strips and bulbs over the local network, by python-kasa.

They tell nothing by themselves: so each is asked every `poll_s`, and at once after a command.
"""

import asyncio
import contextlib
import logging
from collections.abc import Iterator
from functools import partial

import aiohttp
from kasa import (
    AuthenticationError,
    Credentials,
    DeviceConfig,
    DeviceConnectionParameters,
    DeviceEncryptionType,
    DeviceFamily,
    KasaException,
)
from kasa import Device as KasaThing

from drivers import web
from drivers.kasa_connection import connected
from drivers.kasa_parts import command_part, devices_of
from drivers.kasa_settings import KasaDevice, KasaProtocol, KasaSettings
from drivers.lan import Desk, LanDriver
from drivers.names import addresses
from drivers.registry import Place
from drivers.types import BadCredentials, Command, Device, DeviceId, Unreachable

NAME = "kasa"
CONNECT_LIMIT_S = 10.0
ANSWER_LIMIT_S = 5.0
ONE_ANSWER_LIMIT_S = 2
"""For one question of the library's, which asks again within ours."""
CLOSE_LIMIT_S = 0.2
MISSES = 3
"""Polls without an answer that can be read, after which a device is away."""
UNREADABLE = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, AssertionError)
_CONNECTIONS = {
    KasaProtocol.XOR: (DeviceFamily.IotSmartPlugSwitch, DeviceEncryptionType.Xor),
    KasaProtocol.KLAP: (DeviceFamily.IotSmartPlugSwitch, DeviceEncryptionType.Klap),
    KasaProtocol.SMART: (DeviceFamily.SmartTapoPlug, DeviceEncryptionType.Klap),
}

# It logs what it asked, and warns of whatever a device lacks.
logging.getLogger("kasa").setLevel(logging.CRITICAL + 1)


class KasaSession:
    """See drivers.lan.Session."""

    def __init__(self, where: KasaDevice, poll_s: float, desk: Desk) -> None:
        self._where = where
        self._poll_s = poll_s
        self._desk = desk
        self._thing: KasaThing | None = None
        self._ask = asyncio.Event()
        self._lock = asyncio.Lock()
        """A poll that overlaps a command would tell the state from before it."""

    async def follow(self) -> None:
        """See Session."""
        login = await asyncio.to_thread(_login, self._where)
        # Devices are known by their addresses here; cookies of those are kept only if `unsafe`.
        jar = aiohttp.CookieJar(unsafe=True, quote_cookie=False)
        async with web.session(cookies=jar) as http:
            with reaching():
                async with asyncio.timeout(CONNECT_LIMIT_S):
                    config = await _config(self._where, login, http)
                    thing = await connected(config)
            try:
                with reaching():
                    devices = devices_of(NAME, thing)
                self._thing = thing
                self._desk.up(devices)
                await self._poll(thing, [device.id for device in devices])
            finally:
                self._thing = None
                with contextlib.suppress(KasaException, OSError, TimeoutError):
                    async with asyncio.timeout(CLOSE_LIMIT_S):
                        await thing.disconnect()

    async def execute(self, device: Device, command: Command) -> None:
        """See Session. Done means that the device answered without an error."""
        thing = self._thing
        if thing is None:
            raise Unreachable("the device is not connected")
        with reaching():
            async with asyncio.timeout(ANSWER_LIMIT_S), self._lock:
                await command_part(NAME, thing, device, command)
        self._ask.set()

    async def _poll(self, thing: KasaThing, known: list[DeviceId]) -> None:
        misses = 0
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._poll_s):
                    await self._ask.wait()
            self._ask.clear()
            try:
                with reaching():
                    async with asyncio.timeout(ANSWER_LIMIT_S), self._lock:
                        await thing.update()
                    devices = devices_of(NAME, thing)
                    if [device.id for device in devices] != known:
                        raise ValueError("another device's answer")
            except Unreachable as err:
                misses += 1
                if not isinstance(err.__cause__, OSError | TimeoutError):
                    self._desk.stats.malformed += 1
                if misses >= MISSES:
                    raise
                continue
            misses = 0
            for device in devices:
                self._desk.show(device)


@contextlib.contextmanager
def reaching() -> Iterator[None]:
    """Turn what python-kasa raises into ours."""
    try:
        yield
    except AuthenticationError as err:
        raise BadCredentials("the device refuses the login: mend its `login_file`") from err
    except (KasaException, OSError, TimeoutError) as err:
        raise Unreachable(f"the device does not answer ({type(err).__name__})") from err
    except UNREADABLE as err:
        raise Unreachable("the device answers what its protocol does not allow") from err


def create(settings: KasaSettings, _place: Place) -> LanDriver:
    """Return the driver; see drivers.registry."""
    return LanDriver(
        NAME,
        {
            key: partial(KasaSession, where, settings.poll_s)
            for key, where in settings.devices.items()
        },
    )


async def _config(
    where: KasaDevice, login: Credentials | None, http: aiohttp.ClientSession
) -> DeviceConfig:
    family, encryption = _CONNECTIONS[where.protocol]
    return DeviceConfig(
        (await addresses(where.host, where.port or 80))[0],
        timeout=ONE_ANSWER_LIMIT_S,
        port_override=where.port,
        credentials=login,
        connection_type=DeviceConnectionParameters(family, encryption),
        http_client=http,
    )


def _login(where: KasaDevice) -> Credentials | None:
    if where.login_file is None:
        return None
    try:
        name, password = where.login_file.read_text("utf-8").rstrip("\r\n").splitlines()
    except (OSError, ValueError) as err:
        raise BadCredentials(
            f"login_file {where.login_file} cannot be read, or is not two lines"
        ) from err
    return Credentials(name, password)
