import asyncio
import functools

import pytest

from drivers.types import DeviceId
from hub.bus import Bus
from hub.types import DeviceGone, ManualChange, RoomId


def gone(name: str) -> DeviceGone:
    return DeviceGone(DeviceId(name), 0.0)


@pytest.fixture
def errors() -> list[tuple[str, Exception]]:
    return []


@pytest.fixture
def bus(errors: list[tuple[str, Exception]]) -> Bus:
    return Bus(lambda where, err: errors.append((where, err)))


async def test_a_subscriber_gets_only_its_kinds_in_order(bus: Bus) -> None:
    queue = bus.subscribe("reader", DeviceGone)
    bus.publish(gone("a"))
    bus.publish(ManualChange(RoomId("r"), DeviceId("x"), 0.0))
    bus.publish(gone("b"))
    assert await queue.batch() == [gone("a"), gone("b")]
    assert queue.take_all() == []


async def test_a_full_queue_loses_the_oldest_and_counts(bus: Bus) -> None:
    queue = bus.subscribe("slow", DeviceGone, size=2)
    for name in "abcde":
        bus.publish(gone(name))
    assert queue.take_all() == [gone("d"), gone("e")]
    assert bus.drops() == {"slow": 3}


async def test_batch_waits_until_something_is_there(bus: Bus) -> None:
    queue = bus.subscribe("reader", DeviceGone)
    waiting = asyncio.ensure_future(queue.batch())
    await asyncio.sleep(0)
    assert not waiting.done()
    bus.publish(gone("a"))
    assert await asyncio.wait_for(waiting, 10) == [gone("a")]


async def test_iteration_yields_one_by_one(bus: Bus) -> None:
    queue = bus.subscribe("reader", DeviceGone)
    bus.publish(gone("a"))
    bus.publish(gone("b"))
    seen = []
    async for event in queue:
        seen.append(event)
        if len(seen) == 2:
            break
    assert seen == [gone("a"), gone("b")]


async def test_a_failing_handler_stops_neither_others_nor_queues(
    bus: Bus, errors: list[tuple[str, Exception]]
) -> None:
    seen: list[DeviceGone] = []

    def bad(_event: DeviceGone) -> None:
        raise ValueError("broken")

    bus.on(DeviceGone, bad)
    bus.on(DeviceGone, seen.append)
    queue = bus.subscribe("reader", DeviceGone)
    bus.publish(gone("a"))
    assert seen == [gone("a")]
    assert queue.take_all() == [gone("a")]
    ((where, err),) = errors
    assert "DeviceGone" in where
    assert str(err) == "broken"


async def test_a_failing_handler_without_a_name_stops_nobody_either(
    bus: Bus, errors: list[tuple[str, Exception]]
) -> None:
    seen: list[DeviceGone] = []

    def bad(_name: str, _event: DeviceGone) -> None:
        raise ValueError("broken")

    bus.on(DeviceGone, functools.partial(bad, "one"))
    bus.on(DeviceGone, seen.append)
    bus.publish(gone("a"))
    assert seen == [gone("a")]
    ((where, _),) = errors
    assert "bad" in where


async def test_the_drops_of_two_queues_of_one_name_are_added_up(bus: Bus) -> None:
    for size in (1, 2):
        bus.subscribe("phones", DeviceGone, ManualChange, size=size)
    for name in "abcd":
        bus.publish(gone(name))
    assert bus.drops() == {"phones": 3 + 2}


async def test_unsubscribed_queues_receive_nothing(bus: Bus) -> None:
    queue = bus.subscribe("reader", DeviceGone, ManualChange)
    bus.unsubscribe(queue)
    bus.publish(gone("a"))
    assert queue.take_all() == []
    assert bus.drops() == {}
    assert bus.published == 1
