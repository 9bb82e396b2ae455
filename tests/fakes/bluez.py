"""A Bluetooth service (org.bluez) on a private D-Bus, with devices that a test moves about.

The D-Bus daemon is the real one; what bleak says and hears goes over its socket. The service runs
in a thread of its own, so that it can be killed, frozen and started again from anywhere.
"""

import asyncio
import contextlib
import threading
from collections.abc import Coroutine
from typing import Any

from dbus_fast import Message, MessageType, Variant

from drivers.bluetooth_gatt import uuid16
from tests.fakes.bluez_objects import OBJECTS, ObjectTree
from tests.fakes.bluez_peripheral import ADAPTER, Peripheral, device_properties

ADAPTER1, DEVICE1 = "org.bluez.Adapter1", "org.bluez.Device1"
SERVICE1, CHARACTERISTIC1 = "org.bluez.GattService1", "org.bluez.GattCharacteristic1"
ADVERTISES_EVERY_S = 0.05
STEP_LIMIT_S = 5.0


class Bluez:
    """The service; every method may be called from any thread but its own."""

    def __init__(self, address: str) -> None:
        self.starts = 0
        """How often a scan was started."""
        self.start_takes_s = 0.0
        """How long the answer to a started scan takes."""
        self._tree = ObjectTree(address)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="bluez", daemon=True)
        self._powered = True
        self._near: dict[str, Peripheral] = {}
        self._advertising: asyncio.Task[None] | None = None
        self._scanners: set[str] = set()
        """The clients, by their name on the bus, that have a scan of theirs running."""
        self._thread.start()

    @property
    def scanning(self) -> bool:
        """True while any client scans."""
        return bool(self._scanners)

    # What a test does -----------------------------------------------------------------------------

    def start(self) -> None:
        self._do(self._start())

    def kill(self) -> None:
        self._do(self._kill())

    def close(self) -> None:
        self.kill()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(STEP_LIMIT_S)
        self._loop.close()

    def freeze(self, frozen: bool = True) -> None:
        self._tree.frozen = frozen

    def power(self, on: bool) -> None:
        self._powered = on
        self._do(self._tree.change(ADAPTER, ADAPTER1, Powered=Variant("b", on)))

    def unplug(self) -> None:
        self._do(self._tree.remove(ADAPTER))

    def bring(self, *peripherals: Peripheral) -> None:
        for peripheral in peripherals:
            self._near[peripheral.path] = peripheral

    def notify(self, peripheral: Peripheral, characteristic: int, value: bytes) -> None:
        self._do(self._notify(peripheral, characteristic, value))

    def notify_all(self, peripheral: Peripheral, characteristic: int, *values: bytes) -> None:
        async def one_by_one() -> None:
            for value in values:
                await self._notify(peripheral, characteristic, value)

        self._do(one_by_one())

    def broadcast(self, peripheral: Peripheral, data: bytes, uuid: int = 0xFCD2) -> None:
        peripheral.service_data[uuid] = data

    def lose(self, peripheral: Peripheral) -> None:
        """Let the link break, as when its wearer walks away."""
        self._do(self._lose(peripheral))

    # Inside ---------------------------------------------------------------------------------------

    def _do(self, step: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(step, self._loop).result(STEP_LIMIT_S)

    async def _start(self) -> None:
        self._tree.objects = {
            ADAPTER: {
                ADAPTER1: {
                    "Address": Variant("s", "AA:BB:CC:DD:EE:FF"),
                    "Powered": Variant("b", self._powered),
                    "Discovering": Variant("b", False),
                    "Roles": Variant("as", ["central", "peripheral"]),
                }
            }
        }
        await self._tree.enter("org.bluez", self._handle)

    async def _kill(self) -> None:
        self._scanners.clear()
        await self._stop_advertising()
        await self._tree.leave()

    async def _advertise(self) -> None:
        while True:
            await asyncio.sleep(ADVERTISES_EVERY_S)
            for number, one in enumerate(tuple(self._near.values())):
                connected = one.path in self._tree.objects and self._is_connected(one)
                if not one.in_reach or connected or ADAPTER not in self._tree.objects:
                    continue
                said = {
                    "RSSI": Variant("n", -50 - number),
                    "ServiceData": Variant(
                        "a{sv}",
                        {uuid16(k): Variant("ay", v) for k, v in one.service_data.items()},
                    ),
                }
                if one.path in self._tree.objects:
                    await self._tree.change(one.path, DEVICE1, **said)
                else:
                    await self._tree.add(one.path, {DEVICE1: device_properties(one) | said})

    async def _answer_start(self, message: Message) -> None:
        answer = self._start_scan(message)
        await asyncio.sleep(self.start_takes_s)
        self._tree.reply(answer)

    def _start_scan(self, message: Message) -> Message:
        client = message.sender or ""
        if not self._powered:
            return Message.new_error(message, "org.bluez.Error.NotReady", "Not Ready")
        if client in self._scanners:
            return Message.new_error(message, "org.bluez.Error.InProgress", "In Progress")
        self.starts += 1
        self._scanners.add(client)
        if self._advertising is None:
            self._advertising = self._loop.create_task(self._advertise())
        return Message.new_method_return(message, "", [])

    async def _stop_scan(self, client: str) -> None:
        self._scanners.discard(client)
        if not self._scanners:
            await self._stop_advertising()

    async def _stop_advertising(self) -> None:
        if self._advertising is not None:
            advertising, self._advertising = self._advertising, None
            advertising.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await advertising

    async def _answer_stop(self, message: Message) -> None:
        await self._stop_scan(message.sender or "")
        self._tree.reply(Message.new_method_return(message, "", []))

    async def _connect(self, message: Message, one: Peripheral) -> None:
        await asyncio.sleep(0.02)
        if not (one.in_reach and one.connectable):
            self._tree.reply(
                Message.new_error(message, "org.bluez.Error.Failed", "br-connection-canceled")
            )
            return
        one.connections += 1
        await self._tree.change(one.path, DEVICE1, Connected=Variant("b", True))
        for number, (uuid, characteristics) in enumerate(one.services.items()):
            service = f"{one.path}/service{number:04x}"
            found = {"UUID": Variant("s", uuid16(uuid)), "Device": Variant("o", one.path)}
            await self._tree.add(service, {SERVICE1: {**found, "Primary": Variant("b", True)}})
            for index, (kind, (value, flags)) in enumerate(characteristics.items()):
                await self._tree.add(
                    f"{service}/char{number * 16 + index + 1:04x}",
                    {
                        CHARACTERISTIC1: {
                            "UUID": Variant("s", uuid16(kind)),
                            "Service": Variant("o", service),
                            "Value": Variant("ay", value),
                            "Flags": Variant("as", list(flags)),
                            "Notifying": Variant("b", False),
                            "MTU": Variant("q", 185),
                        }
                    },
                )
        self._tree.reply(Message.new_method_return(message, "", []))
        await self._tree.change(one.path, DEVICE1, ServicesResolved=Variant("b", True))

    async def _lose(self, one: Peripheral) -> None:
        await self._tree.change(one.path, DEVICE1, ServicesResolved=Variant("b", False))
        for path in [p for p in self._tree.objects if p.startswith(f"{one.path}/")]:
            await self._tree.remove(path)
        await self._tree.change(one.path, DEVICE1, Connected=Variant("b", False))

    async def _notify(self, one: Peripheral, characteristic: int, value: bytes) -> None:
        for path, interfaces in self._tree.objects.items():
            found = interfaces.get(CHARACTERISTIC1)
            if (
                found is not None
                and path.startswith(f"{one.path}/")
                and found["UUID"].value == uuid16(characteristic)
                and found["Notifying"].value
            ):
                await self._tree.change(path, CHARACTERISTIC1, Value=Variant("ay", value))

    def _is_connected(self, one: Peripheral) -> bool:
        return bool(self._tree.objects[one.path][DEVICE1]["Connected"].value)

    def _later(self, step: Coroutine[Any, Any, None]) -> bool:
        task = self._loop.create_task(step)
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        return True

    def _handle(self, message: Message) -> Message | bool | None:  # noqa: PLR0911
        if message.member == "NameOwnerChanged":
            # BlueZ ends the scan of a client that leaves the bus.
            name, _, new = message.body
            if not new and name in self._scanners:
                self._later(self._stop_scan(name))
            return None
        if message.message_type is not MessageType.METHOD_CALL:
            return None
        if self._tree.frozen:
            return True
        path = message.path or ""
        if (message.interface, message.member) == (OBJECTS, "GetManagedObjects"):
            return Message.new_method_return(message, "a{oa{sa{sv}}}", [self._tree.objects])
        if not path.startswith("/org/bluez"):
            return None
        if path not in self._tree.objects:
            return Message.new_error(message, "org.freedesktop.DBus.Error.UnknownObject", path)
        done = Message.new_method_return(message, "", [])
        one = self._near.get(path)
        match message.member:
            case "SetDiscoveryFilter":
                return done
            case "StartDiscovery":
                return self._later(self._answer_start(message))
            case "StopDiscovery":
                return self._later(self._answer_stop(message))
            case "Connect" if one is not None:
                return self._later(self._connect(message, one))
            case "Disconnect" if one is not None:
                self._later(self._lose(one))
                return done
            case "ReadValue":
                value = self._tree.objects[path][CHARACTERISTIC1]["Value"].value
                return Message.new_method_return(message, "ay", [value])
            case "StartNotify" | "StopNotify":
                notifying = Variant("b", message.member == "StartNotify")
                self._later(self._tree.change(path, CHARACTERISTIC1, Notifying=notifying))
                return done
            case _:
                name = "org.freedesktop.DBus.Error.UnknownMethod"
                return Message.new_error(message, name, str(message.member))
