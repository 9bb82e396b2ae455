"""A connection to one Bluetooth LE device, from connecting until its link is lost."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any, Final, Protocol

from bleak import BleakClient
from bleak.backends.characteristic import BleakGATTCharacteristic
from bleak.backends.device import BLEDevice
from bleak.exc import BleakError

from drivers.bluetooth_bus import BUS_ERRORS
from drivers.bluetooth_gatt import (
    BATTERY_LEVEL,
    FIRMWARE,
    HEART_RATE_MEASUREMENT,
    MANUFACTURER,
    MODEL,
    QUANTITIES,
    text,
)
from drivers.types import DeviceInfo

CONNECT_LIMIT_S = 20.0
READ_LIMIT_S = 5.0
END_LIMIT_S = 0.3
CANCEL_LIMIT_S = 0.15
POLL_EVERY_S: Final = 60.0
"""How often to read what a sensor does not notify of."""
LINK_ERRORS = (BleakError, *BUS_ERRORS, AssertionError)
"""What bleak raises when the link, the device or the service goes; it asserts where it says so."""


class Listener(Protocol):
    """Who is told what a connected device sends. No method may block or raise."""

    def heart(self, data: bytes) -> None:
        """Take a heart rate measurement."""
        ...

    def quantity(self, characteristic: str, data: bytes) -> None:
        """Take a value of one of QUANTITIES."""
        ...

    def ready(self, info: DeviceInfo) -> None:
        """Take note that the device is connected and sends."""
        ...


class LinkLost(Exception):  # noqa: N818 - says what happened
    """The device did not connect, or its link is gone; the text says which."""


async def follow(device: BLEDevice, adapter: str, listener: Listener, turn: asyncio.Lock) -> None:
    """Connect and hand on what the device sends, until the link is lost: raises LinkLost.

    `turn` is held while connecting: an adapter makes one connection at a time.
    """
    gone = asyncio.Event()
    try:
        async with turn:
            client = BleakClient(
                device,
                disconnected_callback=lambda _: gone.set(),
                timeout=CONNECT_LIMIT_S,
                bluez={"adapter": adapter},
            )
            await _connect(client)
        async with _ending(client):
            polled = await _subscribe(client, listener)
            listener.ready(await _info(client))
            while not gone.is_set():
                for characteristic in polled:
                    listener.quantity(characteristic.uuid, await _read(client, characteristic))
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(POLL_EVERY_S if polled else None):
                        await gone.wait()
    except TimeoutError as err:
        raise LinkLost("it does not answer") from err
    except LINK_ERRORS as err:
        raise LinkLost(f"{type(err).__name__}") from err
    raise LinkLost("out of reach or switched off")


async def _connect(client: BleakClient) -> None:
    # In a task, because bleak answers a cancellation with a question to the service, without a
    # limit: a service that hangs needs a second one.
    connecting = asyncio.create_task(client.connect(), name="bluetooth connect")
    connecting.add_done_callback(_heed)
    try:
        async with asyncio.timeout(CONNECT_LIMIT_S):
            await asyncio.wait({connecting})
        connecting.result()
    except BaseException:
        for _ in range(2):
            if not connecting.done():
                connecting.cancel()
                await asyncio.wait({connecting}, timeout=CANCEL_LIMIT_S)
        await _end(client)
        raise


def _heed(task: asyncio.Task[Any]) -> None:
    """Take note of how a task ended: nobody asks when it fails after it was given up."""
    if not task.cancelled():
        task.exception()


@contextlib.asynccontextmanager
async def _ending(client: BleakClient) -> AsyncIterator[None]:
    try:
        yield
    finally:
        await _end(client)


async def _end(client: BleakClient) -> None:
    # bleak closes its side even when it is not let finish, and a device is soon noticed gone.
    with contextlib.suppress(*LINK_ERRORS, TimeoutError):
        async with asyncio.timeout(END_LIMIT_S):
            await client.disconnect()


async def _subscribe(
    client: BleakClient, listener: Listener
) -> tuple[BleakGATTCharacteristic, ...]:
    """Ask for everything of use; return what has to be read instead."""
    polled = []
    for characteristic in _characteristics(client):
        uuid = characteristic.uuid
        if uuid == HEART_RATE_MEASUREMENT:
            take: Callable[[bytes], None] = listener.heart
        elif uuid in QUANTITIES:
            take = _taking(listener, uuid)
        else:
            continue
        notifies = {"notify", "indicate"} & set(characteristic.properties)
        if notifies:

            def notified(_: Any, data: bytearray, take: Callable[[bytes], None] = take) -> None:
                take(bytes(data))

            async with asyncio.timeout(READ_LIMIT_S):
                await client.start_notify(characteristic, notified)
        if "read" not in characteristic.properties:
            continue
        if notifies or uuid == BATTERY_LEVEL:
            take(await _read(client, characteristic))  # the first value; later ones are notified
        else:
            polled.append(characteristic)
    return tuple(polled)


def _taking(listener: Listener, uuid: str) -> Callable[[bytes], None]:
    return lambda data: listener.quantity(uuid, data)


async def _info(client: BleakClient) -> DeviceInfo:
    found = {}
    for characteristic in _characteristics(client):
        if characteristic.uuid in {MANUFACTURER, MODEL, FIRMWARE}:
            found[characteristic.uuid] = text(await _read(client, characteristic))
    return DeviceInfo(found.get(MANUFACTURER, ""), found.get(MODEL, ""), found.get(FIRMWARE, ""))


def _characteristics(client: BleakClient) -> tuple[BleakGATTCharacteristic, ...]:
    return tuple(c for service in client.services for c in service.characteristics)


async def _read(client: BleakClient, characteristic: BleakGATTCharacteristic) -> bytes:
    async with asyncio.timeout(READ_LIMIT_S):
        return bytes(await client.read_gatt_char(characteristic))
