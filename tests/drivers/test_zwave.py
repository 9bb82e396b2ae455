"""The Z-Wave driver against the real Z-Wave JS server; what devices have is asked of themselves."""

from typing import Any

import pytest

from drivers.types import (
    Colorful,
    Covers,
    DeviceId,
    Dimmable,
    Heats,
    Measures,
    Press,
    Refused,
    SetCover,
    SetLight,
    SetSwitch,
    SetTemperature,
    Switchable,
    Tunable,
    Unreachable,
)
from tests.drivers.zwave_rig import (
    BLIND,
    BUTTON,
    DOOR,
    LAMP,
    LOCK,
    PLUG,
    SENSOR,
    STRIP_1,
    STRIP_2,
    VALVE,
    driver_at,
    operate,
)
from tests.fakes.port import RememberingPort
from tests.fakes.running import running
from tests.fakes.zwave_server import ZwaveNetwork

pytestmark = [pytest.mark.peer, pytest.mark.slow]


def values(port: RememberingPort, name: str) -> Any:
    return port.state(name).values


async def test_devices_appear_with_what_they_can_do(zwave_network: ZwaveNetwork) -> None:
    async with running(driver_at(zwave_network.url)) as port:
        kinds = {
            name: {type(have) for have in found.capabilities}
            for name, found in port.devices.items()
        }
        assert kinds == {
            LAMP: {Switchable, Dimmable, Tunable, Colorful},
            PLUG: {Switchable, Measures},
            SENSOR: {Measures},
            LOCK: {Measures},
            DOOR: {Measures},
            BLIND: {Covers},
            STRIP_1: {Switchable},
            STRIP_2: {Switchable},
            BUTTON: {Measures},
            VALVE: {Heats},
        }
        lamp = port.devices[DeviceId(LAMP)]
        assert (lamp.name, lamp.info and lamp.info.suggested_room) == ("Reading lamp", "Study")
        assert lamp.available
        assert values(port, PLUG) == {"energy": 12.5, "power": 0, "voltage": 230, "current": 0.1}
        assert values(port, SENSOR)["temperature"] == pytest.approx(21.5)
        assert values(port, SENSOR)["battery"] == 80


async def test_a_command_reaches_the_device_itself(zwave_network: ZwaveNetwork) -> None:
    driver = driver_at(zwave_network.url)
    async with running(driver) as port:
        await driver.execute(SetSwitch(DeviceId(PLUG), on=True))
        assert zwave_network.state(3)["BinarySwitch_currentValue"] is True
        await port.until(lambda: port.state(PLUG).on is True)
        await driver.execute(SetSwitch(DeviceId(STRIP_2), on=True))
        await port.until(lambda: port.state(STRIP_2).on is True)
        assert port.state(STRIP_1).on is False
        await driver.execute(SetCover(DeviceId(BLIND), 0.5))
        assert zwave_network.state(7)["MultilevelSwitch_currentValue"] == 50
        await port.until(
            lambda: values(port, BLIND).get("position") == pytest.approx(0.5, abs=0.01)
        )
        await driver.execute(SetTemperature(DeviceId(VALVE), 40.0))
        assert zwave_network.state(10)["ThermostatSetpoint_setpoint_1"] == 28  # its highest
        await port.until(lambda: port.state(VALVE).target_c == 28)
        for command in (
            SetSwitch(DeviceId(PLUG), on=False),
            SetSwitch(DeviceId(STRIP_2), on=False),
        ):
            await driver.execute(command)


