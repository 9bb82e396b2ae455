"""One multicast for many lamps, so that they change at the same moment.

Lamps have to be members of a group first. A set of lamps that is commanded together for the first
time is commanded one by one, and made a group meanwhile; from then on one frame reaches them all.
Nobody acknowledges a multicast: lamps that neither report within a moment nor are known to be
there already are commanded singly.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final

import structlog
from zigpy.application import ControllerApplication
from zigpy.exceptions import ZigbeeException
from zigpy.group import Group

from drivers.types import DeviceId, DriverError, SetLight
from drivers.zigbee.commands import Step, light_steps
from drivers.zigbee.household import Household
from drivers.zigbee.parts import Part

log = structlog.get_logger(__name__)

FIRST_GROUP: Final = 0x4D00
MOST_GROUPS: Final = 8
"""Kept at a time: small lamps remember 16 groups, and other controllers want some."""
GROUPS: Final = 0x0004
REPORT_LIMIT_S: Final = 1.5
"""Levels and colours are reported at most once a second."""
JOIN_LIMIT_S: Final = 30.0
_ADDED: Final = (0x00, 0x8A)
"""Success, and "is a member already"."""

Spawn = Callable[[Coroutine[Any, Any, None], str], None]


class Together:
    """Groups of one network."""

    def __init__(
        self,
        application: ControllerApplication,
        household: Household,
        reported: dict[DeviceId, float],
        clock: Callable[[], float],
    ) -> None:
        self._application = application
        self._household = household
        self._reported = reported
        self._clock = clock
        self._making: set[frozenset[tuple[Any, int]]] = set()

    async def send(
        self, parts: Sequence[Part], commands: Sequence[SetLight], spawn: Spawn
    ) -> list[int]:
        """Send to all at once where that can be. Returns the places of those left to command."""
        everybody = list(range(len(parts)))
        wanted = _steps(parts, commands)
        key = _key(parts)
        if wanted is None or key is None or len(parts) < 2:  # noqa: PLR2004 - a pair at least
            return everybody
        group = self._group(key)
        if group is None:
            if key not in self._making:
                self._making.add(key)
                spawn(self._make(tuple(parts), key), "zigbee make a group")
            return everybody
        sent_at = self._clock()
        try:
            for number, command, arguments in wanted:
                await group.endpoint[number].command(command, *arguments)
        except (TimeoutError, ZigbeeException, RuntimeError):
            return everybody
        self._household.counts.multicasts += 1
        return await self._silent(parts, commands, sent_at)

    async def _silent(
        self, parts: Sequence[Part], commands: Sequence[SetLight], sent_at: float
    ) -> list[int]:
        left = [i for i, part in enumerate(parts) if not _is_so(part, commands[i])]
        until = sent_at + REPORT_LIMIT_S
        while left and self._clock() < until:
            await asyncio.sleep(0.02)
            left = [i for i in left if self._reported.get(parts[i].device.id, 0.0) < sent_at]
        return left

    def _group(self, key: frozenset[tuple[Any, int]]) -> Group | None:
        groups: dict[int, Group] = self._application.groups
        for group in groups.values():
            if frozenset(group.members) == key and group.group_id >= FIRST_GROUP:
                return group
        return None

    async def _make(self, parts: tuple[Part, ...], key: frozenset[tuple[Any, int]]) -> None:
        number, old = self._free()
        try:
            async with asyncio.timeout(JOIN_LIMIT_S):
                if old is not None:
                    await _empty(old)
                for part in parts:
                    assert part.main is not None
                    status = await part.main.add_to_group(number, f"moodsync {number:x}")
                    if status not in _ADDED:
                        log.info("zigbee_group_refused", device=part.device.id)
                        return
        except (TimeoutError, ZigbeeException, RuntimeError):
            log.info("zigbee_group_unfinished", lamps=len(parts))
        finally:
            self._making.discard(key)

    def _free(self) -> tuple[int, Group | None]:
        """Return a group's number; one that is in use is given up when all are."""
        numbers = range(FIRST_GROUP, FIRST_GROUP + MOST_GROUPS)
        groups = self._application.groups
        for number in numbers:
            if number not in groups or not groups[number].members:
                return number, None
        oldest = next(iter(n for n in groups if n in numbers))
        return oldest, groups[oldest]


def _steps(parts: Sequence[Part], commands: Sequence[SetLight]) -> tuple[Step, ...] | None:
    """Return what all lamps are to be sent, None when it is not the same for all."""
    try:
        steps = {light_steps(part, c) for part, c in zip(parts, commands, strict=True)}
    except DriverError:
        return None
    return steps.pop() if len(steps) == 1 else None


def _key(parts: Sequence[Part]) -> frozenset[tuple[Any, int]] | None:
    members = set()
    for part in parts:
        if part.main is None or GROUPS not in part.main.in_clusters:
            return None
        members.add(part.main.unique_id)
    return frozenset(members)


async def _empty(group: Group) -> None:
    for endpoint in tuple(group.members.values()):
        await endpoint.remove_from_group(group.group_id)
    group.groups.pop(group.group_id)


def _is_so(part: Part, command: SetLight) -> bool:
    """True when the lamp was there before the command, so that it has nothing to report."""
    state = part.device.state
    if command.on is False or command.level == 0:
        return state.on is False
    return bool(
        state.on
        and (command.level is None or state.level == command.level)
        and (command.kelvin is None or state.kelvin == command.kelvin)
        and (command.xy is None or state.xy == command.xy)
    )
