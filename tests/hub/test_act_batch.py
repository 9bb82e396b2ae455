"""Lights of one network change together where the network can, and alone where it cannot."""

import asyncio
from collections.abc import Sequence

from drivers.types import (
    DeviceId,
    Dimmable,
    DriverError,
    PlayMusic,
    SetLight,
    Status,
    Switchable,
    Unreachable,
)
from hub.act.dispatch import By
from hub.types import RoomId
from tests.hub.act_rig import ROOM, HandDriver, Rig, turns

SCENES = {
    "scenes": {"dim": {"lights": {"level": 0.2, "transition_s": 1}}},
    "guards": {"max_level_per_s": 10},
}


class GroupDriver(HandDriver):
    """Takes several lights' commands in one message."""

    def __init__(self) -> None:
        super().__init__()
        self.together: list[tuple[str, ...]] = []
        self.fails: dict[DeviceId, DriverError] = {}
        self.hold = asyncio.Event()
        self.hold.set()

    async def execute_together(self, commands: Sequence[SetLight]) -> Sequence[DriverError | None]:
        self.together.append(tuple(sorted(c.device for c in commands)))
        await self.hold.wait()
        return [self.fails.get(c.device) for c in commands]


def rig() -> tuple[Rig, GroupDriver]:
    made = Rig(SCENES)
    driver = GroupDriver()
    made.dispatcher._drivers = {"hand": driver}
    return made, driver


async def test_a_scene_reaches_alike_lights_in_one_message_and_reports_each() -> None:
    it, driver = rig()
    for name in ("a", "b", "c"):
        it.add(name)
    it.add("plug", (Switchable(light=True),))
    it.add("stepped", (Switchable(light=True), Dimmable(fades=False)))
    driver.fails[DeviceId("hand:b")] = Unreachable("no acknowledgement")
    outcomes = await it.actor.apply_scene(_room(), "dim", by_person=True)
    assert driver.together == [("hand:a", "hand:b", "hand:c")]
    assert {o.command.device: o.status for o in outcomes} == {
        "hand:a": Status.DONE,
        "hand:b": Status.UNREACHABLE,
        "hand:c": Status.DONE,
        "hand:plug": Status.DONE,
        "hand:stepped": Status.DONE,
    }
    assert {c.device for c in driver.got} == {"hand:plug", "hand:stepped"}


async def test_a_busy_light_does_not_hold_up_the_others() -> None:
    it, driver = rig()
    for name in ("a", "b", "c"):
        it.add(name)
    driver.holds = True
    busy = asyncio.create_task(
        it.dispatcher.execute(SetLight(DeviceId("hand:b"), level=0.9), By.PERSON)
    )
    await turns()
    scene = asyncio.create_task(it.actor.apply_scene(_room(), "dim", by_person=True))
    await asyncio.sleep(0.1)
    assert driver.together == [("hand:a", "hand:c")]
    driver.finish()
    await turns()
    driver.finish()
    assert {o.status for o in await scene} == {Status.DONE}
    assert (await busy).status is Status.DONE
    assert [c.device for c in driver.got] == ["hand:b", "hand:b"]


async def test_who_asks_for_all_may_be_superseded_and_the_others_still_change() -> None:
    it, driver = rig()
    for name in ("a", "b"):
        it.add(name)
    driver.hold.clear()
    scene = asyncio.create_task(it.actor.apply_scene(_room(), "dim", by_person=False))
    await turns(10)
    assert driver.together == [("hand:a", "hand:b")]
    for name in ("a", "b"):
        newer = SetLight(DeviceId(f"hand:{name}"), level=0.7)
        outcome = await it.dispatcher.execute(newer, By.PERSON)
        assert outcome.status is Status.DONE
        if name == "a":
            await turns(10)
    outcomes = {str(o.command.device): o.status for o in await scene}
    assert outcomes["hand:a"] is Status.SUPERSEDED
    assert outcomes["hand:b"] in {Status.DONE, Status.SUPERSEDED}


async def test_the_whole_message_failing_fails_each() -> None:
    it, driver = rig()
    for name in ("a", "b"):
        it.add(name)

    async def broken(commands: Sequence[SetLight]) -> Sequence[DriverError | None]:
        raise Unreachable("the stick is gone")

    driver.execute_together = broken  # type: ignore[method-assign]
    outcomes = await it.actor.apply_scene(_room(), "dim", by_person=True)
    assert {(o.status, o.reason) for o in outcomes} == {(Status.UNREACHABLE, "the stick is gone")}


async def test_what_was_not_reached_is_asked_once_more_unless_that_does_harm() -> None:
    it = Rig()
    lamp = it.add("lamp")
    it.driver.raises = Unreachable("lost")
    outcome = await it.dispatcher.execute(SetLight(lamp, level=0.5), By.PERSON)
    assert (outcome.status, len(it.driver.got)) == (Status.UNREACHABLE, 2)
    await it.dispatcher.execute(PlayMusic(lamp, 0, 0), By.PERSON)
    assert len(it.driver.got) == 3


def _room() -> RoomId:
    return RoomId(ROOM)
