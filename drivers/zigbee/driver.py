"""A Zigbee network of the hub's own, through a stick.

zigpy does not reconnect: when the stick is lost or no longer answers, `run` raises Unreachable and
the supervisor starts it again, with a new application over the same database. Commands are done
when the device itself answered.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import structlog
from zigpy.application import ControllerApplication

from drivers.operations import Operation
from drivers.registry import Place
from drivers.types import (
    Command,
    DeviceId,
    DriverError,
    Port,
    Refused,
    SetLight,
    Unreachable,
)
from drivers.zigbee import presence, quirks, setting_up
from drivers.zigbee.announcements import Announcements
from drivers.zigbee.chatter import Chatter
from drivers.zigbee.commands import carry_out
from drivers.zigbee.household import Household
from drivers.zigbee.ledger import Ledger
from drivers.zigbee.member import Counts, Member
from drivers.zigbee.notes import Notes
from drivers.zigbee.operations import Operations
from drivers.zigbee.parts import NAME, Part, is_battery
from drivers.zigbee.radio import application_class, opened
from drivers.zigbee.together import Together
from drivers.zigbee_settings import ZigbeeSettings

log = structlog.get_logger(__name__)

WATCH_EVERY_S: Final = 10.0
WATCH_LIMIT_S: Final = 5.0
SET_UP_AT_ONCE: Final = 4
SET_UP_LIMIT_S: Final = 90.0
REPORT_LIMIT_S: Final = 2.0
"""How long after a command's transition a report is waited for before the device is asked."""


