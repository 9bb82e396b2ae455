"""Several lights of one network that change at once: one message instead of one for each.

Each command has its own lane, deadline and outcome as ever; those of a batch only meet before the
driver is asked. Who comes late (its device is still busy) goes alone, and so does everybody when
the one who asks for all is superseded.
"""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import replace

from drivers.types import Command, DeviceId, Driver, DriverError, SetLight, Together
from hub.act.devices import Devices
from hub.act.fade import fade_steps

GATHER_S = 0.03
"""How long the first waits for the others."""


class Batch:
    """Commands that differ in their device alone, for one driver."""

    def __init__(self, driver: Driver, size: int) -> None:
        assert isinstance(driver, Together)
        self._driver = driver
        self._together: Together = driver
        self._expected = size
        self._members: dict[SetLight, asyncio.Future[DriverError | None]] = {}
        self._complete = asyncio.Event()
        self._sent = False

    async def execute(self, command: SetLight) -> None:
        """Carry the command out with the others'; raises as Driver.execute does."""
        if self._sent:
            await self._driver.execute(command)
            return
        answer = asyncio.get_running_loop().create_future()
        self._members[command] = answer
        self._look()
        try:
            async with asyncio.timeout(GATHER_S):
                await self._complete.wait()
        except TimeoutError:
            pass
        except asyncio.CancelledError:
            if not self._sent:
                del self._members[command]
                self.absent()
            raise
        if not self._sent:
            self._sent = True
            await self._ask()
        try:
            failed = await answer
        except _Alone:
            await self._driver.execute(command)
            return
        if failed is not None:
            raise failed

    def absent(self) -> None:
        """Tell that one of the expected commands will not come."""
        self._expected -= 1
        self._look()

    def _look(self) -> None:
        if len(self._members) >= self._expected:
            self._complete.set()

    async def _ask(self) -> None:
        members = self._members
        try:
            results = await self._together.execute_together(tuple(members))
        except DriverError as err:
            results = [err] * len(members)
        except BaseException:
            for answer in members.values():
                if not answer.done():
                    answer.set_exception(_Alone())
                    answer.exception()  # nobody need ask: its command may have been given up
            raise
        for answer, result in zip(members.values(), results, strict=True):
            if not answer.done():
                answer.set_result(result)


class _Alone(Exception):  # noqa: N818 - what is left to do
    """The common message was given up."""


def batches(
    commands: Iterable[Command], devices: Devices, drivers: Mapping[str, Driver]
) -> dict[DeviceId, Batch]:
    """Return the batch of each command that can go with others."""
    lights = [command for command in commands if isinstance(command, SetLight)]
    if len(lights) < 2:  # noqa: PLR2004 - as nearly always: asking for Together takes its time
        return {}
    groups: dict[tuple[str, SetLight], list[DeviceId]] = {}
    for command in lights:
        device = devices.get(command.device)
        if device is None or not device.available:
            continue
        if isinstance(drivers.get(device.driver), Together) and fade_steps(command, device) == (
            command,
        ):
            alike = (device.driver, replace(command, device=DeviceId("")))
            groups.setdefault(alike, []).append(command.device)
    found: dict[DeviceId, Batch] = {}
    for (driver, _), members in groups.items():
        if len(members) > 1 and len(set(members)) == len(members):
            batch = Batch(drivers[driver], len(members))
            found.update(dict.fromkeys(members, batch))
    return found
