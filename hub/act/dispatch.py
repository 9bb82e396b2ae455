"""A command goes to its device's driver and comes back as an outcome; it never raises.

Each device has a lane: one command at a time, each within DEADLINE_S. A newer command supersedes
an automatic one for the same device, waiting or running. A person's command is never superseded;
what remains of its stepped fade is.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import structlog

from drivers.types import (
    Command,
    DeviceId,
    Driver,
    DriverError,
    Outcome,
    Refused,
    SetLight,
    Status,
    Unreachable,
)
from hub.act.devices import Devices
from hub.act.fade import fade_steps, step_pause_s
from hub.act.override import Overrides
from hub.bus import Bus
from hub.clock import Clock
from hub.types import Acted, RoomId

log = structlog.get_logger(__name__)

DEADLINE_S = 5.0
MAX_WAITING = 16
"""A person's commands that may wait for one device; one more is refused, and told so."""


class By(StrEnum):
    """Who wants a command."""

    PERSON = "person"
    AUTOMATION = "automation"


class _Turn:
    """One command's turn in its lane, and the way to end it early."""

    def __init__(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.sent = False
        self._task = task
        self._cancelling = task.cancelling()
        self._superseded = False

    def supersede(self) -> None:
        """End the turn at the task's next step, wherever it stands."""
        self._superseded = True
        self._task.cancel()

    def was_superseded(self) -> bool:
        """Tell whether a CancelledError is ours; if so it is used up (as asyncio.timeout does)."""
        return self._superseded and self._task.uncancel() <= self._cancelling


@dataclass(slots=True)
class _Lane:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    automatic: _Turn | None = None
    """The newest automatic command, waiting or running: any newer command ends it."""
    fading: _Turn | None = None
    """A person's stepped fade past its first step: a newer command of a person ends it."""
    persons: int = 0

    def make_way(self, by: By) -> None:
        """End what a new command by this one supersedes."""
        if self.automatic is not None:
            self.automatic.supersede()
            self.automatic = None
        if by is By.PERSON and self.fading is not None:
            self.fading.supersede()
            self.fading = None

    def leave(self, turn: _Turn) -> None:
        if self.automatic is turn:
            self.automatic = None
        if self.fading is turn:
            self.fading = None


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
        self._lanes: dict[DeviceId, _Lane] = {}

    async def execute(self, command: Command, by: By, decision_id: int | None = None) -> Outcome:
        """Carry a command out, publish Acted and return its outcome; raises only if cancelled."""
        started = self._clock.monotonic()
        status, reason = await self._try(command, by)
        now = self._clock.monotonic()
        outcome = Outcome(command, status, reason, round((now - started) * 1000, 3))
        self.outcomes[status] += 1
        self._bus.publish(Acted(decision_id, outcome, now))
        return outcome

    async def _try(self, command: Command, by: By) -> tuple[Status, str]:
        try:
            driver = self._driver_of(command)
            lane = self._lanes.setdefault(command.device, _Lane())
            return await self._in_lane(lane, by, driver, command)
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
            raise Refused(f"there is no device {command.device}")
        driver = self._drivers.get(device.driver)
        if driver is None:
            raise Refused(f"the driver {device.driver} is not configured")
        if not device.available:
            raise Unreachable("the device is unavailable")
        return driver

    async def _in_lane(
        self, lane: _Lane, by: By, driver: Driver, command: Command
    ) -> tuple[Status, str]:
        person = by is By.PERSON
        if person and lane.persons >= MAX_WAITING:
            raise Refused(f"{MAX_WAITING} commands are waiting for this device already")
        lane.make_way(by)
        lane.persons += person
        turn = _Turn()
        if not person:
            lane.automatic = turn
        try:
            # A person waits for those ahead, each of whom has a limit; automation's wish is stale
            # by then.
            async with asyncio.timeout(None if person else DEADLINE_S) as limit, lane.lock:
                limit.reschedule(asyncio.get_running_loop().time() + DEADLINE_S)
                await self._carry_out(lane, turn, limit, by, driver, command)
        except asyncio.CancelledError:
            if not turn.was_superseded():
                raise
            self.overtaken += not turn.sent
            return Status.SUPERSEDED, "a newer command for this device came"
        except TimeoutError:
            return Status.TIMEOUT, f"no answer within {DEADLINE_S:g} s"
        finally:
            lane.persons -= person
            lane.leave(turn)
        return Status.DONE, ""

    async def _carry_out(
        self,
        lane: _Lane,
        turn: _Turn,
        limit: asyncio.Timeout,
        by: By,
        driver: Driver,
        command: Command,
    ) -> None:
        device = self._devices.get(command.device)
        if device is None:
            raise Unreachable("the device has gone")
        self._overrides.sending(command, device.state)
        if by is By.PERSON and device.room is not None:
            self._overrides.by_person(RoomId(device.room), device.id)
        steps: tuple[Command, ...] = (command,)
        pause_s = 0.0
        if isinstance(command, SetLight) and command.transition_s:
            steps = fade_steps(command, device)
            pause_s = step_pause_s(command, len(steps))
        turn.sent = True
        for step in steps[:-1]:
            await driver.execute(step)
            if by is By.PERSON:
                lane.fading = turn
            limit.reschedule(asyncio.get_running_loop().time() + DEADLINE_S + pause_s)
            await asyncio.sleep(pause_s)
        await driver.execute(steps[-1])


def _status(err: DriverError) -> Status:
    match err:
        case Refused():
            return Status.REFUSED
        case Unreachable():
            return Status.UNREACHABLE
        case _:
            return Status.FAILED
