"""ESPHome nodes by their native API, encrypted (Noise) or not; they tell every change themselves.

A node's lights, switches, fans, covers, thermostats, numbers, choices and buttons are devices of
their own; what it senses is one more, which carries the node's name. Locks are only read.
"""

import asyncio
import contextlib
import logging
from collections.abc import Iterator
from functools import partial

from aioesphomeapi.client import APIClient
from aioesphomeapi.core import (
    APIConnectionError,
    EncryptionPlaintextAPIError,
    InvalidAuthAPIError,
    InvalidEncryptionKeyAPIError,
    RequiresEncryptionAPIError,
)
from aioesphomeapi.model import EntityState, Event

from drivers.esphome_node import Node
from drivers.esphome_settings import EsphomeDevice, EsphomeSettings
from drivers.lan import Desk, LanDriver
from drivers.names import addresses
from drivers.registry import Place
from drivers.shown import shown
from drivers.types import BadCredentials, Command, Device, Unreachable

NAME = "esphome"
CONNECT_LIMIT_S = 10.0
ANSWER_LIMIT_S = 5.0
STATES_WITHIN_S = 2.0
"""How long a node may take to tell its first states; what comes later is told then."""
KEEPALIVE_S = 10.0
"""A node that answers no ping for 4.5 times as long is away."""
UNREADABLE = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError)

# It logs what nodes send, byte by byte, when that cannot be read; we count it.
logging.getLogger("aioesphomeapi").setLevel(logging.CRITICAL + 1)


class EsphomeSession:
    """See drivers.lan.Session."""

    def __init__(self, where: EsphomeDevice, desk: Desk) -> None:
        self._where = where
        self._desk = desk
        self._client: APIClient | None = None
        self._node: Node | None = None
        self._gone = asyncio.Event()
        self._told = asyncio.Event()
        """Set when every entity that has a state has told it."""

    async def follow(self) -> None:
        """See Session."""
        with reaching():
            async with asyncio.timeout(CONNECT_LIMIT_S):
                client = APIClient(
                    self._where.host,
                    self._where.port,
                    client_info="MoodSync Hub",
                    keepalive=KEEPALIVE_S,
                    noise_psk=await asyncio.to_thread(_key, self._where),
                    addresses=await _found(self._where),
                    provide_time=False,
                )
        try:
            with reaching():
                async with asyncio.timeout(CONNECT_LIMIT_S):
                    await client.connect(on_stop=self._stopped, login=True, log_errors=False)
                    info, entities, _ = await client.device_info_and_list_entities()
                    self._node = Node(NAME, info, entities, client.api_version)
                    client.subscribe_states(self._heard)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(STATES_WITHIN_S):
                    await self._told.wait()
            self._client = client
            self._desk.up(self._node.devices())
            await self._gone.wait()
        finally:
            self._client = None
            client.force_disconnect()
        raise Unreachable("the node closed the connection")

    async def execute(self, device: Device, command: Command) -> None:
        """See Session. Done means that the node has read the command.

        It confirms none, but reads in order: so its answer to a question after it says so.
        """
        client, node = self._client, self._node
        if client is None or node is None:
            raise Unreachable("the node is not connected")
        with reaching():
            async with asyncio.timeout(ANSWER_LIMIT_S):
                node.send(client, device, command)
                await client.device_info()

    async def _stopped(self, _expected: bool) -> None:
        self._told.set()
        self._gone.set()

    def _heard(self, state: EntityState) -> None:
        node = self._node
        if node is None:
            return
        try:
            if isinstance(state, Event):
                if self._client is not None:
                    self._desk.pressed(node.id, shown(state.event_type))
                return
            device = node.take(state)
        except UNREADABLE:
            self._desk.stats.malformed += 1
            return
        if node.complete:
            self._told.set()
        if device is not None and self._client is not None:
            self._desk.show(device)


@contextlib.contextmanager
def reaching() -> Iterator[None]:
    """Turn what aioesphomeapi raises into ours."""
    try:
        yield
    except InvalidAuthAPIError as err:
        raise BadCredentials(
            "the node asks for an API password, which ESPHome gave up: give it an encryption key"
        ) from err
    except (InvalidEncryptionKeyAPIError, RequiresEncryptionAPIError) as err:
        raise BadCredentials("the node has another encryption key: set its `key_file`") from err
    except EncryptionPlaintextAPIError as err:
        raise BadCredentials("the node has no encryption: leave its `key_file` out") from err
    except (APIConnectionError, OSError, TimeoutError) as err:
        raise Unreachable(f"the node does not answer ({type(err).__name__})") from err
    except UNREADABLE as err:
        raise Unreachable("the node answers what its protocol does not allow") from err


def create(settings: EsphomeSettings, _place: Place) -> LanDriver:
    """Return the driver; see drivers.registry."""
    return LanDriver(
        NAME, {key: partial(EsphomeSession, where) for key, where in settings.devices.items()}
    )


async def _found(where: EsphomeDevice) -> list[str] | None:
    if where.host.endswith(".local"):
        return None  # asked by mDNS in the library
    return await addresses(where.host, where.port)


def _key(where: EsphomeDevice) -> str | None:
    if where.key_file is None:
        return None
    try:
        return where.key_file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as err:
        raise BadCredentials(f"key_file {where.key_file} cannot be read") from err
