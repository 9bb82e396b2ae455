"""The registry of devices, and the runner that joins a driver to the supervisor."""

import asyncio
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from drivers.mqtt import MqttDriver
from drivers.mqtt_settings import MqttSettings
from drivers.registry import NotInstalled
from drivers.shown import LONGEST
from drivers.types import (
    BadCredentials,
    Device,
    DeviceId,
    DeviceState,
    HeartSample,
    Port,
    Unreachable,
)
from hub.act.devices import LONGEST_ID, Devices
from hub.act.drivers import Drivers, run_driver
from hub.bus import Bus
from hub.clock import ManualClock, SystemClock
from hub.settings import Settings
from hub.supervisor import NeedsAttention, Service, Stage, State, Supervisor
from hub.types import ButtonPressed, RoomId
from tests.fakes.broker import Broker
from tests.hub.act_rig import LAMP, ROOM, Rig

D = DeviceId("hand:lamp")


def sample(device: str = "hand:strap") -> HeartSample:
    return HeartSample(DeviceId(device), 60, (1.0,), True, 0.0)


def test_new_changed_and_gone_devices_are_published() -> None:
    rig = Rig()
    device = rig.add("lamp", state=DeviceState(on=False))
    rig.report(device, on=True)
    rig.report(device, on=True)
    rig.port.gone(device)
    rig.port.gone(device)
    assert [(c.before is None, c.device.state.on) for c in rig.changed] == [
        (True, False),
        (False, True),
    ]
    assert [gone.device for gone in rig.gone] == [device]
    assert rig.devices.get(device) is None
    assert rig.devices.stats.announced == 3
    assert rig.devices.stats.unchanged == 1


def test_the_configured_room_counts_then_the_drivers_if_it_exists() -> None:
    rig = Rig({"rooms": {"den": {"devices": ["hand:a"]}, "hall": {}}})
    a, b, c = rig.add("a", room="hall"), rig.add("b", room="hall"), rig.add("c", room="moon")
    rooms = {d: known.room for d in (a, b, c) if (known := rig.devices.get(d))}
    assert rooms == {a: "den", b: "hall", c: None}
    assert [d.id for d in rig.devices.in_room(RoomId("den"))] == [a]
    assert [d.id for d in rig.devices.all()] == [a, b, c]


def test_a_new_configuration_moves_devices() -> None:
    rig = Rig({"rooms": {"den": {"devices": ["hand:a"]}, "hall": {}}})
    device = rig.add("a", room=None)
    rig.devices.reload(Settings.model_validate({"rooms": {"hall": {"devices": ["hand:a"]}}}))
    known = rig.devices.get(device)
    assert known
    assert known.room == "hall"
    assert rig.changed[-1].before
    assert rig.changed[-1].before.room == "den"


def test_a_driver_may_speak_of_its_own_devices_only() -> None:
    rig = Rig()
    stranger = Device(DeviceId("other:lamp"), "lamp", "other", LAMP)
    rig.port.announce(stranger)
    rig.port.announce(stranger)
    rig.port.gone(stranger.id)
    rig.port.sample(sample("other:strap"))
    assert rig.devices.all() == ()
    assert rig.samples == []
    assert rig.devices.stats.refused == 4


def test_an_id_that_cannot_be_written_down_is_refused_and_other_texts_are_mended() -> None:
    rig = Rig()
    for odd in ("hand:\x1b[1m", "hand:a\nb", "hand:\u202e", "hand:" + "a" * LONGEST_ID):
        rig.port.announce(Device(DeviceId(odd), "lamp", "hand", LAMP))
        rig.port.pressed(DeviceId(odd), "single")
    assert rig.devices.all() == ()
    assert rig.devices.stats.refused == 8
    device = rig.add("lamp")
    pressed: list[ButtonPressed] = []
    rig.bus.on(ButtonPressed, pressed.append)
    rig.port.pressed(device, "sin\x00gle" + "e" * 1000)
    assert pressed[0].action.startswith("singlee")
    assert len(pressed[0].action) <= LONGEST


def test_samples_are_handed_on_and_a_broken_taker_stops_nobody() -> None:
    rig = Rig()
    rig.port.sample(sample())
    assert rig.samples == [sample()]

    def broken(_: Any) -> None:
        raise ValueError("no")

    for taker in (broken, None):
        devices = Devices(Settings(), Bus(lambda *_: None), ManualClock(), taker)
        devices.port("hand").sample(sample())
        assert devices.stats.samples == 1


class Talkative:
    """A driver that says everything once, then fails as told."""

    name = "hand"

    def __init__(self, error: Exception | None) -> None:
        self._error = error

    async def run(self, port: Port) -> None:
        port.announce(Device(D, "lamp", "hand", LAMP, room=ROOM))
        port.sample(sample())
        port.connected()
        port.gone(D)
        if self._error is not None:
            raise self._error
        await asyncio.Event().wait()

    async def execute(self, command: Any) -> None: ...


