"""Makes a driver and runs it, as a supervised service."""

import asyncio
from collections.abc import Callable

from drivers.registry import KNOWN, NotInstalled, UnknownDriver
from drivers.types import BadCredentials, Device, DeviceId, Driver, Port, Sample, Unreachable
from hub.act.workshop import Workshop
from hub.supervisor import NeedsAttention, Service


class Drivers(dict[str, Driver]):
    """The drivers that have been made, by name.

    A driver is made in its own service and in a thread: some import for seconds, and the rest of
    the home does not wait for them. Until then it has no devices. Drivers that need no packages
    of their own are made at once, the others one after another.
    """

    def __init__(self) -> None:
        super().__init__()
        self._workshop = Workshop()

    async def run(
        self, name: str, make: Callable[[], Driver], port: Port, service: Service
    ) -> None:
        """Make the driver if that is still to do, and run it: see run_driver.

        Raises NeedsAttention too when its packages are missing.
        """
        if name not in self:
            try:
                self[name] = await self._made(name, make)
            except (NotInstalled, UnknownDriver) as err:
                raise NeedsAttention(str(err)) from err
        await run_driver(self[name], port, service)

    async def _made(self, name: str, make: Callable[[], Driver]) -> Driver:
        if name in KNOWN and not KNOWN[name].extra:
            return await asyncio.to_thread(make)
        return await self._workshop.make(make)


async def run_driver(driver: Driver, port: Port, service: Service) -> None:
    """Run a driver until cancelled.

    `port.connected()` makes the service healthy. Raises NeedsAttention when the peer refuses our
    credentials (not retried); Unreachable passes through (retried with back-off), and is raised
    when the driver ends by itself: nobody would speak for its devices any more.
    """
    try:
        await driver.run(_SupervisedPort(port, service))
    except BadCredentials as err:
        raise NeedsAttention(err.reason) from err
    raise Unreachable("the driver ended by itself")


class _SupervisedPort:
    """A port whose `connected` also tells the supervisor; every other word is a heart-beat."""

    def __init__(self, port: Port, service: Service) -> None:
        self._port = port
        self._service = service

    def announce(self, device: Device) -> None:
        self._service.beat()
        self._port.announce(device)

    def gone(self, device: DeviceId) -> None:
        self._service.beat()
        self._port.gone(device)

    def sample(self, sample: Sample) -> None:
        self._service.beat()
        self._port.sample(sample)

    def pressed(self, device: DeviceId, action: str) -> None:
        self._service.beat()
        self._port.pressed(device, action)

    def connected(self) -> None:
        self._port.connected()
        self._service.healthy()
