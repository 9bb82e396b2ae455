"""A service's objects on a D-Bus: their interfaces, properties, and the signals of changes."""

import contextlib
from collections.abc import Callable
from typing import Any

from dbus_fast import Message, MessageType, Variant
from dbus_fast.aio import MessageBus

BUS = "org.freedesktop.DBus"
OBJECTS, PROPERTIES = "org.freedesktop.DBus.ObjectManager", "org.freedesktop.DBus.Properties"

Interfaces = dict[str, dict[str, Variant]]
Handler = Callable[[Message], Message | bool | None]


class ObjectTree:
    """Objects by path. While `frozen`, nothing is said."""

    def __init__(self, address: str) -> None:
        self.objects: dict[str, Interfaces] = {}
        self.frozen = False
        self._address = address
        self._bus: MessageBus | None = None

    async def enter(self, name: str, handler: Handler) -> None:
        """Take a name on the bus, and be told of the clients that come and go."""
        self._bus = await MessageBus(bus_address=self._address).connect()
        self._bus.add_message_handler(handler)
        await self._bus.call(
            Message(
                destination=BUS,
                path="/org/freedesktop/DBus",
                interface=BUS,
                member="AddMatch",
                signature="s",
                body=[f"type='signal',sender='{BUS}',member='NameOwnerChanged'"],
            )
        )
        await self._bus.request_name(name)

    async def leave(self) -> None:
        if self._bus is not None:
            self._bus.disconnect()
            with contextlib.suppress(EOFError, OSError):  # the daemon may have gone before
                await self._bus.wait_for_disconnect()  # type: ignore[no-untyped-call]
            self._bus = None

    async def change(self, path: str, interface: str, **changes: Variant) -> None:
        if path in self.objects and interface in self.objects[path]:
            self.objects[path][interface].update(changes)
            self.signal(path, PROPERTIES, "PropertiesChanged", "sa{sv}as", [interface, changes, []])

    async def add(self, path: str, interfaces: Interfaces) -> None:
        self.objects[path] = interfaces
        self.signal("/", OBJECTS, "InterfacesAdded", "oa{sa{sv}}", [path, interfaces])

    async def remove(self, path: str) -> None:
        gone = self.objects.pop(path, None)
        if gone is not None:
            self.signal("/", OBJECTS, "InterfacesRemoved", "oas", [path, list(gone)])

    def signal(self, path: str, interface: str, member: str, signature: str, body: Any) -> None:
        self.reply(
            Message(
                message_type=MessageType.SIGNAL,
                path=path,
                interface=interface,
                member=member,
                signature=signature,
                body=body,
            )
        )

    def reply(self, message: Message) -> None:
        if self._bus is not None and not self.frozen:
            self._bus.send(message)
