"""What people give a device, and when it was seen, outlive restarts and new sticks."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from drivers.types import Device, DeviceId, HeartSample, SetSwitch, Status
from hub.act.devices import Devices
from hub.act.dispatch import By, Dispatcher
from hub.act.known_devices import MOST_DEVICES, NOWHERE, KnownDevices
from hub.act.override import Overrides
from hub.bus import Bus
from hub.clock import ManualClock
from hub.settings import Settings
from hub.types import ButtonPressed, DeviceChanged, DeviceGone
from tests.hub.act_rig import LAMP, HandDriver
from tests.hub.store_support import opened

D = DeviceId("hand:0x12")
DEVICE = Device(D, "TRADFRI bulb", "hand", LAMP, room="hall")
SETTINGS = Settings.model_validate({"rooms": {"den": {}, "hall": {}}})


class Home:
    """The registry over a real store."""

    def __init__(self, known: KnownDevices, clock: ManualClock) -> None:
        self.known = known
        self.bus = Bus(lambda _, err: pytest.fail(str(err)))
        self.samples: list[object] = []
        self.devices = Devices(SETTINGS, self.bus, clock, self.samples.append, known)
        self.driver = HandDriver()
        self.dispatcher = Dispatcher(
            {"hand": self.driver}, self.devices, Overrides(self.bus, clock), self.bus, clock
        )
        self.port = self.devices.port("hand")
        self.events: list[object] = []
        for kind in (DeviceChanged, DeviceGone, ButtonPressed):
            self.bus.on(kind, self.events.append)

    async def give(self, **changes: str | bool | None) -> None:
        await self.known.give(D, "person", **changes)
        self.devices.refresh(D)

    @property
    def device(self) -> Device:
        device = self.devices.get(D)
        assert device is not None
        return device


@asynccontextmanager
async def home(directory: Path, clock: ManualClock) -> AsyncIterator[Home]:
    async with opened(directory, clock) as store:
        known = KnownDevices(store.config, clock)
        yield Home(known, clock)
        await known.save()


async def test_names_and_rooms_hold_over_a_restart_and_while_a_device_is_away(
    tmp_path: Path,
) -> None:
    clock = ManualClock()
    async with home(tmp_path, clock) as first:
        first.port.announce(DEVICE)
        assert (first.device.name, first.device.room) == ("TRADFRI bulb", "hall")
        await first.give(name="Reading lamp", room="den")
        assert (first.device.name, first.device.room) == ("Reading lamp", "den")
        since = first.known.seen(D)
    clock.advance(3600)
    async with home(tmp_path, clock) as second:
        assert second.devices.get(D) is None
        assert second.known.seen(D) == since
        second.port.announce(DEVICE)
        assert (second.device.name, second.device.room) == ("Reading lamp", "den")
        seen = second.known.seen(D)
        assert seen is not None
        assert since is not None
        assert (seen.first_ms, seen.last_ms) == (since.first_ms, since.last_ms + 3_600_000)
        await second.give(name=None, room=NOWHERE)
        assert (second.device.name, second.device.room) == ("TRADFRI bulb", None)
        await second.give(room=None)
        assert second.device.room == "hall"


async def test_a_disabled_device_is_left_alone_in_every_way(tmp_path: Path) -> None:
    async with home(tmp_path, ManualClock()) as it:
        it.port.announce(DEVICE)
        await it.give(disabled=True)
        assert it.devices.get(D) is None
        assert isinstance(it.events[-1], DeviceGone)
        told = len(it.events)
        it.port.announce(replace(DEVICE, available=False))
        it.port.pressed(D, "single")
        it.port.sample(HeartSample(D, 60, (), None, 0.0))
        assert len(it.events) == told
        assert it.samples == []
        outcome = await it.dispatcher.execute(SetSwitch(D, on=True), By.PERSON)
        assert (outcome.status, outcome.reason) == (
            Status.REFUSED,
            f"the device {D} is disabled",
        )
        assert it.driver.got == []
        await it.give(disabled=False)
        assert it.device.available is False


async def test_a_disabled_device_keeps_its_room_and_name(tmp_path: Path) -> None:
    async with home(tmp_path, ManualClock()) as it:
        it.port.announce(DEVICE)
        await it.give(disabled=True)
        told = it.devices.told(D)
        assert told
        assert it.devices.settled(told) == DEVICE
        await it.give(name="Reading lamp", room="den")
        settled = it.devices.settled(told)
        assert (settled.name, settled.room) == ("Reading lamp", "den")
        await it.give(room=NOWHERE)
        assert it.devices.settled(told).room is None


async def test_forgetting_takes_everything(tmp_path: Path) -> None:
    clock = ManualClock()
    async with home(tmp_path, clock) as it:
        it.port.announce(DEVICE)
        await it.give(name="Lamp")
        it.port.gone(D)
        assert it.devices.absent(D).endswith("has not been seen since the start")
        await it.known.forget(D, "person")
        assert it.devices.absent(D) == f"there is no device {D}"
    async with home(tmp_path, clock) as again:
        assert (again.known.given(D), again.known.seen(D)) == (None, None)


async def test_of_very_many_devices_the_longest_unseen_are_dropped(tmp_path: Path) -> None:
    clock = ManualClock()
    async with home(tmp_path, clock) as it:
        for number in range(MOST_DEVICES + 5):
            clock.advance(2)
            it.port.announce(replace(DEVICE, id=DeviceId(f"hand:{number}")))
    async with home(tmp_path, clock) as again:
        assert len(tuple(again.known.all())) == MOST_DEVICES
        assert again.known.seen(DeviceId("hand:4")) is None
        assert again.known.seen(DeviceId("hand:5")) is not None


async def test_notes_that_make_no_sense_are_passed_over(tmp_path: Path) -> None:
    clock = ManualClock()
    async with opened(tmp_path, clock) as store:
        await store.config.set(f"device {D}", {"colour": "red"}, "person")
        await store.config.set("devices seen hand", {D: [1]}, "person")
        await store.config.set("device x", 7, "person")
        known = KnownDevices(store.config, clock)
        assert (known.given(D), known.seen(D)) == (None, None)


async def test_two_who_change_different_things_at_once_are_both_heard(
    state: Path, clock: ManualClock
) -> None:
    async with home(state, clock) as house:
        house.port.announce(DEVICE)
        await asyncio.gather(
            house.give(name="Reading lamp"), house.give(room="den"), house.give(hidden=True)
        )
        assert (house.device.name, house.device.room) == ("Reading lamp", "den")
        given = house.known.given(D)
        assert given is not None
        assert given.hidden
