"""Commands reach their driver one at a time a device, and each comes back with an outcome."""

import asyncio
from typing import Any

import pytest

from drivers.types import (
    BadPayload,
    DeviceId,
    DeviceState,
    Dimmable,
    Refused,
    SetLight,
    SetSwitch,
    Status,
    Unreachable,
)
from hub.act import dispatch
from hub.act.dispatch import By
from hub.act.lane import MAX_WAITING
from hub.clock import SystemClock
from tests.hub.act_rig import Rig, turns


@pytest.fixture
def rig() -> Rig:
    return Rig()


def on(device: DeviceId, level: float = 1.0) -> SetLight:
    return SetLight(device, level=level)


async def start(rig: Rig, command: Any, by: By = By.AUTOMATION) -> "asyncio.Task[Any]":
    task = asyncio.create_task(rig.dispatcher.execute(command, by))
    await turns()
    return task


async def test_a_command_is_done_and_published(rig: Rig) -> None:
    lamp = rig.add("lamp")
    outcome = await rig.dispatcher.execute(on(lamp), By.AUTOMATION, decision_id=7)
    assert outcome.status is Status.DONE
    assert outcome.reason == ""
    assert rig.driver.got == [on(lamp)]
    assert [(a.decision_id, a.outcome) for a in rig.acted] == [(7, outcome)]
    assert rig.dispatcher.outcomes[Status.DONE] == 1


@pytest.mark.parametrize(
    ("raised", "status", "reason"),
    [
        (Refused("no"), Status.REFUSED, "no"),
        (Unreachable("away"), Status.UNREACHABLE, "away"),
        (BadPayload("nonsense"), Status.FAILED, "nonsense"),
        (ZeroDivisionError("oops"), Status.FAILED, "ZeroDivisionError in the driver"),
    ],
)
async def test_what_a_driver_raises_becomes_an_outcome(
    rig: Rig, raised: Exception, status: Status, reason: str
) -> None:
    lamp = rig.add("lamp")
    rig.driver.raises = raised
    outcome = await rig.dispatcher.execute(on(lamp), By.AUTOMATION)
    assert (outcome.status, outcome.reason) == (status, reason)
    rig.driver.raises = None
    assert (await rig.dispatcher.execute(on(lamp), By.AUTOMATION)).status is Status.DONE


async def test_unknown_devices_and_drivers_are_refused(rig: Rig) -> None:
    outcome = await rig.dispatcher.execute(on(DeviceId("hand:none")), By.PERSON)
    assert outcome.status is Status.REFUSED
    assert "hand:none" in outcome.reason
    lamp = rig.add("lamp")
    rig.dispatcher._drivers = {}
    assert (await rig.dispatcher.execute(on(lamp), By.PERSON)).status is Status.REFUSED


async def test_an_unavailable_device_is_unreachable_at_once(rig: Rig) -> None:
    lamp = rig.add("lamp", available=False)
    outcome = await rig.dispatcher.execute(on(lamp), By.PERSON)
    assert outcome.status is Status.UNREACHABLE
    assert rig.driver.got == []


async def test_a_driver_that_does_not_answer_runs_out_of_time(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatch, "DEADLINE_S", 0.05)
    rig.driver.holds = True
    lamp = rig.add("lamp")
    outcome = await rig.dispatcher.execute(on(lamp), By.PERSON)
    assert (outcome.status, outcome.reason) == (Status.TIMEOUT, "no answer within 0.05 s")
    assert rig.driver.cancelled == [on(lamp)]


async def test_time_is_measured() -> None:
    rig = Rig(clock=SystemClock())
    lamp = rig.add("lamp")
    rig.driver.holds = True
    task = await start(rig, on(lamp))
    await asyncio.sleep(0.02)
    rig.driver.finish()
    assert (await task).took_ms >= 20


