"""Devices that each have an address and a connection of their own, as one driver.

Each address is kept up by itself: one that is away is tried again with back-off while the others
go on, and one that refuses our password is not asked again until the driver is started anew.

    connecting --answers--> following --connection ends--> waiting --back-off--> connecting
        '--refuses our credentials--> refused

The driver as a whole ends when no address is left that answers: Unreachable while one may come
back (the supervisor waits), BadCredentials when every one needs a person.
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

import structlog

from drivers.promises import hold_to
from drivers.reasons import reason_of
from drivers.source import Backoff
from drivers.types import (
    BadCredentials,
    Command,
    Device,
    DeviceId,
    DriverError,
    Port,
    Refused,
    Unreachable,
)

log = structlog.get_logger(__name__)

RETRY_FIRST_S, RETRY_LIMIT_S = 1.0, 60.0
MOST_DEVICES = 256
"""More than any one address has; an answer with more is not to be believed."""
COMMAND_LIMIT_S = 5.0


@dataclass(slots=True)
class LanStats:
    """Counts since the start, over all addresses."""

    attempts: int = 0
    lost: int = 0
    """Connections that ended after they had been up."""
    commands: int = 0
    malformed: int = 0
    """Messages that cannot be read; they change nothing."""


class Session(Protocol):
    """One connection to one address; made anew for every attempt."""

    async def follow(self) -> None:
        """Connect, tell the desk of every change, until cancelled.

        Raises Unreachable when the connection ends, BadCredentials. Leaves nothing open.
        """
        ...

    async def execute(self, device: Device, command: Command) -> None:
        """Carry out a command that the device's capabilities promise.

        Raises Refused, Unreachable. Begun only between the desk's `up` and the end of `follow`,
        which cuts it short.
        """
        ...


class Desk(Protocol):
    """Where a session reports; every method returns at once."""

    stats: LanStats

    def up(self, devices: Iterable[Device]) -> None:
        """Tell that the address answers, and every device that it has now."""
        ...

    def show(self, device: Device) -> None:
        """Tell that one of them changed."""
        ...

    def pressed(self, device: DeviceId, action: str) -> None:
        """Tell that a person pressed a button."""
        ...


Opener = Callable[[Desk], Session]


class LanDriver:
    """See the module. `openers` has one for each address, by its key in the configuration."""

    def __init__(self, name: str, openers: Mapping[str, Opener]) -> None:
        self.name = name
        self.stats = LanStats()
        self._addresses = [_Address(self, key, opener) for key, opener in openers.items()]
        self._port: Port | None = None
        self._answered = False
        self._devices: dict[DeviceId, Device] = {}
        self._owners: dict[DeviceId, _Address] = {}

    async def run(self, port: Port) -> None:
        """See Driver."""
        if not self._addresses:
            raise BadCredentials(f"no device is named under drivers: {self.name}: devices")
        if all(one.refused is not None for one in self._addresses):
            for one in self._addresses:  # a person asked to try again
                one.refused = None
        for one in self._addresses:
            one.problem = one.refused
        self._port = port
        self._answered = False
        try:
            async with asyncio.TaskGroup() as group:
                for one in self._addresses:
                    group.create_task(one.keep(), name=f"{self.name} {one.key}")
        except ExceptionGroup as several:
            raise reason_of(several) from several
        finally:
            self._port = None

    async def execute(self, command: Command) -> None:
        """See Driver."""
        device = self._devices.get(command.device)
        if device is None:
            raise Refused(f"there is no device {command.device}")
        hold_to(device, command)
        owner = self._owners[device.id]
        if owner.session is None or not device.available:
            raise Unreachable(f"{device.name} does not answer")
        self.stats.commands += 1
        try:
            async with asyncio.timeout(COMMAND_LIMIT_S) as limit:
                with owner.cutting(limit):
                    await owner.session.execute(device, command)
        except TimeoutError as err:
            raise Unreachable(f"{device.name} does not answer") from err

    # For the addresses ----------------------------------------------------------------------------

    def show(self, owner: "_Address", device: Device) -> None:
        """Take a device's state from the address that has it."""
        holder = self._owners.get(device.id)
        if holder is not None and holder is not owner and holder.session is not None:
            raise Unreachable(f"this is the same device as {holder.key}")
        self._owners[device.id] = owner
        if self._devices.get(device.id) != device:
            self._devices[device.id] = device
            if self._port is not None:
                self._port.announce(device)

    def up(self, owner: "_Address", devices: Iterable[Device]) -> None:
        """Take all the devices of an address; what it had and has no more is gone."""
        now = {device.id: device for device in islice(devices, MOST_DEVICES + 1)}
        if len(now) > MOST_DEVICES:
            raise Unreachable("what answers there says that it is more devices than can be")
        for device in now.values():
            self.show(owner, device)
        for key in [key for key, one in self._owners.items() if one is owner and key not in now]:
            del self._owners[key], self._devices[key]
            if self._port is not None:
                self._port.gone(key)
        if not self._answered:
            self._answered = True
            if self._port is not None:
                self._port.connected()

    def pressed(self, device: DeviceId, action: str) -> None:
        """Pass a press on."""
        if self._port is not None:
            self._port.pressed(device, action)

    def away(self, owner: "_Address") -> None:
        """Show the devices of an address as not available."""
        for key in [key for key, one in self._owners.items() if one is owner]:
            self.show(owner, self._devices[key].now(self._devices[key].state, available=False))

    def none_left(self) -> DriverError | None:
        """Return why the driver should end, None while an address answers or is still tried."""
        if any(one.problem is None for one in self._addresses):
            return None
        problems = [one.problem for one in self._addresses if one.problem is not None]
        return next((one for one in problems if isinstance(one, Unreachable)), problems[0])