async def test_a_lamp_takes_level_colour_and_white(zwave_network: ZwaveNetwork) -> None:
    driver = driver_at(zwave_network.url)
    async with running(driver) as port:
        await driver.execute(SetLight(DeviceId(LAMP), level=0.6, xy=(0.64, 0.33), transition_s=1))
        await port.until(lambda: port.state(LAMP).level == pytest.approx(0.6, abs=0.01))
        await port.until(lambda: port.state(LAMP).xy == pytest.approx((0.64, 0.33), abs=0.01))
        has = zwave_network.state(2)
        assert has["MultilevelSwitch_currentValue"] == 59
        assert (has["ColorSwitch_Red"], has["ColorSwitch_Blue"]) == (255, 0)
        await driver.execute(SetLight(DeviceId(LAMP), kelvin=4000))
        await port.until(lambda: port.state(LAMP).kelvin == pytest.approx(4000, abs=30))
        has = zwave_network.state(2)
        assert has["ColorSwitch_Warm White"] + has["ColorSwitch_Cold White"] == 255
        assert (has["ColorSwitch_Red"], has["MultilevelSwitch_currentValue"]) == (0, 59)
        await driver.execute(SetLight(DeviceId(LAMP), on=False))
        await port.until(lambda: port.state(LAMP).on is False)
        assert port.state(LAMP).level == pytest.approx(0.6, abs=0.01)  # to come back to
        await driver.execute(SetSwitch(DeviceId(LAMP), on=True))
        await port.until(lambda: port.state(LAMP).on is True)
        assert zwave_network.state(2)["MultilevelSwitch_currentValue"] == 59


async def test_a_hand_at_the_switch_and_sensors_are_seen(zwave_network: ZwaveNetwork) -> None:
    async with running(driver_at(zwave_network.url)) as port:
        zwave_network.do("switch", node=3, on=True)
        await port.until(lambda: port.state(PLUG).on is True)
        zwave_network.do("switch", node=3, on=False)
        zwave_network.do("sensor", node=4, type=1, scale=1, value=68)
        zwave_network.do("binary", node=4, type=12, value=True)
        zwave_network.do("meter", node=3, scale=2, value=60)
        zwave_network.do("battery", node=4, level=15, low=False)
        await port.until(lambda: values(port, SENSOR)["battery"] == 15)
        await port.until(lambda: values(port, PLUG)["power"] == 60)
        assert values(port, SENSOR)["motion"] is True
        zwave_network.do("notify", node=6, type=6, event=0x16)
        await port.until(lambda: values(port, DOOR).get("contact") is True)
        zwave_network.do("notify", node=6, type=6, event=0x17)
        zwave_network.do("notify", node=6, type=7, event=8)
        zwave_network.do("notify", node=6, type=5, event=2)
        await port.until(lambda: values(port, DOOR).get("leak") is True)
        assert (values(port, DOOR)["contact"], values(port, DOOR)["motion"]) == (False, True)
        zwave_network.do("press", node=9, scene=1, key=0, sequence=1)
        zwave_network.do("press", node=9, scene=2, key=3, sequence=2)
        await port.until(lambda: len(port.presses) == 2)
        assert port.presses == [(BUTTON, "single"), (BUTTON, "2_double")]
        zwave_network.do("sensor", node=4, type=1, scale=0, value=21.5)
        await port.until(lambda: values(port, SENSOR)["temperature"] == pytest.approx(21.5))


async def test_a_lock_is_read_and_never_operated(zwave_network: ZwaveNetwork) -> None:
    driver = driver_at(zwave_network.url)
    async with running(driver) as port:
        zwave_network.do("lock", node=5, locked=True)
        await port.until(lambda: values(port, LOCK)["locked"] is True)
        lock = DeviceId(LOCK)
        for command in (SetSwitch(lock, on=False), SetCover(lock, 1.0), Press(lock)):
            with pytest.raises(Refused):
                await driver.execute(command)
        assert "DoorLockCCOperationSet" not in zwave_network.do("received", node=5)
        assert zwave_network.state(5)["DoorLock_currentMode"] == 255


@pytest.mark.fault("vanished")
async def test_a_device_out_of_reach_is_told_and_comes_back(zwave_network: ZwaveNetwork) -> None:
    driver = driver_at(zwave_network.url)
    async with running(driver) as port:
        zwave_network.do("lose", node=7)
        try:
            with pytest.raises(Unreachable):
                await driver.execute(SetCover(DeviceId(BLIND), 0.2))
            await port.until(lambda: not port.devices[DeviceId(BLIND)].available)
            said: list[str] = []
            assert await operate(driver, "ping", said, device=BLIND) == {"answers": False}
        finally:
            zwave_network.do("find", node=7)
        assert await operate(driver, "ping", said, device=BLIND) == {"answers": True}
        await port.until(lambda: port.devices[DeviceId(BLIND)].available)