async def test_a_connected_driver_is_healthy_and_heard() -> None:
    rig = Rig()
    service = Service("d", _idle, Stage.SOURCES, None, rig.clock)
    run = asyncio.create_task(run_driver(Talkative(None), rig.port, service))
    await asyncio.sleep(0)
    assert service.state is State.RUNNING
    assert len(rig.changed) == len(rig.gone) == len(rig.samples) == 1
    run.cancel()
    await asyncio.wait({run})


async def test_refused_credentials_need_a_person() -> None:
    rig = Rig()
    service = Service("d", _idle, Stage.SOURCES, None, rig.clock)
    with pytest.raises(NeedsAttention, match="password"):
        await run_driver(Talkative(BadCredentials("the password is wrong")), rig.port, service)


async def test_a_driver_that_ends_by_itself_is_lost_and_tried_again() -> None:
    class Short(Talkative):
        async def run(self, port: Port) -> None:
            port.connected()

    rig = Rig()
    service = Service("d", _idle, Stage.SOURCES, None, rig.clock)
    with pytest.raises(Unreachable, match="ended by itself"):
        await run_driver(Short(None), rig.port, service)


async def test_a_driver_is_made_once_in_its_service() -> None:
    rig = Rig()
    service = Service("d", _idle, Stage.SOURCES, None, rig.clock)
    drivers, made = Drivers(), []

    def make() -> Talkative:
        made.append(threading.current_thread())
        return Talkative(BadCredentials("no"))

    for _ in range(2):
        with pytest.raises(NeedsAttention, match="no"):
            await drivers.run("hand", make, rig.port, service)
    assert len(made) == 1
    assert made[0] is not threading.main_thread()
    assert "hand" in drivers


async def test_a_driver_without_its_packages_needs_a_person() -> None:
    rig = Rig()
    service = Service("d", _idle, Stage.SOURCES, None, rig.clock)

    def make() -> Talkative:
        raise NotInstalled("run: scripts/setup hub toaster")

    with pytest.raises(NeedsAttention, match="scripts/setup hub toaster"):
        await Drivers().run("hand", make, rig.port, service)


async def _idle(_: Service) -> None: ...


# The supervisor, the real driver and a real broker -------------------------------------------


async def until(what: Any, limit_s: float = 20.0) -> None:
    async with asyncio.timeout(limit_s):
        while not what():
            await asyncio.sleep(0.01)


def mqtt(broker: Broker, **more: Any) -> MqttDriver:
    lamp = {"kind": "light", "dialect": "json_light", "state_topic": "lamp"}
    given = {"port": broker.port, "devices": {"lamp": lamp}} | more
    return MqttDriver(MqttSettings.model_validate(given))


@pytest.mark.peer
@pytest.mark.slow
async def test_a_broker_that_is_gone_for_a_while_comes_back_by_itself(tmp_path: Path) -> None:
    clock = SystemClock()
    devices = Devices(Settings(), Bus(lambda *_: None), clock)
    supervisor = Supervisor(clock)
    with Broker(tmp_path) as broker:
        driver = mqtt(broker)
        service = supervisor.add(
            "mqtt", lambda s: run_driver(driver, devices.port("mqtt"), s), Stage.SOURCES
        )
        lamp = DeviceId("mqtt:lamp")

        def there() -> bool:
            known = devices.get(lamp)
            return known is not None and known.available

        await until(there)
        broker.kill()
        await until(lambda: service.state is State.WAITING)
        assert not there()
        await until(lambda: service.restarts >= 2)  # it tries again, and fails again
        broker.start()
        # Devices are announced a step before the driver calls itself healthy.
        await until(lambda: there() and service.state is State.RUNNING)
        assert await supervisor.stop() == ()


@pytest.mark.peer
async def test_a_wrong_password_is_shown_and_not_tried_again(tmp_path: Path) -> None:
    clock = SystemClock()
    devices = Devices(Settings(), Bus(lambda *_: None), clock)
    supervisor = Supervisor(clock)
    wrong = tmp_path / "password"
    wrong.write_text("guess")
    with Broker(tmp_path, password=True) as broker:
        driver = mqtt(broker, username="hub", password_file=wrong)
        service = supervisor.add(
            "mqtt", lambda s: run_driver(driver, devices.port("mqtt"), s), Stage.SOURCES
        )
        await until(lambda: service.state is State.NEEDS_ATTENTION)
        await asyncio.sleep(0.3)
        assert service.restarts == 0
        assert "password" in service.reason
        wrong.write_text("secret")
        service.retry_now()
        await until(lambda: service.state is State.RUNNING)
        await supervisor.stop()


def test_replacing_a_device_keeps_its_place() -> None:
    rig = Rig()
    first, _ = rig.add("a"), rig.add("b")
    known = rig.devices.get(first)
    assert known
    rig.port.announce(replace(known, name="renamed"))
    assert [d.name for d in rig.devices.all()] == ["renamed", "b"]
