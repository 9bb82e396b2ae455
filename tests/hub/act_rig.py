"""A hub's acting part around a driver whose every step a test holds in its hands."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from drivers.types import (
    Capability,
    Command,
    Device,
    DeviceId,
    DeviceState,
    Dimmable,
    Port,
    Switchable,
)
from hub.act.devices import Devices
from hub.act.dispatch import Dispatcher
from hub.act.engine import Actor
from hub.act.override import Overrides
from hub.bus import Bus
from hub.clock import Clock, ManualClock
from hub.settings import Settings
from hub.supervisor import Service, Stage
from hub.types import Acted, Decision, DeviceChanged, DeviceGone, ManualChange

LAMP: tuple[Capability, ...] = (Switchable(light=True), Dimmable())
ROOM = "den"


class HandDriver:
    """A driver whose commands end when the test says so, in the order they came."""

    def __init__(self, name: str = "hand") -> None:
        self.name = name
        self.got: list[Command] = []
        self.holds = False
        """Whether commands wait for `finish`."""
        self.raises: BaseException | None = None
        self.cancelled: list[Command] = []
        self._waiting: list[asyncio.Event] = []

    async def run(self, port: Port) -> None:
        await asyncio.Event().wait()

    async def execute(self, command: Command) -> None:
        self.got.append(command)
        if self.raises is not None:
            raise self.raises
        if self.holds:
            done = asyncio.Event()
            self._waiting.append(done)
            try:
                await done.wait()
            except asyncio.CancelledError:
                self.cancelled.append(command)
                raise

    def finish(self) -> None:
        """Let the oldest command that waits end."""
        self._waiting.pop(0).set()


class Rig:
    """Everything of hub.act, with what it published."""

    def __init__(self, given: dict[str, Any] | None = None, clock: Clock | None = None) -> None:
        base: dict[str, Any] = {"rooms": {ROOM: {}, "hall": {}}}
        self.settings = Settings.model_validate(base | (given or {}))
        self.clock = clock or ManualClock()
        self.errors: list[Exception] = []
        self.bus = Bus(lambda _, err: self.errors.append(err))
        self.samples: list[Any] = []
        self.devices = Devices(self.settings, self.bus, self.clock, self.samples.append)
        self.overrides = Overrides(self.bus, self.clock)
        self.driver = HandDriver()
        self.dispatcher = Dispatcher(
            {"hand": self.driver}, self.devices, self.overrides, self.bus, self.clock
        )
        self.actor = Actor(self.settings, self.devices, self.dispatcher, self.bus, self.clock)
        self.port = self.devices.port("hand")
        self.acted: list[Acted] = []
        self.changed: list[DeviceChanged] = []
        self.gone: list[DeviceGone] = []
        self.manual: list[ManualChange] = []
        self.bus.on(Acted, self.acted.append)
        self.bus.on(DeviceChanged, self.changed.append)
        self.bus.on(DeviceGone, self.gone.append)
        self.bus.on(ManualChange, self.manual.append)

    def add(
        self,
        name: str,
        capabilities: tuple[Capability, ...] = LAMP,
        state: DeviceState | None = None,
        room: str | None = ROOM,
        available: bool = True,
    ) -> DeviceId:
        device = DeviceId(f"hand:{name}")
        self.port.announce(
            Device(
                device,
                name,
                "hand",
                capabilities,
                state or DeviceState(on=False, level=1.0),
                room,
                available,
            )
        )
        return device

    def report(self, device: DeviceId, **fields: Any) -> None:
        """Let a device report part of its state."""
        known = self.devices.get(device)
        assert known
        self.port.announce(replace(known, state=replace(known.state, **fields)))

    def reachable(self, device: DeviceId, available: bool) -> None:
        known = self.devices.get(device)
        assert known
        self.port.announce(replace(known, available=available))

    def pass_time(self, seconds: float) -> None:
        assert isinstance(self.clock, ManualClock)
        self.clock.advance(seconds)

    def decide(self, decision: Decision) -> None:
        self.bus.publish(decision)

    @asynccontextmanager
    async def acting(self) -> AsyncIterator[None]:
        service = Service("act", self.actor.run, Stage.DECIDE, None, self.clock)
        run = asyncio.create_task(self.actor.run(service))
        try:
            yield
        finally:
            run.cancel()
            await asyncio.wait({run})


async def turns(count: int = 5) -> None:
    """Let the loop run that often."""
    for _ in range(count):
        await asyncio.sleep(0)
