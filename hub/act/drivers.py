"""Runs a driver as a supervised service."""

from drivers.types import BadCredentials, Device, DeviceId, Driver, Port, Sample
from hub.supervisor import NeedsAttention, Service


async def run_driver(driver: Driver, port: Port, service: Service) -> None:
    """Run a driver until cancelled.

    `port.connected()` makes the service healthy. Raises NeedsAttention when the peer refuses our
    credentials (not retried); Unreachable passes through (retried with back-off).
    """
    try:
        await driver.run(_SupervisedPort(port, service))
    except BadCredentials as err:
        raise NeedsAttention(err.reason) from err


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
