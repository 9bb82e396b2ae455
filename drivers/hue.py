"""Lamps, sensors and buttons of a Philips Hue bridge, by its local API (CLIP v2).

Every run reads the whole state after the event stream is open, so nothing that happened while the
bridge was away is missed, also what was deleted. While there is no pairing it waits for one.
"""

import asyncio
import contextlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from drivers import hue_bridge
from drivers.hue_bridge import Bridge
from drivers.hue_commands import group_of, request
from drivers.hue_pairing import HuePairing
from drivers.hue_resources import (
    NAME,
    Resource,
    device_of,
    devices,
    merge,
    presses,
    problems,
)
from drivers.hue_settings import HueSettings
from drivers.operations import Operation
from drivers.registry import Place
from drivers.types import (
    BadPayload,
    Command,
    Device,
    DeviceId,
    DriverError,
    Port,
    Refused,
    SetLight,
    Unreachable,
)

log = structlog.get_logger(__name__)

MOST_RESOURCES = 20_000
"""A full bridge has some thousands."""
ASK_EVERY_S = 15.0
"""How often to ask for a sign of life: an event stream says nothing in a quiet house."""


@dataclass(slots=True)
class HueStats:
    """Counts since the start, over all connections."""

    events: int = 0
    malformed: int = 0
    """Events and resources that cannot be read; logged once a connection."""
    puts: int = 0
    grouped: int = 0
    """Of these, for a whole room."""


class HueDriver:
    """See the module."""

    name = NAME

    def __init__(self, settings: HueSettings, folder: Path) -> None:
        self.stats = HueStats()
        self._pairing = HuePairing(settings, folder)
        self._bridge: Bridge | None = None
        self._port: Port | None = None
        self._resources: dict[str, Resource] = {}
        self._devices: dict[DeviceId, Device] = {}

    async def run(self, port: Port) -> None:
        """See Driver."""
        self._port = port
        pairing = await self._pairing.wait()
        try:
            async with hue_bridge.connect(pairing) as bridge:
                await self._follow(bridge)
        finally:
            self._bridge = None
            for device in tuple(self._devices.values()):
                self._show(device.now(device.state, available=False))
            self._port = None

    async def execute(self, command: Command) -> None:
        """See Driver. Done means that the bridge took the command."""
        await self._put(*request(self._device(command.device), command))

    async def execute_together(self, commands: Sequence[SetLight]) -> Sequence[DriverError | None]:
        """See Together. One request when they are all the lights of a room or zone."""
        outcomes: list[DriverError | None] = []
        ready: list[tuple[int, str, Resource]] = []
        for number, command in enumerate(commands):
            try:
                path, body = request(self._device(command.device), command)
            except DriverError as err:
                outcomes.append(err)
            else:
                outcomes.append(None)
                ready.append((number, path, body))
        group = group_of([c.device for c in commands], self._resources)
        if group is not None and len(ready) == len(commands):
            self.stats.grouped += 1
            ready = [(-1, group, ready[0][2])]
        answers = await asyncio.gather(*(self._try(path, body) for _, path, body in ready))
        for (number, _, _), answer in zip(ready, answers, strict=True):
            if number < 0:
                outcomes = [answer] * len(commands)
            else:
                outcomes[number] = answer
        return outcomes

    def operations(self) -> tuple[Operation, ...]:
        """See Operable."""
        return self._pairing.operations()

    # Inside -------------------------------------------------------------------------------------

    async def _follow(self, bridge: Bridge) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._listen(bridge), name="hue events")
                group.create_task(self._ask_for_life(bridge), name="hue life")
        except* DriverError as several:
            first: BaseException = several
            while isinstance(first, BaseExceptionGroup):
                first = first.exceptions[0]
            raise first from several

    async def _listen(self, bridge: Bridge) -> None:
        complained = False
        async with contextlib.aclosing(bridge.events()) as events:
            async for event in events:
                if not event:
                    await self._read_all(bridge)
                    continue
                self.stats.events += 1
                try:
                    self._take(event)
                except BadPayload as err:
                    self.stats.malformed += 1
                    if not complained:
                        complained = True
                        log.warning("hue_event_dropped", reason=err.reason)

    async def _ask_for_life(self, bridge: Bridge) -> None:
        while True:
            await asyncio.sleep(ASK_EVERY_S)
            await bridge.ask("get", "/bridge")

    async def _read_all(self, bridge: Bridge) -> None:
        answer = await bridge.ask("get", "")
        if not isinstance(answer, list):
            raise Unreachable("the bridge answers what its protocol does not allow")
        self._resources = {
            one["id"]: one
            for one in answer
            if isinstance(one, dict) and isinstance(one.get("id"), str)
        }
        self.stats.malformed += problems(self._resources)
        self._bridge = bridge
        now = devices(self._resources)
        for gone in self._devices.keys() - now.keys():
            self._forget(gone)
        for device in now.values():
            self._show(device)
        if self._port is not None:
            self._port.connected()

    def _take(self, event: bytes) -> None:
        try:
            messages = json.loads(event)
            for message in messages:
                kind = message["type"]
                for item in message["data"]:
                    self._change(kind, item)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as err:
            raise BadPayload("an event that cannot be read") from err

    def _change(self, kind: str, item: Resource) -> None:
        key = item["id"]
        if kind == "delete":
            gone = self._resources.pop(key, None)
            if gone is not None:
                self._again(gone)
            return
        if kind == "add":
            if key not in self._resources and len(self._resources) >= MOST_RESOURCES:
                raise BadPayload("more resources than a bridge has")
            self._resources[key] = item
        elif kind != "update" or key not in self._resources:
            return
        else:
            merge(self._resources[key], item)
        self._again(self._resources[key])
        pressed = presses(item, self._resources)
        if pressed is not None and self._port is not None:
            self._port.pressed(*pressed)

    def _again(self, resource: Resource) -> None:
        """Tell what a changed resource means."""
        if resource.get("type") == "light" and resource["id"] in self._resources:
            device = device_of(resource, self._resources)
            if device is not None:
                self._show(device)
            return
        # Rooms, names, links and what was deleted reach several devices: rare, so look at all.
        now = devices(self._resources)
        for key in self._devices.keys() - now.keys():
            self._forget(key)
        for device in now.values():
            self._show(device)

    def _show(self, device: Device) -> None:
        if self._devices.get(device.id) != device:
            self._devices[device.id] = device
            if self._port is not None:
                self._port.announce(device)

    def _forget(self, device: DeviceId) -> None:
        del self._devices[device]
        if self._port is not None:
            self._port.gone(device)

    def _device(self, device: DeviceId) -> Device:
        known = self._devices.get(device)
        if known is None:
            raise Refused(f"the bridge has no device {device}")
        return known

    async def _try(self, path: str, body: Resource) -> DriverError | None:
        try:
            await self._put(path, body)
        except DriverError as err:
            return err
        return None

    async def _put(self, path: str, body: Resource) -> None:
        if self._bridge is None:
            raise Unreachable("there is no connection to the bridge")
        self.stats.puts += 1
        await self._bridge.ask("put", path, body)


def create(settings: HueSettings, place: Place) -> HueDriver:
    """Return the driver; see drivers.registry."""
    return HueDriver(settings, place.folder)
