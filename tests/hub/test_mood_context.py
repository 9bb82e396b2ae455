"""The hour, the sun and who is there."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from drivers.types import Device, DeviceId, DeviceState
from hub.act.devices import Devices
from hub.act.known_devices import KnownDevices
from hub.clock import ManualClock
from hub.mood.context import SEEN_S, Surroundings, says_yes
from hub.settings import Home, Room, Settings
from hub.types import DeviceChanged, DeviceGone
from models.evidence import check
from models.types import Sense
from tests.hub.mood_helpers import HALL, ROOM, Recorder, reading, sensed
from tests.hub.store_support import opened

BERLIN = Home(latitude=52.52, longitude=13.40)
SETTINGS = Settings(home=BERLIN, rooms={"den": Room(devices=("mqtt:motion",)), "hall": Room()})
NOON = datetime(2026, 6, 21, 11, 0, tzinfo=UTC).timestamp()


def motion(
    value: float | bool | str,
    *,
    id_: str = "mqtt:motion",
    room: str | None = "den",
    available: bool = True,
) -> DeviceChanged:
    state = DeviceState(values={"occupancy": value, "battery": 90})
    device = Device(DeviceId(id_), "Motion", "mqtt", (), state, room=room, available=available)
    return DeviceChanged(device, None, 0.0)


def at(moment: float, settings: Settings = SETTINGS) -> tuple[Recorder, ManualClock, Surroundings]:
    recorder, clock = Recorder(), ManualClock(moment)
    return recorder, clock, Surroundings(settings, recorder.bus, clock)


def test_the_hour_is_local_and_counts_from_midnight() -> None:
    _, clock, surroundings = at(NOON)
    assert surroundings.facts(ROOM).minutes == 11 * 60
    clock.jump_wall(13 * 3600 - 60)
    assert surroundings.facts(ROOM).minutes == 24 * 60 - 1


@pytest.mark.parametrize(
    ("moment", "up"),
    [
        # Almanac times for Berlin: sunrise 04:43, sunset 21:33 local (UTC+2) on 21 June 2026;
        # 08:15 and 15:54 (UTC+1) on 21 December.
        (datetime(2026, 6, 21, 2, 38, tzinfo=UTC), False),
        (datetime(2026, 6, 21, 2, 48, tzinfo=UTC), True),
        (datetime(2026, 6, 21, 19, 28, tzinfo=UTC), True),
        (datetime(2026, 6, 21, 19, 38, tzinfo=UTC), False),
        (datetime(2026, 12, 21, 7, 10, tzinfo=UTC), False),
        (datetime(2026, 12, 21, 7, 20, tzinfo=UTC), True),
        (datetime(2026, 12, 21, 14, 49, tzinfo=UTC), True),
        (datetime(2026, 12, 21, 14, 59, tzinfo=UTC), False),
    ],
)
def test_the_sun_is_where_the_almanac_says(moment: datetime, up: bool) -> None:
    assert at(moment.timestamp())[2].facts(ROOM).sun_up is up


def test_the_sun_follows_the_clock_even_backwards() -> None:
    _, clock, surroundings = at(NOON)
    assert surroundings.facts(ROOM).sun_up is True
    clock.jump_wall(-10 * 3600)
    assert surroundings.facts(ROOM).sun_up is False
    clock.jump_wall(10 * 365 * 86_400)
    assert surroundings.facts(ROOM).sun_up is not None


def test_without_a_place_nothing_is_known_of_the_sun() -> None:
    _, _, surroundings = at(NOON, Settings(rooms=SETTINGS.rooms))
    assert surroundings.facts(ROOM).sun_up is None
    surroundings.reload(SETTINGS)
    assert surroundings.facts(ROOM).sun_up is True


def test_presence_is_unknown_until_a_sensor_or_a_face_says_so() -> None:
    recorder, clock, surroundings = at(NOON)
    assert surroundings.facts(ROOM).presence is None
    recorder.bus.publish(motion(False))
    assert surroundings.facts(ROOM).presence is False
    assert surroundings.facts(HALL).presence is None
    recorder.bus.publish(sensed(reading(), clock.monotonic()))
    assert surroundings.facts(ROOM).presence is True
    clock.advance(SEEN_S + 1.0)
    assert surroundings.facts(ROOM).presence is False
    recorder.bus.publish(motion(True))
    assert surroundings.facts(ROOM).presence is True
    assert recorder.errors == []


def test_a_text_is_no_proof_of_presence() -> None:
    recorder, clock, surroundings = at(NOON)
    recorder.bus.publish(sensed(reading(Sense.TEXT), clock.monotonic()))
    assert surroundings.facts(ROOM).presence is None


def test_one_sensor_of_two_is_enough_and_a_dead_or_removed_one_says_nothing() -> None:
    recorder, _, surroundings = at(NOON)
    recorder.bus.publish(motion(True, id_="mqtt:radar", room="den"))
    recorder.bus.publish(motion(False))
    assert surroundings.facts(ROOM).presence is True
    recorder.bus.publish(motion(True, id_="mqtt:radar", room="den", available=False))
    assert surroundings.facts(ROOM).presence is False
    recorder.bus.publish(DeviceGone(DeviceId("mqtt:motion"), 0.0))
    assert surroundings.facts(ROOM).presence is None


def test_a_sensor_that_moved_says_nothing_of_where_it_was() -> None:
    recorder, clock, surroundings = at(NOON)
    devices = Devices(SETTINGS, recorder.bus, clock)
    devices.port("mqtt").announce(motion(True, room=None).device)
    assert surroundings.facts(ROOM).presence is True
    rooms = {"den": Room(), "hall": Room(devices=("mqtt:motion",))}
    moved = SETTINGS.model_copy(update={"rooms": rooms})
    devices.reload(moved)  # in the order of the hub's own reload
    surroundings.reload(moved)
    assert surroundings.facts(ROOM).presence is None
    assert surroundings.facts(HALL).presence is True


async def test_a_sensor_counts_where_a_person_put_it(tmp_path: Path) -> None:
    recorder, clock, surroundings = at(NOON)
    async with opened(tmp_path / "s", clock) as store:
        known = KnownDevices(store.config, clock)
        devices = Devices(SETTINGS, recorder.bus, clock, known=known)
        devices.port("mqtt").announce(motion(True, room=None).device)
        await known.give(DeviceId("mqtt:motion"), "ada", room=HALL)
        devices.refresh(DeviceId("mqtt:motion"))
    assert surroundings.facts(ROOM).presence is None
    assert surroundings.facts(HALL).presence is True


def test_devices_without_presence_or_room_are_passed_over() -> None:
    recorder, _, surroundings = at(NOON)
    recorder.bus.publish(motion(True, id_="mqtt:stray", room=None))
    lamp = Device(DeviceId("mqtt:lamp"), "Lamp", "mqtt", (), room="den")
    recorder.bus.publish(DeviceChanged(lamp, None, 0.0))
    assert surroundings.facts(ROOM).presence is None
    assert recorder.errors == []


@pytest.mark.parametrize(
    ("value", "yes"),
    [(True, True), (False, False), (1, True), (0.0, False), (" ON ", True), ("clear", False)],
)
def test_what_sensors_mean(value: float | bool | str, yes: bool) -> None:
    assert says_yes(value) is yes


def test_the_weak_prior_of_the_hour() -> None:
    _, _, surroundings = at(NOON)
    said = surroundings.reading(ROOM)
    check(said)
    assert said.sense is Sense.CONTEXT
