"""LIFX lights over their LAN protocol: found by broadcast, asked how they are, told what to do.

A light acknowledges a command, and says nothing when somebody else changes it: so it is asked every
`poll_s`, and at once after a command. The network counts as reached when a light answers.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any

from lifx import Device as LifxDevice
from lifx import Light
from lifx.network.discovery import DiscoveredDevice, discover_devices

from drivers.complaints import Complaints
from drivers.lifx_light import ERRORS, NAME, Known, met, obey, state_of
from drivers.lifx_settings import LifxSettings
from drivers.registry import Place
from drivers.types import Command, Device, DeviceId, Port, Refused, Unreachable

ANSWER_LIMIT_S = 1.0
SWEEP_S = 1.0
"""How long one look for lights lasts."""
MOST_LIGHTS = 256
"""Anybody can answer a broadcast, under any number; beyond these nobody is asked what he is."""
MISSES = 3
"""Polls without an answer after which a light is away."""


@dataclass(slots=True)
class LifxStats:
    """Counts since the start."""

    polls: int = 0
    missed: int = 0
    """Polls that were not answered in time, or with what the protocol does not allow."""
    commands: int = 0
    sweeps: int = 0
    refused: int = 0
    """Answers to a sweep that were one too many."""


class LifxDriver:
    """See the module."""

    name = NAME

    def __init__(self, settings: LifxSettings) -> None:
        self.stats = LifxStats()
        self._settings = settings
        self._known: dict[DeviceId, Known] = {}
        self._port: Port | None = None
        self._names: dict[DeviceId, str] = {}
        self._unread: set[str] = set()
        """The serials of what answered and is no light that could be read, in this run."""
        self._complaints = Complaints("lifx_light_not_read")

    async def run(self, port: Port) -> None:
        """See Driver. Raises Unreachable when no light answers any more, or none at all."""
        self._port = port
        try:
            async with asyncio.TaskGroup() as group:
                await self._look(group)
                if not self._known:
                    raise Unreachable("no LIFX light answers")  # noqa: TRY301 - ends the group
                port.connected()
                group.create_task(self._look_again(group), name="lifx discovery")
        except* Unreachable as several:
            first: BaseException = several
            while isinstance(first, BaseExceptionGroup):
                first = first.exceptions[0]
            raise first from several
        finally:
            known, self._known = self._known, {}
            self._unread.clear()
            for one in known.values():
                self._show(one, one.device.now(one.device.state, available=False))
            self._port = None
            for one in known.values():
                with contextlib.suppress(*ERRORS):
                    async with asyncio.timeout(0.2):
                        await one.light.close()

    async def execute(self, command: Command) -> None:
        """See Driver. Done means that the light acknowledged."""
        known = self._known.get(command.device)
        if known is None:
            if command.device in self._names:
                raise Unreachable("the light does not answer")
            raise Refused(f"there is no light {command.device}")
        self.stats.commands += 1
        async with known.lock:
            await obey(known, command)
        known.poll.set()

    # Inside -------------------------------------------------------------------------------------

    async def _look_again(self, group: asyncio.TaskGroup) -> None:
        while True:
            await asyncio.sleep(self._settings.discover_s)
            await self._look(group)

    async def _look(self, group: asyncio.TaskGroup) -> None:
        self.stats.sweeps += 1
        before = _cancellations()
        try:
            async with contextlib.aclosing(_sweep(self._settings)) as found:
                async for one in found:
                    known = self._known.get(DeviceId(f"{NAME}:{one.serial}"))
                    if known is None:
                        await self._meet(group, one)
                    elif known.misses:
                        # One that answers where it is has not moved, whoever says so.
                        known.light.update_address(one.ip, one.port)
        except (*ERRORS, ValueError) as err:
            raise Unreachable(f"the network cannot be asked: {type(err).__name__}") from err
        finally:
            _heed_cancellation(before)

    async def _meet(self, group: asyncio.TaskGroup, found: DiscoveredDevice) -> None:
        there = len(self._known) + len(self._unread)
        if there >= MOST_LIGHTS and found.serial not in self._unread:
            self.stats.refused += 1
            self._complaints.once("many", reason=f"more than {MOST_LIGHTS} lights answer")
            return
        light: LifxDevice[Any] | None = None
        known: Known | None = None
        try:
            async with asyncio.timeout(2 * ANSWER_LIMIT_S):
                light = await found.create_device()  # type: ignore[no-untyped-call]
                if isinstance(light, Light):
                    known = await met(light)
        except (*ERRORS, ValueError) as err:
            self.stats.missed += 1
            reason = type(err).__name__
            self._complaints.once(found.serial, serial=found.serial, reason=reason)
        finally:
            if known is None and light is not None:
                await light.close()
        if known is None:
            self._unread.add(found.serial)
            return
        self._unread.discard(found.serial)
        self._known[known.device.id] = known
        self._names[known.device.id] = known.device.name
        self._show(known, known.device)
        group.create_task(self._poll(known), name=f"lifx {found.serial}")

    async def _poll(self, known: Known) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._settings.poll_s):
                    await known.poll.wait()
            known.poll.clear()
            self.stats.polls += 1
            before = _cancellations()
            try:
                async with asyncio.timeout(ANSWER_LIMIT_S):
                    color, power, label = await known.light.get_color()
            except (*ERRORS, ValueError):
                self.stats.missed += 1
                known.misses += 1
                if known.misses >= MISSES:
                    self._lost(known)
                continue
            finally:
                _heed_cancellation(before)
            known.misses = 0
            if not known.lock.locked():
                known.color = color
            device = known.device
            if label and label != device.name:
                device = device.placed(device.room, label)
            self._show(known, device.now(state_of(device, color, power), available=True))

    def _lost(self, known: Known) -> None:
        self._show(known, known.device.now(known.device.state, available=False))
        if not any(one.device.available for one in self._known.values()):
            raise Unreachable("no LIFX light answers any more")

    def _show(self, known: Known, device: Device) -> None:
        changed = known.device != device or known.device is device
        known.device = device
        if changed and self._port is not None:
            self._port.announce(device)


def create(settings: LifxSettings, _place: Place) -> LifxDriver:
    """Return the driver; see drivers.registry."""
    return LifxDriver(settings)


def _cancellations() -> int:
    """Count how often this task was asked to end.

    Only a rise means something: the TaskGroup of Python 3.11 leaves its own request counted in the
    task that runs it (and the supervisor's goes on), when a child fails while it waits for its end.
    """
    task = asyncio.current_task()
    return 0 if task is None else task.cancelling()


def _heed_cancellation(before: int) -> None:
    """Raise CancelledError when we were cancelled since.

    lifx-async may hide it: by a clean-up that fails, or with an answer that came at that moment,
    which `asyncio.wait_for` of Python 3.11 prefers.
    """
    if _cancellations() > before:
        raise asyncio.CancelledError


def _sweep(settings: LifxSettings) -> AsyncGenerator[DiscoveredDevice, None]:
    # Not lifx.discover: that one sweeps in a thread of its own, which outlives a cancellation.
    return discover_devices(
        timeout=SWEEP_S,
        broadcast_address=settings.broadcast,
        port=settings.port,
        device_timeout=ANSWER_LIMIT_S,
    )
