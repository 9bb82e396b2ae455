"""What Z-Wave values mean, without a network: nodes as the server describes them."""

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zwave_js_server.model.node import Node

from drivers.types import (
    Colorful,
    Covers,
    Device,
    DeviceId,
    DeviceState,
    Dimmable,
    Heats,
    Measures,
    Refused,
    SetCover,
    SetLight,
    SetOption,
    SetSwitch,
    SetTemperature,
    Switchable,
    Tunable,
)
from drivers.zwave_commands import settings_for
from drivers.zwave_parts import parts_of, state_of, whites


def value(command_class: int, name: str, now: Any = None, **more: Any) -> dict[str, Any]:
    about = {"type": "number", "readable": True, "writeable": True} | more.pop("about", {})
    return {
        "commandClass": command_class,
        "commandClassName": "",
        "property": name,
        "propertyName": name,
        "endpoint": 0,
        "ccVersion": 1,
        "metadata": about,
        "value": now,
    } | more


def node(*values: dict[str, Any]) -> Node:
    client: Any = SimpleNamespace(driver=None)
    data: Any = {
        "nodeId": 3,
        "index": 0,
        "status": 4,
        "ready": True,
        "values": list(values),
        "endpoints": [],
        "isControllerNode": False,
    }
    return Node(client, data)


FADES = {"valueChangeOptions": ["transitionDuration"]}


def dimmer(now: Any = 50, **about: Any) -> list[dict[str, Any]]:
    return [value(38, "currentValue", now), value(38, "targetValue", None, about=FADES | about)]


def sensor(kind: int, scale: int, now: Any) -> dict[str, Any]:
    return value(49, "x", now, about={"ccSpecific": {"sensorType": kind, "scale": scale}})


def meter(kind: int, scale: int, now: Any, rate: int = 1) -> dict[str, Any]:
    about = {"ccSpecific": {"meterType": kind, "scale": scale, "rateType": rate}}
    return value(50, "value", now, propertyKey=scale, about=about)


def read(*values: dict[str, Any]) -> DeviceState:
    (part,) = parts_of(node(*values))
    return state_of(part, DeviceState())


def device(*values: dict[str, Any], **state: Any) -> tuple[Device, Any]:
    (part,) = parts_of(node(*values))
    name = DeviceId("zwave:x-3")
    return Device(name, "Lamp", "zwave", part.capabilities, DeviceState(**state)), part


@pytest.mark.parametrize(
    ("told", "kind", "means"),
    [
        (sensor(1, 1, 68), "temperature", 20.0),
        (sensor(8, 0, 101.3), "pressure", 1013.0),
        (sensor(9, 1, 29.92), "pressure", pytest.approx(1013.2, abs=0.1)),
        (sensor(6, 1, 10), "wind", pytest.approx(4.47, abs=0.01)),
        (sensor(15, 1, 230_000), "voltage", 230.0),
        (sensor(39, 1, 0.25), "voc", 250.0),
        (meter(1, 2, 60), "power", 60),
        (meter(1, 2, 60, rate=2), "power_produced", 60),
        (meter(3, 2, 1000), "water", pytest.approx(3.785, abs=0.001)),
        (value(128, "isLow", True), "battery_low", True),
        (value(98, "currentMode", 255), "locked", True),
        (value(98, "currentMode", 0), "locked", False),
        (value(98, "doorStatus", "open"), "contact", True),
        (value(118, "locked", True), "locked", True),
        (value(48, "x", True, about={"ccSpecific": {"sensorType": 10}}), "contact", True),
    ],
)
def test_values_become_kinds_and_units(told: dict[str, Any], kind: str, means: Any) -> None:
    assert read(told).values == {kind: means}


def test_the_better_of_two_classes_is_taken() -> None:
    old = value(48, "Motion", False, about={"ccSpecific": {"sensorType": 12}})
    new = value(
        113,
        "Home Security",
        8,
        propertyKey="Motion sensor status",
        about={"ccSpecific": {"notificationType": 7}},
    )
    assert read(old, new).values == {"motion": True}
    assert read(new, old).values == {"motion": True}


def test_what_a_lamp_does_not_say_stays() -> None:
    (part,) = parts_of(node(*dimmer(0)))
    assert state_of(part, DeviceState(on=True, level=0.4)) == DeviceState(on=False, level=0.4)
    for unknown in (None, 254, 255, "unknown", True):
        (part,) = parts_of(node(*dimmer(unknown)))
        assert state_of(part, DeviceState(on=True, level=0.4)) == DeviceState(on=True, level=0.4)


