"""Turns decisions into commands and sends them out, all devices of a room at once."""

import asyncio
from collections.abc import Sequence

import structlog

from drivers.types import Command, Device, Heats, Outcome
from hub.act.climate import Limits, TargetHistory
from hub.act.devices import Devices
from hub.act.dispatch import By, Dispatcher
from hub.act.override import SLACK_S
from hub.act.plan import RESTORE_TRANSITION_S, plan_music, plan_restore, plan_scene
from hub.act.scenes import Snapshots
from hub.act.taken_back import TakeBack, states
from hub.bus import Bus
from hub.clock import Clock
from hub.errors import NotFound
from hub.phrase import Phrase
from hub.settings import Scene, Settings
from hub.supervisor import Service
from hub.types import (
    Decision,
    Goal,
    ManualChange,
    MusicGoal,
    RestoreGoal,
    RoomId,
    SceneGoal,
    Trigger,
)

log = structlog.get_logger(__name__)


class Actor:
    """Acts on every Decision on the bus.

    Each room has room for one waiting decision; a newer one replaces it and `replaced` counts.
    A decision past its `expires_at` is not acted on (`expired`). When the run is cancelled, what
    is on its way to a device is given up and the lights stay as they are.
    """

    def __init__(
        self,
        settings: Settings,
        devices: Devices,
        dispatcher: Dispatcher,
        bus: Bus,
        clock: Clock,
    ) -> None:
        self.replaced = 0
        self.expired = 0
        self._settings = settings
        self._devices = devices
        self._dispatcher = dispatcher
        self._clock = clock
        self._snapshots = Snapshots()
        self._by_person = TakeBack()
        self._tried = TakeBack()
        self._targets = TargetHistory(bus, clock.monotonic, devices.get)
        self._waiting: dict[RoomId, Decision] = {}
        self._group: asyncio.TaskGroup | None = None
        bus.on(Decision, self._decided)
        bus.on(ManualChange, self._changed_by_hand)

    async def run(self, service: Service) -> None:
        """Act on decisions until cancelled."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            self._start_waiting()
            service.healthy()
            try:
                await asyncio.Event().wait()
            finally:
                self._group = None

    async def apply_scene(
        self, room: RoomId, scene: str, *, by_person: bool
    ) -> tuple[Outcome, ...]:
        """Bring a scene into a room now; returns one outcome a command.

        By a person, transitions are as the scene says (no slew limit), what the scene touches
        counts as changed by hand, and `restore` puts back what was before it. Raises NotFound.
        """
        if room not in self._settings.rooms:
            raise NotFound(Phrase("refused.no_room", name=room))
        if scene not in self._settings.scenes:
            raise NotFound(Phrase("refused.no_scene", name=scene))
        if by_person:
            self._by_person.take(room)
            return await self._try(room, self._settings.scenes[scene], self._by_person)
        by = By.AUTOMATION
        return await self._execute_all(self._plan(room, SceneGoal(scene), by), by)

    async def preview(self, room: RoomId, scene: Scene) -> tuple[Outcome, ...]:
        """Show a scene in a room as a person edits it, saved or not. Raises NotFound.

        Several in a row leave one way back: `end_preview`.
        """
        if room not in self._settings.rooms:
            raise NotFound(Phrase("refused.no_room", name=room))
        return await self._try(room, scene, self._tried)

    async def end_preview(self, room: RoomId) -> tuple[Outcome, ...]:
        """Put back what was before the first preview; nothing where there was none."""
        return await self._take_back(room, self._tried)

    async def restore(self, room: RoomId, *, by_person: bool) -> tuple[Outcome, ...]:
        """Put back what was before a person's newest scene, or before automation's first.

        A person takes back whichever came last. Raises NotFound.
        """
        if room not in self._settings.rooms:
            raise NotFound(Phrase("refused.no_room", name=room))
        if by_person and room in self._by_person:
            return await self._take_back(room, self._by_person)
        by = By.PERSON if by_person else By.AUTOMATION
        return await self._execute_all(self._plan(room, RestoreGoal(), by), by)

    def reload(self, settings: Settings) -> None:
        """Take over new scenes and guards."""
        self._settings = settings

    def _decided(self, decision: Decision) -> None:
        if not self._waiting and self._group is not None:
            # When everything that this event set going has been said: a later decision counts.
            asyncio.get_running_loop().call_soon(self._start_waiting)
        if self._waiting.pop(decision.room, None) is not None:
            self.replaced += 1
        self._waiting[decision.room] = decision

    def _start_waiting(self) -> None:
        if self._group is None:
            return
        waiting, self._waiting = self._waiting, {}
        for decision in waiting.values():
            self._start(self._group, decision)

    def _changed_by_hand(self, change: ManualChange) -> None:
        for memory in (self._snapshots, self._by_person, self._tried):
            memory.drop(change.room, change.device)

    def _start(self, group: asyncio.TaskGroup, decision: Decision) -> None:
        if self._clock.monotonic() > decision.expires_at:
            self.expired += 1
            return
        by = By.PERSON if decision.trigger is Trigger.PERSON else By.AUTOMATION
        try:
            commands = self._plan(decision.room, decision.goal, by)
        except NotFound as err:
            log.warning("decision_not_possible", rule=decision.rule, reason=str(err))
            return
        except Exception:
            log.exception("decision_not_planned", rule=decision.rule)
            return
        self._by_person.take(decision.room)  # undo means what came last
        batches = self._dispatcher.batches(commands)
        for command in commands:
            group.create_task(
                self._dispatcher.execute(command, by, decision.id, batches.get(command.device)),
                name=f"act {command.device}",
            )

    async def _try(self, room: RoomId, scene: Scene, memory: TakeBack) -> tuple[Outcome, ...]:
        devices = self._devices.in_room(room)
        commands = plan_scene(scene, devices, None)
        earlier = memory.take(room)
        before = states(devices, (command.device for command in commands))
        self._targets.note(commands)
        try:
            return await self._execute_all(commands, By.PERSON)
        finally:
            # Afterwards: its own commands count as changes by hand, which are forgotten.
            memory.keep(room, {**before, **earlier})

    async def _take_back(self, room: RoomId, memory: TakeBack) -> tuple[Outcome, ...]:
        commands = plan_restore(memory.take(room), self._devices.in_room(room), None)
        self._targets.note(commands)
        return await self._execute_all(commands, By.PERSON)

    async def _execute_all(self, commands: tuple[Command, ...], by: By) -> tuple[Outcome, ...]:
        batches = self._dispatcher.batches(commands)
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(
                    self._dispatcher.execute(command, by, batch=batches.get(command.device)),
                    name=f"act {command.device}",
                )
                for command in commands
            ]
        return tuple(task.result() for task in tasks)

    def _plan(self, room: RoomId, goal: Goal, by: By) -> tuple[Command, ...]:
        """Return the goal's commands, having kept what they will change."""
        devices = self._devices.in_room(room)
        guards = self._settings.guards
        limit = None if by is By.PERSON else guards.max_level_per_s
        limits = None if by is By.PERSON else self._limits(devices)
        now = self._clock.monotonic()
        match goal:
            case SceneGoal(scene=name):
                scene = self._settings.scenes.get(name)
                if scene is None:
                    raise NotFound(Phrase("refused.no_scene", name=name))
                commands = plan_scene(scene, devices, limit, limits)
            case MusicGoal():
                commands = plan_music(goal, devices)
            case RestoreGoal():
                takes_s = max(RESTORE_TRANSITION_S, 1 / guards.max_level_per_s) + SLACK_S
                before = self._snapshots.take(room, now, takes_s)
                commands = plan_restore(before, devices, limit, limits)
                self._targets.note(commands)
                return commands
        touched = {command.device for command in commands}
        self._snapshots.keep(room, (d for d in devices if d.available and d.id in touched), now)
        self._targets.note(commands)
        return commands

    def _limits(self, devices: Sequence[Device]) -> Limits:
        """Return what automation keeps to now."""
        guards = self._settings.guards
        spans = {
            device.id: span
            for device in devices
            if device.capability(Heats)
            and (span := self._targets.span(device, guards.max_target_change_c_per_h)) is not None
        }
        return Limits(guards.target_c, guards.max_fan, guards.cover, spans)
