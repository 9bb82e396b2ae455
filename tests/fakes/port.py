"""A port that remembers what a driver says, and waits for it."""

import asyncio
from collections.abc import Callable

from drivers.types import Device, DeviceId, DeviceState, Sample

LIMIT_S = 20.0


class RememberingPort:
    """See drivers.types.Port."""

    def __init__(self) -> None:
        self.devices: dict[DeviceId, Device] = {}
        self.history: list[Device] = []
        self.samples: list[Sample] = []
        self.removed: list[DeviceId] = []
        self.presses: list[tuple[DeviceId, str]] = []
        self.connections = 0
        self._news = asyncio.Event()

    def announce(self, device: Device) -> None:
        self.devices[device.id] = device
        self.history.append(device)
        self._news.set()

    def gone(self, device: DeviceId) -> None:
        self.devices.pop(device, None)
        self.removed.append(device)
        self._news.set()

    def sample(self, sample: Sample) -> None:
        self.samples.append(sample)
        self._news.set()

    def pressed(self, device: DeviceId, action: str) -> None:
        self.presses.append((device, action))
        self._news.set()

    def connected(self) -> None:
        self.connections += 1
        self._news.set()

    def state(self, device: str) -> DeviceState:
        return self.devices[DeviceId(device)].state

    def wake(self) -> None:
        """Let `until` look again: something else happened."""
        self._news.set()

    async def until(self, what: Callable[[], bool]) -> None:
        """Wait until something is so; looks again whenever the driver says anything."""
        async with asyncio.timeout(LIMIT_S):
            while not what():
                self._news.clear()
                await self._news.wait()