async def test_a_newer_automatic_command_supersedes_the_older(rig: Rig) -> None:
    lamp = rig.add("lamp")
    rig.driver.holds = True
    first = await start(rig, on(lamp, 0.1))
    second = await start(rig, on(lamp, 0.2))
    assert (await first).status is Status.SUPERSEDED
    assert rig.driver.cancelled == [on(lamp, 0.1)]
    rig.driver._waiting.pop(0)
    rig.driver.finish()
    assert (await second).status is Status.DONE
    assert rig.dispatcher.overtaken == 0  # the device may have got the first


async def test_however_fast_they_come_the_newest_reaches_the_driver(rig: Rig) -> None:
    lamp = rig.add("lamp")
    rig.driver.holds = True
    tasks = []
    for number in range(100):  # a new one in every turn of the loop: nobody may starve
        command = on(lamp, number / 100)
        tasks.append(asyncio.create_task(rig.dispatcher.execute(command, By.AUTOMATION)))
        await asyncio.sleep(0)
    await turns()
    assert len(rig.driver.got) == 100
    rig.driver._waiting[-1].set()
    statuses = [outcome.status for outcome in await asyncio.gather(*tasks)]
    assert statuses == [Status.SUPERSEDED] * 99 + [Status.DONE]


async def test_another_device_does_not_wait(rig: Rig) -> None:
    slow, quick = rig.add("slow"), rig.add("quick")
    rig.driver.holds = True
    waiting = await start(rig, on(slow))
    rig.driver.holds = False
    assert (await rig.dispatcher.execute(on(quick), By.AUTOMATION)).status is Status.DONE
    rig.driver.finish()
    assert (await waiting).status is Status.DONE


async def test_a_person_takes_the_place_of_automation(rig: Rig) -> None:
    lamp = rig.add("lamp")
    rig.driver.holds = True
    automatic = await start(rig, on(lamp, 0.1))
    person = await start(rig, on(lamp, 0.9), By.PERSON)
    assert (await automatic).status is Status.SUPERSEDED
    rig.driver._waiting.pop(0)
    rig.driver.finish()
    assert (await person).status is Status.DONE


async def test_a_persons_commands_are_all_carried_out_in_order(rig: Rig) -> None:
    lamp = rig.add("lamp")
    rig.driver.holds = True
    levels = (0.1, 0.2, 0.3)
    tasks = [await start(rig, on(lamp, level), By.PERSON) for level in levels]
    assert rig.driver.got == [on(lamp, 0.1)]
    for task in tasks:
        rig.driver.finish()
        assert (await task).status is Status.DONE
        await turns()
    assert rig.driver.got == [on(lamp, level) for level in levels]


async def test_automation_waits_for_a_person_and_only_the_newest_of_it(rig: Rig) -> None:
    lamp = rig.add("lamp")
    rig.driver.holds = True
    person = await start(rig, on(lamp, 0.9), By.PERSON)
    old = await start(rig, on(lamp, 0.1))
    new = await start(rig, on(lamp, 0.2))
    assert (await old).status is Status.SUPERSEDED
    assert rig.dispatcher.overtaken == 1  # never handed to the driver
    rig.driver.finish()
    assert (await person).status is Status.DONE
    await turns()
    rig.driver.finish()
    assert (await new).status is Status.DONE
    assert rig.driver.got == [on(lamp, 0.9), on(lamp, 0.2)]


