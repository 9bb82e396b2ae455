"""Deciding goes on over a reload, sleeps while nothing happens, and costs little."""

import asyncio
import contextlib
import time

import pytest

from drivers.types import Device, DeviceId, DeviceState
from hub.clock import ManualClock, SystemClock
from hub.decide.engine import Decider
from hub.mood.context import Facts
from hub.types import (
    Decision,
    DeviceChanged,
    ManualChange,
)
from tests.hub.decide_rig import LOW, MOTION, MOVED, Rules, house, settings
from tests.hub.mood_helpers import HALL, ROOM, Recorder, service


def test_reload_keeps_dwell_and_cooldown_of_rules_that_did_not_change(clock: ManualClock) -> None:
    rules: Rules = {
        "enter": {"when": MOVED, "cooldown_s": 600},
        "soften": {"when": LOW, "for_s": 60, "room": "hall"},
        "gone": {"when": LOW},
    }
    home = house(clock, rules)
    home.sense(value=False)
    home.sense(value=True)
    home.feel(-0.5, room=HALL)
    assert home.decided == ["enter"]
    clock.advance(30.0)
    del rules["gone"]
    rules["added"] = {"when": MOVED}
    home.feel(-0.5, room=HALL)
    home.decider.reload(settings(rules))
    home.decider.tick()
    home.sense(value=False)
    home.sense(value=True)
    # The new rule was found true, then became true; the old one still cools down.
    assert home.decided == ["added"]
    assert home.held[0][:2] == ("enter", "cooldown")
    clock.advance(30.0)
    home.feel(-0.5, room=HALL)
    home.feel(-0.5)
    assert home.decided == ["soften"]


def test_a_changed_rule_starts_anew_and_manual_overrides_outlive_a_reload(
    clock: ManualClock,
) -> None:
    home = house(clock, {"soften": {"when": LOW, "cooldown_s": 600}})
    home.feel(-0.5)
    home.recorder.bus.publish(ManualChange(ROOM, DeviceId("mqtt:lamp"), clock.monotonic()))
    assert home.decided == ["soften"]
    home.decider.reload(settings({"soften": {"when": LOW, "cooldown_s": 0}}))
    home.feel(-0.5)
    assert home.held[-1][:2] == ("soften", "manual_override")
    home.decider.reload(settings({}))
    home.feel(-0.5)
    home.sense(value=True)
    assert home.decided == []


def test_a_hand_in_a_room_without_rules_is_remembered(clock: ManualClock) -> None:
    home = house(clock, {})
    home.recorder.bus.publish(ManualChange(ROOM, DeviceId("mqtt:lamp"), clock.monotonic()))
    home.decider.reload(settings({"soften": {"when": LOW}}))
    home.feel(-0.5)
    assert home.decided == []


async def test_run_wakes_for_dwell_and_otherwise_sleeps() -> None:
    clock = SystemClock()
    recorder = Recorder(Decision)
    devices: dict[DeviceId, Device] = {}
    rules: Rules = {"soon": {"when": MOVED, "for_s": 0.2}, "late": {"when": LOW}}
    decider = Decider(
        settings(rules), recorder.bus, clock, lambda _: Facts(0, None, None), devices.get
    )
    running = asyncio.ensure_future(decider.run(service(clock)))

    def sense(value: bool) -> None:
        before = devices.get(MOTION)
        state = DeviceState(values={"occupancy": value})
        devices[MOTION] = Device(MOTION, "Motion", "mqtt", (), state)
        recorder.bus.publish(DeviceChanged(devices[MOTION], before, clock.monotonic()))

    try:
        await asyncio.sleep(0.05)
        cpu = time.process_time()
        await asyncio.sleep(0.3)
        assert time.process_time() - cpu < 0.1
        sense(value=False)
        sense(value=True)
        started = clock.monotonic()
        async with asyncio.timeout(5.0):
            while not recorder.events:
                await asyncio.sleep(0.005)
        assert 0.19 <= clock.monotonic() - started < 5.0
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running


@pytest.mark.parametrize("what", ["other device", "same value", "other value"])
def test_events_that_change_nothing_cost_less_than_100_us(clock: ManualClock, what: str) -> None:
    rules: Rules = {
        f"rule_{i}": {"when": {"sensor": {"device": f"mqtt:d{i}", "kind": "k", "above": 5}}}
        for i in range(200)
    }
    home = house(clock, rules)
    device = DeviceId("mqtt:other" if what == "other device" else "mqtt:d7")

    def report(value: float) -> DeviceChanged:
        state = DeviceState(values={"k": value})
        home.devices[device] = Device(device, "D", "mqtt", (), state)
        return DeviceChanged(home.devices[device], before, 0.0)

    before: Device | None = None
    event = report(1.0)
    home.recorder.bus.publish(event)
    before = home.devices[device]
    event = report(1.0 if what == "same value" else 2.0)
    publish = home.recorder.bus.publish
    best = float("inf")
    for _ in range(20):
        start = time.perf_counter()
        for _ in range(20):
            publish(event)
        best = min(best, (time.perf_counter() - start) / 20)
    assert best < 2e-3  # a guard against work for every device; scripts/bench has the figure
    assert home.decided == []