def test_colours_and_whites() -> None:
    def lamp(**now: int) -> list[dict[str, Any]]:
        return [*dimmer(), value(51, "currentColor", now), value(51, "targetColor", about=FADES)]

    both = lamp(warmWhite=0, coldWhite=0, red=255, green=0, blue=0)
    (part,) = parts_of(node(*both))
    assert {type(c) for c in part.capabilities} == {Switchable, Dimmable, Tunable, Colorful}
    assert read(*both).xy == pytest.approx((0.64, 0.33), abs=0.001)
    assert read(*lamp(warmWhite=255, coldWhite=0, red=0, green=0, blue=0)).kelvin == 2700
    assert read(*lamp(warmWhite=0, coldWhite=9, red=0, green=0, blue=0)).kelvin == 6500
    assert read(*lamp(warmWhite=0, coldWhite=0, red=0, green=0, blue=0)).kelvin is None
    (only,) = parts_of(node(*lamp(red=1, green=2, blue=3)))
    assert {type(c) for c in only.capabilities} == {Switchable, Dimmable, Colorful}


@given(st.integers(2000, 8000))
def test_a_colour_temperature_comes_back_as_it_went(kelvin: int) -> None:
    warm, cold = whites(kelvin)
    now = {"warmWhite": warm, "coldWhite": cold, "red": 0, "green": 0, "blue": 0}
    state = read(*dimmer(), value(51, "currentColor", now), value(51, "targetColor"))
    assert state.kelvin == pytest.approx(min(max(kelvin, 2700), 6500), rel=0.01)


def test_transitions_are_what_z_wave_can_say() -> None:
    lamp, part = device(*dimmer(), on=True, level=0.3)
    for seconds, said in ((0, "0s"), (1.6, "2s"), (127, "127s"), (300, "5m"), (99_999, "126m")):
        command = SetLight(lamp.id, level=1.0, transition_s=seconds)
        (setting,) = settings_for(lamp, part, command, fades=True)
        assert (setting.value, setting.options) == (99, {"transitionDuration": said})
        (setting,) = settings_for(lamp, part, command, fades=False)
        assert setting.options is None
    plain, part = device(*dimmer(valueChangeOptions=[]))
    assert plain.capability(Dimmable) == Dimmable(99, fades=False)
    (setting,) = settings_for(plain, part, SetLight(plain.id, level=1.0), fades=True)
    assert setting.options is None


def test_on_takes_the_level_that_it_had() -> None:
    known, part = device(*dimmer(0), on=False, level=0.3)
    assert settings_for(known, part, SetSwitch(known.id, on=True), fades=True)[0].value == 30
    new, part = device(*dimmer(0))
    assert settings_for(new, part, SetSwitch(new.id, on=True), fades=True)[0].value == 255
    assert settings_for(new, part, SetLight(new.id, level=0.001), fades=True)[0].value == 1
    assert settings_for(new, part, SetLight(new.id, level=0), fades=True)[0].value == 0


def test_blinds_and_valves() -> None:
    blind, part = device(*dimmer(33), value(38, "Open"))
    assert blind.capability(Covers)
    assert state_of(part, DeviceState()).values["position"] == pytest.approx(1 / 3)
    assert settings_for(blind, part, SetCover(blind.id, 2.0), fades=True)[0].value == 99
    about = {"unit": "°F", "min": 41, "max": 86}
    valve, part = device(value(67, "setpoint", 68, propertyKey=1, about=about))
    assert valve.capability(Heats) == Heats(5.0, 30.0, 0.5)
    assert state_of(part, DeviceState()).target_c == 20.0
    assert settings_for(valve, part, SetTemperature(valve.id, 50.0), fades=True)[0].value == 86.0


def test_endpoints_are_devices_and_the_battery_belongs_to_the_first() -> None:
    battery = value(128, "level", 80)
    plugs = [value(37, "currentValue", False, endpoint=number) for number in (1, 2)]
    first, second = parts_of(node(battery, *plugs))
    assert (first.endpoint, second.endpoint) == (1, 2)
    assert Measures(("battery",)) in first.capabilities
    assert Measures(("battery",)) not in second.capabilities
    assert parts_of(node(value(112, "x", 1))) == ()


def test_a_lock_has_no_command() -> None:
    lock, part = device(value(98, "currentMode", 255), value(98, "targetMode", 255))
    assert {type(have) for have in lock.capabilities} == {Measures}
    for command in (
        SetSwitch(lock.id, on=False),
        SetLight(lock.id, on=False),
        SetCover(lock.id, 1),
        SetOption(lock.id, "Unsecured"),
    ):
        with pytest.raises(Refused):
            settings_for(lock, part, command, fades=True)