async def test_automation_does_not_wait_for_a_person_for_ever(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    lamp = rig.add("lamp")
    rig.driver.holds = True
    person = await start(rig, on(lamp, 0.9), By.PERSON)
    monkeypatch.setattr(dispatch, "DEADLINE_S", 0.05)
    outcome = await rig.dispatcher.execute(on(lamp, 0.1), By.AUTOMATION)
    assert outcome.status is Status.TIMEOUT
    assert "turn" in outcome.reason
    rig.driver.finish()
    assert (await person).status is Status.DONE


async def test_too_many_waiting_commands_of_a_person_are_refused_not_lost(rig: Rig) -> None:
    lamp = rig.add("lamp")
    rig.driver.holds = True
    tasks = [await start(rig, on(lamp), By.PERSON) for _ in range(MAX_WAITING + 2)]
    outcome = await tasks[-1]
    assert outcome.status is Status.REFUSED
    assert str(MAX_WAITING) in outcome.reason
    for task in tasks[:-1]:
        rig.driver.finish()
        assert (await task).status is Status.DONE
        await turns()


async def test_cancelled_callers_are_cancelled_and_the_lane_goes_on(rig: Rig) -> None:
    lamp = rig.add("lamp")
    rig.driver.holds = True
    running = await start(rig, on(lamp, 0.1), By.PERSON)
    waiting = await start(rig, on(lamp, 0.2), By.PERSON)
    waiting_too = await start(rig, on(lamp, 0.3))
    last = await start(rig, on(lamp, 0.4), By.PERSON)
    for task in (waiting, waiting_too, running):
        task.cancel()
    await turns()
    assert running.cancelled()
    assert waiting.cancelled()
    assert waiting_too.cancelled()
    assert rig.driver.got == [on(lamp, 0.1), on(lamp, 0.4)]
    rig.driver._waiting.pop(0)
    rig.driver.finish()
    assert (await last).status is Status.DONE


async def test_superseding_and_cancelling_at_once_is_cancelling(rig: Rig) -> None:
    lamp = rig.add("lamp")
    rig.driver.holds = True
    first = await start(rig, on(lamp, 0.1))
    second = asyncio.create_task(rig.dispatcher.execute(on(lamp, 0.2), By.AUTOMATION))
    await asyncio.sleep(0)
    first.cancel()
    await turns()
    assert first.cancelled()
    second.cancel()
    await turns()


async def test_a_device_that_goes_while_its_command_waits_is_unreachable(rig: Rig) -> None:
    lamp = rig.add("lamp")
    rig.driver.holds = True
    first = await start(rig, on(lamp, 0.1), By.PERSON)
    second = await start(rig, on(lamp, 0.2), By.PERSON)
    rig.port.gone(lamp)
    rig.driver.finish()
    assert (await first).status is Status.DONE
    assert (await second).status is Status.UNREACHABLE


STEPPED = (Dimmable(steps=100, fades=False),)


async def test_a_lamp_that_cannot_fade_is_led_in_steps(rig: Rig) -> None:
    lamp = rig.add("lamp", STEPPED, DeviceState(on=True, level=0.0))
    outcome = await rig.dispatcher.execute(
        SetLight(lamp, level=0.3, transition_s=0.6), By.AUTOMATION
    )
    assert outcome.status is Status.DONE
    assert outcome.command == SetLight(lamp, level=0.3, transition_s=0.6)
    levels = [command.level for command in rig.driver.got if isinstance(command, SetLight)]
    assert levels == pytest.approx([0.1, 0.2, 0.3])
    assert len(rig.acted) == 1


@pytest.mark.parametrize("by", [By.AUTOMATION, By.PERSON])
async def test_what_remains_of_a_fade_gives_way_to_a_person(rig: Rig, by: By) -> None:
    lamp = rig.add("lamp", STEPPED, DeviceState(on=True, level=0.0))
    fade = await start(rig, SetLight(lamp, level=1.0, transition_s=60), by)
    off = SetSwitch(lamp, on=False)
    assert (await rig.dispatcher.execute(off, By.PERSON)).status is Status.DONE
    assert (await fade).status is Status.SUPERSEDED
    assert len(rig.driver.got) == 2


async def test_a_persons_fade_does_not_give_way_to_automation(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    lamp = rig.add("lamp", STEPPED, DeviceState(on=True, level=0.0))
    fade = await start(rig, SetLight(lamp, level=0.5, transition_s=0.4), By.PERSON)
    automatic = await start(rig, SetSwitch(lamp, on=False))
    assert (await fade).status is Status.DONE
    assert (await automatic).status is Status.DONE
    assert rig.driver.got[-1] == SetSwitch(lamp, on=False)
