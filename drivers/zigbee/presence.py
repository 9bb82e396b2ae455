"""Who is there: what is silent for too long is asked, what sleeps is given longer."""

import asyncio
from collections.abc import Callable
from typing import Final

from zigpy.exceptions import ZigbeeException

from drivers.zigbee.household import Household
from drivers.zigbee.member import Member
from drivers.zigbee.parts import BASIC, is_battery
from drivers.zigbee_settings import ZigbeeSettings

LOOKS_PER_LIMIT: Final = 4
LOOK_EVERY_S: Final = 30.0
AT_ONCE: Final = 4
ASK_LIMIT_S: Final = 3.0
_ZCL_VERSION: Final = 0x0000


async def watch(household: Household, settings: ZigbeeSettings, clock: Callable[[], float]) -> None:
    """Look after all nodes until cancelled."""
    pause_s = min(LOOK_EVERY_S, settings.check_after_s / LOOKS_PER_LIMIT)
    while True:
        await asyncio.sleep(pause_s)
        silent = []
        for member in tuple(household.members.values()):
            silent_s = clock() - member.heard_at
            if is_battery(member.node):
                if silent_s > settings.battery_silent_s:
                    household.set_available(member, available=False)
            elif silent_s > settings.check_after_s:
                silent.append(member)
        slots = asyncio.Semaphore(AT_ONCE)
        async with asyncio.TaskGroup() as group:
            for member in silent:
                group.create_task(_ask(household, member, slots), name="zigbee ask")


async def answers(member: Member) -> bool:
    """Ask a node whether it is there; any answer will do."""
    for endpoint in member.node.non_zdo_endpoints:
        basic = endpoint.in_clusters.get(BASIC)
        if basic is None:
            continue
        try:
            async with asyncio.timeout(ASK_LIMIT_S):
                await basic.read_attributes([_ZCL_VERSION], retries=1)
        except (TimeoutError, ZigbeeException, RuntimeError):
            return False
        return True
    return True  # nothing to ask: believe what was heard


async def _ask(household: Household, member: Member, slots: asyncio.Semaphore) -> None:
    async with slots:
        if not await answers(member) and household.members.get(member.node.ieee) is member:
            household.set_available(member, available=False)
