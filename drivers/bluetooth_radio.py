"""The Bluetooth radio: one scan at a time, for a limited time, and its end whatever happens."""

import asyncio
import contextlib
from collections.abc import Callable

from bleak import BleakScanner
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData

from drivers.bluetooth_session import LINK_ERRORS
from drivers.types import Unreachable

STOP_LIMIT_S = 0.5
START_LIMIT_S = 10.0

Heard = Callable[[BLEDevice, AdvertisementData], None]


class Radio:
    """An adapter, while the service has one; made anew for every run."""

    def __init__(self, adapter: str) -> None:
        self.adapter = adapter
        self.connecting = asyncio.Lock()
        """Held while connecting: an adapter makes one connection at a time."""
        self._scanning = asyncio.Lock()
        """Held while scanning: BlueZ gives one scan to each of its clients."""

    async def listen(self, heard: Heard, seconds: float, complete: asyncio.Event) -> None:
        """Scan until it is complete, or for some seconds. Raises Unreachable."""
        scanner = BleakScanner(heard, bluez={"adapter": self.adapter})
        async with self._scanning:
            # Cancelled while BlueZ starts the scan, bleak forgets it and BlueZ goes on: so the
            # start is let come to its end before the scan is stopped.
            starting = asyncio.create_task(scanner.start(), name="bluetooth scan start")
            try:
                async with asyncio.timeout(START_LIMIT_S):
                    await asyncio.shield(starting)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(seconds):
                        await complete.wait()
            except (*LINK_ERRORS, TimeoutError) as err:
                raise Unreachable(f"Bluetooth does not scan: {type(err).__name__}") from err
            finally:
                with contextlib.suppress(*LINK_ERRORS, TimeoutError):
                    async with asyncio.timeout(STOP_LIMIT_S):
                        await starting  # at the limit it is cancelled with this wait
                        await scanner.stop()
