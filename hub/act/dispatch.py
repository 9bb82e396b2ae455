"""A command goes to its device's driver and comes back as an outcome; it never raises.

Each device has a lane (hub.act.lane): one command at a time, each within DEADLINE_S. A newer
command supersedes an automatic one for the same device. A person's command is never superseded;
what remains of its stepped fade is, by a newer one of a person.
"""

import asyncio
from collections.abc import Iterable, Mapping
from enum import StrEnum

import structlog

from drivers.types import (
    Command,
    DeviceId,
    Driver,
    DriverError,
    Outcome,
    PlayMusic,
    Press,
    Refused,
    SetLight,
    Status,
    Unreachable,
)
from hub.act.batch import Batch, batches
from hub.act.devices import Devices
from hub.act.fade import fade_steps, step_pause_s
from hub.act.lane import Lane, Turn
from hub.act.override import Overrides
from hub.bus import Bus
from hub.clock import Clock
from hub.types import Acted, RoomId

log = structlog.get_logger(__name__)

DEADLINE_S = 5.0
RETRY_AFTER_S = 0.25
NOT_TWICE = (Press, PlayMusic)
"""What may have been carried out although no answer came, and would be carried out again."""


class By(StrEnum):
    """Who wants a command."""

    PERSON = "person"
    AUTOMATION = "automation"


class Dispatcher:
    """Carries commands out. `outcomes` counts how they ended.

    `overtaken` counts the superseded commands that were never handed to their driver.
    """

    def __init__(
        self,
        drivers: Mapping[str, Driver],
        devices: Devices,
        overrides: Overrides,
        bus: Bus,
        clock: Clock,
    ) -> None:
        self.outcomes: dict[Status, int] = dict.fromkeys(Status, 0)
        self.overtaken = 0
        self._drivers = drivers
        self._devices = devices
        self._overrides = overrides
        self._bus = bus
        self._clock = clock
        self._lanes: dict[DeviceId, Lane] = {}

    def batches(self, commands: Iterable[Command]) -> dict[DeviceId, Batch]:
        """Return the batch of each command that can go together with others."""
        return batches(commands, self._devices, self._drivers)

    async def execute(
        self,
        command: Command,
        by: By,
        decision_id: int | None = None,
        batch: Batch | None = None,
    ) -> Outcome:
        """Carry a command out, publish Acted and return its outcome; raises only if cancelled."""
        started = self._clock.monotonic()
        status, reason = await self._try(command, by, batch)
        now = self._clock.monotonic()
        outcome = Outcome(command, status, reason, round((now - started) * 1000, 3))
        self.outcomes[status] += 1
        self._bus.publish(Acted(decision_id, outcome, now))
        return outcome

    async def _try(self, command: Command, by: By, batch: Batch | None) -> tuple[Status, str]:
        try:
            driver = self._driver_of(command)
            lane = self._lanes.setdefault(command.device, Lane())
            return await self._in_lane(lane, by, driver, command, batch)
        except DriverError as err:
            status = _status(err)
            if status is not Status.FAILED:
                self._overrides.not_sent(command)
            return status, err.reason
        except Exception as err:
            log.exception("driver_broke", device=command.device)
            return Status.FAILED, f"{type(err).__name__} in the driver"

    def _driver_of(self, command: Command) -> Driver:
        device = self._devices.get(command.device)
        if device is None:
            raise Refused(self._devices.absent(command.device))
        driver = self._drivers.get(device.driver)
        if driver is None:
            raise Refused(f"the driver {device.driver} is not configured")
        if not device.available:
            raise Unreachable("the device is unavailable")
        return driver

    async def _in_lane(
        self, lane: Lane, by: By, driver: Driver, command: Command, batch: Batch | None
    ) -> tuple[Status, str]:
        person = by is By.PERSON
        turn = Turn(by_person=person)
        try:
            # A person waits for those ahead, each of whom has a limit; automation's wish is stale
            # by then.
            async with asyncio.timeout(None if person else DEADLINE_S) as limit:
                if await lane.enter(turn) or person:
                    limit.reschedule(asyncio.get_running_loop().time() + DEADLINE_S)
                await self._carry_out(turn, limit, driver, command, batch)
        except asyncio.CancelledError:
            if not turn.was_superseded():
                raise
            self.overtaken += not turn.sent
            return Status.SUPERSEDED, "a newer command for this device came"
        except TimeoutError:
            what = "no answer" if turn.sent else "its turn did not come"
            return Status.TIMEOUT, f"{what} within {DEADLINE_S:g} s"
        finally:
            lane.leave(turn)
            if batch is not None and not turn.sent:
                batch.absent()
        return Status.DONE, ""

    async def _carry_out(
        self,
        turn: Turn,
        limit: asyncio.Timeout,
        driver: Driver,
        command: Command,
        batch: Batch | None,
    ) -> None:
        device = self._devices.get(command.device)
        if device is None:
            raise Unreachable("the device has gone")
        turn.sent = True
        self._overrides.sending(command, device.state)
        if turn.by_person and device.room is not None:
            self._overrides.by_person(RoomId(device.room), device.id)
        steps: tuple[Command, ...] = (command,)
        pause_s = 0.0
        if isinstance(command, SetLight) and command.transition_s:
            steps = fade_steps(command, device)
            pause_s = step_pause_s(command, len(steps))
        for step in steps[:-1]:
            await driver.execute(step)
            turn.fading = True
            limit.reschedule(asyncio.get_running_loop().time() + DEADLINE_S + pause_s)
            await asyncio.sleep(pause_s)
        if batch is not None and isinstance(command, SetLight):
            await batch.execute(command)
        else:
            await _ask(driver, steps[-1])


async def _ask(driver: Driver, command: Command) -> None:
    """Ask the driver; once more when the peer was not reached and asking twice does no harm."""
    try:
        await driver.execute(command)
    except Unreachable:
        if isinstance(command, NOT_TWICE):
            raise
        await asyncio.sleep(RETRY_AFTER_S)
        await driver.execute(command)


def _status(err: DriverError) -> Status:
    match err:
        case Refused():
            return Status.REFUSED
        case Unreachable():
            return Status.UNREACHABLE
        case _:
            return Status.FAILED