class _Address:
    """One address and the connection to it."""

    def __init__(self, driver: LanDriver, key: str, opener: Opener) -> None:
        self.key = key
        self.stats = driver.stats
        self.session: Session | None = None
        self.problem: DriverError | None = None
        """Why it does not answer; None while it does, or before that is known."""
        self.refused: BadCredentials | None = None
        self._driver = driver
        self._opener = opener
        self._opening: Session | None = None
        self._backoff = Backoff(RETRY_FIRST_S, RETRY_LIMIT_S)
        self._warned = False
        self._broke = False
        self._commands: set[asyncio.Timeout] = set()

    @contextlib.contextmanager
    def cutting(self, limit: asyncio.Timeout) -> Iterator[None]:
        """Let the end of the connection end this time limit too."""
        self._commands.add(limit)
        try:
            yield
        finally:
            self._commands.discard(limit)

    async def keep(self) -> None:
        """Connect again and again. Raises what ends the driver."""
        while True:
            if self.refused is None:
                await self._attempt()
            reason = self._driver.none_left()
            if reason is not None:
                raise reason  # told by whoever runs the driver
            self._tell_lost()
            if self.refused is not None:
                return
            await asyncio.sleep(self._backoff.next_s())

    async def _attempt(self) -> None:
        self._opening = session = self._opener(self)
        self.stats.attempts += 1
        try:
            await session.follow()
        except BadCredentials as err:
            self.refused = self.problem = err
        except Unreachable as err:
            self.problem = err
        except Exception as err:  # whatever one device says must not take the others along
            self.problem = Unreachable(f"what it says cannot be dealt with: {type(err).__name__}")
            if not self._broke:
                self._broke = True
                log.exception("device_session_broke", driver=self._driver.name, device=self.key)
        finally:
            if self.session is not None:
                self.session = None
                self.stats.lost += 1
                for limit in self._commands:
                    limit.reschedule(asyncio.get_running_loop().time())
            self._driver.away(self)

    def _tell_lost(self) -> None:
        if self.problem is not None and not self._warned:
            self._warned = True
            log.warning(
                "device_lost",
                driver=self._driver.name,
                device=self.key,
                reason=self.problem.reason,
            )

    # As the session's desk ------------------------------------------------------------------------

    def up(self, devices: Iterable[Device]) -> None:
        """See Desk."""
        self._driver.up(self, devices)
        self.session = self._opening
        self.problem = None
        self._backoff.reset()
        if self._warned:
            self._warned = False
            log.info("device_back", driver=self._driver.name, device=self.key)

    def show(self, device: Device) -> None:
        """See Desk."""
        self._driver.show(self, device)

    def pressed(self, device: DeviceId, action: str) -> None:
        """See Desk."""
        self._driver.pressed(device, action)
