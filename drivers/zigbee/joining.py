"""Waiting while a Zigbee network is open: who joins, is asked what it is, and is set up."""

import asyncio
import time
from typing import Any, Final

from zigpy.application import ControllerApplication
from zigpy.exceptions import ZigbeeException

from drivers.operations import Answer, Progress
from drivers.zigbee.household import Household
from drivers.zigbee.owner import Owner, asked

SETTLE_S: Final = 40.0
"""How long a device that joined in the last moment has to be interviewed."""
CLOSE_LIMIT_S: Final = 1.0


class Joining:
    """See the module. One of a driver."""

    def __init__(self, owner: Owner) -> None:
        self._owner = owner

    async def wait(self, permit: Any, seconds: int, progress: Progress) -> Answer:
        """Open the network by `permit`, and close it at the end. Raises Unreachable."""
        application, household = self._owner.running
        watcher = _Joins(progress, household.settled)
        application.add_listener(watcher)
        before = set(household.parts)
        until = time.monotonic() + seconds
        try:
            async with asyncio.timeout(seconds + SETTLE_S):
                await asked(permit)
                await asyncio.sleep(max(0.0, until - time.monotonic()))
                await _settled(household, watcher)
        except TimeoutError:
            progress("some devices did not answer all questions; they are asked again later")
        finally:
            application.remove_listener(watcher)
            if not household.lost.done():
                await _closed(application)
        new = [part.device for key, part in household.parts.items() if key not in before]
        return {
            "joined": [{"device": device.id, "name": device.name} for device in new],
            "failed": sorted(watcher.failed),
        }


class _Joins:
    """Hears of devices that join, and says so."""

    def __init__(self, progress: Progress, settled: asyncio.Event) -> None:
        self.joined: set[Any] = set()
        self.unfinished: set[str] = set()
        self.failed: set[str] = set()
        self._progress = progress
        self._settled = settled

    def device_joined(self, node: Any) -> None:
        """Be called by zigpy."""
        self.joined.add(node.ieee)
        self.unfinished.add(str(node.ieee))
        self._progress(f"{node.ieee} joined; asking what it is")

    def device_initialized(self, node: Any) -> None:
        """Be called by zigpy."""
        self.unfinished.discard(str(node.ieee))
        self.failed.discard(str(node.ieee))
        self._progress(f"{node.ieee} is a {node.manufacturer} {node.model}")
        self._settled.set()

    def device_init_failure(self, node: Any) -> None:
        """Be called by zigpy."""
        self.unfinished.discard(str(node.ieee))
        self.failed.add(str(node.ieee))
        self._progress(f"{node.ieee} did not say what it is; reset it and try again")
        self._settled.set()


async def _settled(household: Household, watcher: _Joins) -> None:
    """Wait until all that joined were interviewed and set up."""
    while watcher.unfinished or any(
        member.setting_up for ieee, member in household.members.items() if ieee in watcher.joined
    ):
        household.settled.clear()
        await household.settled.wait()


async def _closed(application: ControllerApplication) -> None:
    """Close the network again, also when nobody waits for the rest any more."""
    try:
        async with asyncio.timeout(CLOSE_LIMIT_S):
            await application.permit(0)
    except (TimeoutError, ZigbeeException, RuntimeError, OSError):
        return  # the time that was given ends by itself