class ZigbeeDriver:
    """See the module."""

    name = NAME

    def __init__(
        self,
        kind: type[ControllerApplication],
        settings: ZigbeeSettings,
        folder: Path,
        clock: Callable[[], float],
        resolver: quirks.Resolver | None = None,
    ) -> None:
        self.counts = Counts()
        self.chatter = Chatter()
        self.ledger = Ledger(clock)
        self._announcements = Announcements(clock, self._ghost)
        self._kind = kind
        self._resolver = resolver
        self._settings = settings
        self._folder = folder
        self._clock = clock
        self._notes = Notes(folder)
        self._household: Household | None = None
        self._application: ControllerApplication | None = None
        self._together: Together | None = None
        self._group: asyncio.TaskGroup | None = None
        self._slots = asyncio.Semaphore(SET_UP_AT_ONCE)
        self._reported: dict[DeviceId, float] = {}
        self._operations = Operations(self, folder)
        self._running = False

    @property
    def running(self) -> tuple[ControllerApplication, Household]:
        """Return the network; raises Unreachable while there is none."""
        if self._application is None or self._household is None or not self._running:
            raise Unreachable("the Zigbee stick is not connected")
        return self._application, self._household

    async def run(self, port: Port) -> None:
        """See Driver."""
        self.chatter.listen()
        try:
            async with opened(
                self._kind, self._settings, self._folder, self._resolver
            ) as application:
                await self._serve(application, port)
        except BaseExceptionGroup as failed:
            raise _first(failed) from failed

    async def execute(self, command: Command) -> None:
        """See Driver. Done means that the device answered with success."""
        part = self._part(command.device)
        _, household = self.running
        member = household.member_of(command.device)
        sent_at = self._clock()
        try:
            await carry_out(part, command)
        except Unreachable:
            if member is not None and self._running and not is_battery(member.node):
                self._spawn(self._doubt(household, member), "zigbee doubt")
            raise
        self._spawn(self._confirm(part, command, sent_at), f"zigbee confirm {command.device}")

    async def execute_together(self, commands: Sequence[SetLight]) -> Sequence[DriverError | None]:
        """See Together."""
        try:
            self.running  # noqa: B018 - raises
            parts = [self._part(command.device) for command in commands]
            assert self._together is not None
        except DriverError:
            return await asyncio.gather(*(self._alone(command) for command in commands))
        missed = await self._together.send(parts, commands, self._spawn)
        answers = await asyncio.gather(*(self._alone(commands[index]) for index in missed))
        results: list[DriverError | None] = [None] * len(commands)
        for index, answer in zip(missed, answers, strict=True):
            results[index] = answer
        return results

    def operations(self) -> tuple[Operation, ...]:
        """See Operable."""
        return self._operations.all

    # Inside ---------------------------------------------------------------------------------

    async def _serve(self, application: ControllerApplication, port: Port) -> None:
        """Look after a running network until it is lost: raises Unreachable."""
        self._notes.load()
        self.ledger.watch(application)
        self._announcements.watch(application)
        household = Household(port, self._clock, self.counts)
        household.on_news = self._news
        household.on_report = self._on_report
        self._household, self._application = household, application
        self._together = Together(application, household, self._reported, self._clock)
        try:
            async with asyncio.TaskGroup() as group:
                self._group, self._running = group, True
                household.adopt(application)
                port.connected()
                for member in tuple(household.members.values()):
                    self._news(member, "known")
                group.create_task(self._watch_stick(application), name="zigbee stick")
                group.create_task(
                    presence.watch(household, self._settings, self._clock), name="zigbee presence"
                )
                raise Unreachable(await household.lost)
        finally:
            self._running = False
            self._group = self._together = self._application = None
            household.close()
            self.ledger.flush()

    def _part(self, device: DeviceId) -> Part:
        part = self._household.parts.get(device) if self._household is not None else None
        if part is None and self._running:
            raise Refused(f"there is no device {device} on the Zigbee network")
        if part is None or not self._running:
            raise Unreachable("the Zigbee stick is not connected")
        return part

    async def _alone(self, command: SetLight) -> DriverError | None:
        try:
            await self.execute(command)
        except DriverError as err:
            return err
        return None

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        try:
            if self._group is not None and self._running:
                self._group.create_task(work, name=name)
                return
        except RuntimeError:  # the group is ending
            pass
        work.close()

    def _news(self, member: Member, what: str) -> None:
        if what == "known" and member.key in self._notes:
            # It is set up; how it is now may have changed while nobody listened.
            self._ask_soon(member)
        elif what == "new" or member.key not in self._notes:
            if what == "new":
                self._notes.discard(member.key)
            if not member.setting_up:
                member.setting_up = True
                self._spawn(self._set_up(member), f"zigbee set up {member.key}")
        else:
            self._ask_soon(member)

    def _ask_soon(self, member: Member) -> None:
        """Ask a device how it is, once more when it was heard again while being asked."""
        if member.asking or is_battery(member.node):
            member.ask_again = member.asking
            return
        member.asking = True
        self._spawn(self._ask(member), f"zigbee ask {member.key}")

    async def _set_up(self, member: Member) -> None:
        application, household = self.running
        try:
            done = False
            async with self._slots:
                with suppress(TimeoutError):
                    async with asyncio.timeout(SET_UP_LIMIT_S):
                        done = await setting_up.set_up(application, member.node)
            if done:
                self._notes.add(member.key)
            else:  # again when it is heard next
                log.info("zigbee_set_up_unfinished", device=member.parts[0].device.id)
            household.refresh(member)
        finally:
            member.setting_up = False
            household.settled.set()

    async def _ask(self, member: Member) -> None:
        _, household = self.running
        try:
            async with self._slots:
                member.ask_again = False
                with suppress(TimeoutError):
                    async with asyncio.timeout(SET_UP_LIMIT_S):
                        if not await setting_up.ask(member.node, everything=False):
                            await self._doubt(household, member)
        finally:
            member.asking = False
        if member.ask_again:
            self._ask_soon(member)

    async def _doubt(self, household: Household, member: Member) -> None:
        if not await presence.answers(member):
            household.set_available(member, available=False)

    async def _confirm(self, part: Part, command: Command, sent_at: float) -> None:
        """Ask a device that does not report what a command did to it."""
        transition_s = command.transition_s if isinstance(command, SetLight) else 0.0
        await asyncio.sleep(transition_s + REPORT_LIMIT_S)
        if self._reported.get(part.device.id, 0.0) >= sent_at or part.main is None:
            return
        self.counts.read_back += 1
        await setting_up.ask_state(part.main)

    def _ghost(self) -> None:
        self.counts.ghosts += 1

    def _on_report(self, part: Part, _cluster: int) -> None:
        self._reported[part.device.id] = self._clock()

    async def _watch_stick(self, application: ControllerApplication) -> None:
        while True:
            await asyncio.sleep(WATCH_EVERY_S)
            try:
                async with asyncio.timeout(WATCH_LIMIT_S):
                    await application.watchdog_feed()
            except TimeoutError as err:
                raise Unreachable("the Zigbee stick does not answer") from err
            except Exception as err:  # five makers' libraries, each with errors of its own
                raise Unreachable(f"the Zigbee stick failed: {type(err).__name__}") from err


def create(settings: ZigbeeSettings, place: Place) -> ZigbeeDriver:
    """Return the driver; see drivers.registry. Imports the stick's library: seconds."""
    return ZigbeeDriver(
        application_class(settings), settings, place.folder, place.clock, quirks.find()
    )


def _first(failed: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the one error that tells what happened: the driver's own before any other."""
    found: list[BaseException] = []

    def collect(group: BaseExceptionGroup[BaseException]) -> None:
        for error in group.exceptions:
            if isinstance(error, BaseExceptionGroup):
                collect(error)
            else:
                found.append(error)

    collect(failed)
    return next((error for error in found if isinstance(error, DriverError)), found[0])
