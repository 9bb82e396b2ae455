"""The system's Bluetooth service (BlueZ) on D-Bus: is it there, is the adapter on, and until when.

bleak watches devices, not the service: when bluetoothd dies or the adapter is switched off it just
hears nothing more. So a connection of our own watches for that.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from typing import Any

from bleak.backends.bluezdbus import manager as bleak_manager
from bleak.backends.bluezdbus.version import BlueZFeatures
from dbus_fast import AuthError, BusType, DBusError, Message, MessageType, Variant
from dbus_fast.aio import MessageBus

from drivers.types import Unreachable

SERVICE = "org.bluez"
ADAPTER = "org.bluez.Adapter1"
_DBUS, _DBUS_PATH = "org.freedesktop.DBus", "/org/freedesktop/DBus"
_OBJECTS, _PROPERTIES = f"{_DBUS}.ObjectManager", f"{_DBUS}.Properties"
ANSWER_LIMIT_S = 5.0
CLOSE_LIMIT_S = 0.3
BUS_ERRORS = (OSError, EOFError, DBusError, AuthError)

# When we close its connection it warns that it was lost; what is really lost is told by the watch.
logging.getLogger(bleak_manager.__name__).setLevel(logging.ERROR)

# bleak asks `bluetoothctl` for the version once; cancelled while it does, it would wait forever the
# next time. What it looks for, 5.55, is older than every system that the hub supports.
BlueZFeatures.checked_bluez_version = True


class Watch:
    """Notes when the service or the adapter goes."""

    def __init__(self, bus: MessageBus, closed: asyncio.Task[None], adapter: str | None) -> None:
        self._bus = bus
        self._closed = closed
        self._wanted = adapter
        self._path = ""
        self._lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    @property
    def adapter(self) -> str:
        """The adapter's name: hci0."""
        return self._path.rpartition("/")[2]

    async def lost(self) -> None:
        """Wait until the service or the adapter is gone; then raise Unreachable."""
        ends: set[asyncio.Future[Any]] = {self._closed, self._lost}
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        raise Unreachable(self._lost.result() if self._lost.done() else "D-Bus is gone")

    async def start(self) -> None:
        """Find the adapter. Raises Unreachable when there is none that is on."""
        self._bus.add_message_handler(self._message)
        for rule in (
            f"type='signal',sender='{_DBUS}',member='NameOwnerChanged',arg0='{SERVICE}'",
            f"type='signal',sender='{SERVICE}',member='PropertiesChanged',arg0='{ADAPTER}'",
            f"type='signal',sender='{SERVICE}',member='InterfacesRemoved'",
        ):
            await self._call(_DBUS, _DBUS_PATH, _DBUS, "AddMatch", "s", [rule])
        if not await self._call(_DBUS, _DBUS_PATH, _DBUS, "NameHasOwner", "s", [SERVICE]):
            raise Unreachable("the Bluetooth service (bluetoothd) is not running")
        objects = await self._call(SERVICE, "/", _OBJECTS, "GetManagedObjects", "", [])
        self._path = self._choose(objects)

    def _choose(self, objects: dict[str, dict[str, dict[str, Variant]]]) -> str:
        adapters = {
            path: interfaces[ADAPTER]
            for path, interfaces in sorted(objects.items())
            if ADAPTER in interfaces and (self._wanted is None or path.endswith(f"/{self._wanted}"))
        }
        if not adapters:
            raise Unreachable(f"there is no Bluetooth adapter {self._wanted or ''}".rstrip())
        for path, properties in adapters.items():
            if properties["Powered"].value:
                return path
        raise Unreachable("the Bluetooth adapter is switched off")

    def _message(self, message: Message) -> None:
        if message.message_type is not MessageType.SIGNAL or self._lost.done():
            return
        match message.member, message.body:
            case "NameOwnerChanged", [name, _old, new] if name == SERVICE and not new:
                self._lost.set_result("the Bluetooth service (bluetoothd) stopped")
            case "PropertiesChanged", [_, {"Powered": Variant(value=False)}, _] if (
                message.path == self._path
            ):
                self._lost.set_result("the Bluetooth adapter was switched off")
            case "InterfacesRemoved", [path, [*interfaces]] if (
                path == self._path and ADAPTER in interfaces
            ):
                self._lost.set_result("the Bluetooth adapter was removed")
            case _:
                pass

    async def _call(
        self, to: str, path: str, interface: str, member: str, signature: str, body: list[Any]
    ) -> Any:
        message = Message(
            destination=to,
            path=path,
            interface=interface,
            member=member,
            signature=signature,
            body=body,
        )
        try:
            async with asyncio.timeout(ANSWER_LIMIT_S):
                reply = await self._bus.call(message)
        except (*BUS_ERRORS, TimeoutError) as err:
            raise Unreachable("the Bluetooth service does not answer") from err
        if reply is None or reply.message_type is MessageType.ERROR:
            raise Unreachable(f"the Bluetooth service refuses {member}")
        return reply.body[0] if reply.body else None


@contextlib.asynccontextmanager
async def bluez(adapter: str | None) -> AsyncIterator[Watch]:
    """Give a watch on the service; at the end, close what bleak left open too.

    Raises Unreachable when there is no D-Bus, no service or no adapter that is on.
    """
    try:
        bus = MessageBus(bus_type=BusType.SYSTEM)
        async with asyncio.timeout(ANSWER_LIMIT_S):
            await bus.connect()
    except (*BUS_ERRORS, ValueError, TimeoutError) as err:
        raise Unreachable("there is no D-Bus to reach Bluetooth by") from err
    closed = asyncio.create_task(_until_closed(bus), name="D-Bus connection")
    try:
        watch = Watch(bus, closed, adapter)
        await watch.start()
        yield watch
    finally:
        bus.disconnect()  # first: one who is cancelled again while it waits leaves no connection
        await _close_bleak()
        await asyncio.wait({closed}, timeout=CLOSE_LIMIT_S)


async def _until_closed(bus: MessageBus) -> None:
    # It reports what broke the connection; that it is broken is all that matters.
    with contextlib.suppress(*BUS_ERRORS):
        await bus.wait_for_disconnect()  # type: ignore[no-untyped-call]


async def _close_bleak() -> None:
    """Close the connection that bleak shares between scanners and clients, and never closes."""
    manager = bleak_manager._global_instances.pop(asyncio.get_running_loop(), None)  # noqa: SLF001
    if manager is None or manager._bus is None:  # noqa: SLF001
        return
    manager._bus.disconnect()  # noqa: SLF001
    if manager._bus_watcher_task is not None:  # noqa: SLF001
        await asyncio.wait({manager._bus_watcher_task}, timeout=CLOSE_LIMIT_S)  # noqa: SLF001
