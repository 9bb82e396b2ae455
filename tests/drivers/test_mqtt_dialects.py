"""Payloads to states and commands to payloads, good ones and 10,000 bad ones."""

import contextlib
import json
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from drivers.mqtt_dialects import (
    availability_topic,
    capabilities,
    read_availability,
    read_state,
    write_command,
)
from drivers.mqtt_settings import MqttDevice, MqttSettings
from drivers.types import (
    BadPayload,
    DeviceId,
    DeviceState,
    Dimmable,
    PlayMusic,
    Refused,
    SetLight,
    SetSwitch,
    SetTemperature,
    SetVolume,
    StopMusic,
    Switchable,
)

ID = DeviceId("mqtt:x")
UNKNOWN = DeviceState()


def device(**given: Any) -> MqttDevice:
    return MqttDevice.model_validate({"state_topic": "x"} | given)


JSON_LAMP = device(kind="light", dialect="json_light", color=True, color_temp_kelvin=[2000, 6500])
Z2M_LAMP = device(kind="light", dialect="zigbee2mqtt", color_temp_kelvin=[2000, 6500])
PLAIN_LAMP = device(kind="light", command_topic="x/set")
PLAIN_BULB = device(kind="light", command_topic="x/set", dimmable=False)
PLUG = device(kind="switch", command_topic="x/set")
METER = device(kind="switch", dialect="zigbee2mqtt", measures=["power"])
SENSOR = device(kind="sensor", measures=["lux"])
MANY = device(kind="sensor", measures=["temperature", "contact", "action"])
ALL = (JSON_LAMP, Z2M_LAMP, PLAIN_LAMP, PLAIN_BULB, PLUG, METER, SENSOR, MANY)


@pytest.mark.parametrize(
    ("what", "payload", "state"),
    [
        (JSON_LAMP, '{"state":"ON","brightness":255}', DeviceState(on=True, level=1.0)),
        (JSON_LAMP, '{"state":"off"}', DeviceState(on=False)),
        (Z2M_LAMP, '{"state":"ON","brightness":127}', DeviceState(on=True, level=0.5)),
        (Z2M_LAMP, '{"brightness":255}', DeviceState(level=1.0)),
        (Z2M_LAMP, '{"color_temp":250,"color_mode":"color_temp"}', DeviceState(kelvin=4000)),
        (JSON_LAMP, '{"color_temp":2700}', DeviceState(kelvin=2700)),
        (
            JSON_LAMP,
            '{"color_temp":250,"color":{"x":0.3,"y":0.4},"color_mode":"xy"}',
            DeviceState(xy=(0.3, 0.4)),
        ),
        (JSON_LAMP, '{"color":{"r":1,"g":2,"b":3},"effect":null}', UNKNOWN),
        (JSON_LAMP, '{"state":null,"brightness":null,"color":null}', UNKNOWN),
        (PLAIN_LAMP, "40", DeviceState(on=True, level=0.4)),
        (PLAIN_LAMP, "0", DeviceState(on=False)),
        (PLAIN_LAMP, "on", DeviceState(on=True)),
        (PLAIN_BULB, "1", DeviceState(on=True)),
        (PLUG, " FALSE\n", DeviceState(on=False)),
        (METER, '{"state":"ON","power":12.5}', DeviceState(on=True, values={"power": 12.5})),
        (SENSOR, "1.5e2", DeviceState(values={"lux": 150.0})),
        (SENSOR, "true", DeviceState(values={"lux": True})),
        (
            MANY,
            '{"temperature":-3,"contact":false,"action":"single","rssi":9}',
            DeviceState(values={"temperature": -3.0, "contact": False, "action": "single"}),
        ),
    ],
)
def test_states_are_read(what: MqttDevice, payload: str, state: DeviceState) -> None:
    assert read_state(what, payload.encode(), UNKNOWN) == state


def test_what_a_message_does_not_say_stays() -> None:
    before = DeviceState(on=True, level=0.5, kelvin=3000, values={"power": 2.0})
    assert read_state(METER, b'{"power":3}', before).level == 0.5
    assert read_state(Z2M_LAMP, b'{"state":"OFF"}', before).kelvin == 3000
    assert read_state(PLAIN_LAMP, b"0", before) == DeviceState(
        on=False, level=0.5, kelvin=3000, values={"power": 2.0}
    )
    assert read_state(METER, b'{"power":null}', before).values == {}


@pytest.mark.parametrize(
    ("what", "payload"),
    [
        (JSON_LAMP, b""),
        (JSON_LAMP, b"ON"),
        (JSON_LAMP, b"[1]"),
        (JSON_LAMP, b'{"state":"MAYBE"}'),
        (JSON_LAMP, b'{"brightness":"bright"}'),
        (JSON_LAMP, b'{"brightness":true}'),
        (JSON_LAMP, b'{"brightness":-1}'),
        (JSON_LAMP, b'{"brightness":1e400}'),
        (JSON_LAMP, b'{"brightness":NaN}'),
        (JSON_LAMP, b'{"color_temp":0}'),
        (JSON_LAMP, b'{"color":{"x":2,"y":0}}'),
        (JSON_LAMP, b'{"brightness":' + b"9" * 5000 + b"}"),
        (JSON_LAMP, b'{"brightness":' + b"9" * 400 + b"}"),
        (JSON_LAMP, b"[" * 100_000),
        (JSON_LAMP, b'{"state":"\xff"}'),
        (PLAIN_LAMP, b"101"),
        (PLAIN_BULB, b"2"),
        (SENSOR, b"nan"),
        (SENSOR, b"1e999"),
        (SENSOR, b"1_000"),
        (SENSOR, b"21.5 C"),
        (SENSOR, "\u0663".encode()),
        (SENSOR, b"1" * 300),
        (MANY, b'{"action":["single"]}'),
        (MANY, b'{"action":"' + b"x" * 300 + b'"}'),
        (MANY, b'{"temperature":Infinity}'),
    ],
)
def test_what_no_dialect_allows_is_a_bad_payload(what: MqttDevice, payload: bytes) -> None:
    with pytest.raises(BadPayload):
        read_state(what, payload, UNKNOWN)


def fuzzed(random: Random) -> bytes:
    """Return a payload that a broken or hostile device might send."""
    seeds = (
        b'{"state":"ON","brightness":128,"color_temp":300,"color":{"x":0.3,"y":0.4}}',
        b'{"temperature":21.5,"contact":true,"action":"single","power":1e3}',
        b"21.5",
        b"ON",
    )
    match random.randrange(4):
        case 0:
            return random.randbytes(random.randrange(60))
        case 1:
            data = bytearray(random.choice(seeds))
            for _ in range(random.randrange(1, 6)):
                data[random.randrange(len(data))] = random.randrange(256)
            return bytes(data)
        case 2:
            seed = random.choice(seeds)
            return seed[: random.randrange(len(seed))] + random.choice(seeds)
        case _:
            keys = ("state", "brightness", "color", "color_temp", "temperature", "action", "power")
            junk: tuple[object, ...] = (
                None,
                True,
                "",
                "x" * 300,
                -1,
                1e308,
                10**400,
                [],
                {},
                {"x": 1},
                [[[]]],
                "ON",
            )
            return json.dumps({key: random.choice(junk) for key in keys}).encode()


def test_ten_thousand_fuzzed_payloads_give_a_state_or_bad_payload() -> None:
    random = Random(7)
    states = bad = 0
    for _ in range(10_000):
        what, payload = random.choice(ALL), fuzzed(random)
        try:
            state = read_state(what, payload, UNKNOWN)
        except BadPayload:
            bad += 1
            continue
        states += 1
        assert state.level is None or 0 <= state.level <= 1
        assert state.kelvin is None or state.kelvin > 0
        assert all(isinstance(value, bool | float | str) for value in state.values.values())
    assert states > 250
    assert bad > 5000


KEYS = st.sampled_from(["state", "brightness", "color", "color_temp", "x", "y", "temperature"])
ATOMS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
JSON = st.recursive(
    ATOMS, lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner), max_leaves=8
)


@settings(max_examples=60)
@given(st.sampled_from(ALL), JSON)
def test_any_json_gives_a_state_or_bad_payload(what: MqttDevice, said: object) -> None:
    with contextlib.suppress(BadPayload):
        read_state(what, json.dumps(said).encode(), UNKNOWN)


@pytest.mark.parametrize("text", ["online", " Online", '{"state":"online"}'])
def test_online_is_read(text: str) -> None:
    assert read_availability(text.encode())
    assert not read_availability(text.lower().replace("online", "offline").encode())


@pytest.mark.parametrize("payload", [b"", b"yes", b"{}", b'{"state":1}', b"{", b"\xff"])
def test_other_availabilities_are_bad_payloads(payload: bytes) -> None:
    with pytest.raises(BadPayload):
        read_availability(payload)


@pytest.mark.parametrize(
    ("what", "command", "payload"),
    [
        (JSON_LAMP, SetLight(ID, True), {"state": "ON"}),
        (JSON_LAMP, SetLight(ID, level=1.0), {"state": "ON", "brightness": 255}),
        (JSON_LAMP, SetLight(ID, level=0.0001), {"state": "ON", "brightness": 1}),
        (JSON_LAMP, SetLight(ID, level=7.0), {"state": "ON", "brightness": 255}),
        (JSON_LAMP, SetLight(ID, on=False, level=0.5), {"state": "OFF"}),
        (Z2M_LAMP, SetLight(ID, level=0.5), {"state": "ON", "brightness": 127}),
        (Z2M_LAMP, SetLight(ID, level=0, transition_s=3), {"state": "OFF", "transition": 3}),
        (Z2M_LAMP, SetLight(ID, kelvin=4000), {"state": "ON", "color_temp": 250}),
        (METER, SetSwitch(ID, True), {"state": "ON"}),
        (PLAIN_LAMP, SetLight(ID, level=0.42, transition_s=9), "42"),
        (PLAIN_LAMP, SetLight(ID, level=0.001), "1"),
        (PLAIN_LAMP, SetLight(ID, on=True), "ON"),
        (PLAIN_LAMP, SetSwitch(ID, False), "OFF"),
        (PLUG, SetSwitch(ID, True), "ON"),
    ],
)
def test_commands_are_written(
    what: MqttDevice, command: SetLight | SetSwitch, payload: dict[str, Any] | str
) -> None:
    topic, data = write_command(what, command)
    assert topic == "x/set"
    assert (json.loads(data) if isinstance(payload, dict) else data.decode()) == payload


@pytest.mark.parametrize(
    ("what", "command"),
    [
        (PLUG, SetLight(ID, on=True)),
        (SENSOR, SetSwitch(ID, True)),
        (PLAIN_BULB, SetLight(ID, level=0.5)),
        (PLAIN_LAMP, SetLight(ID, kelvin=3000)),
        (Z2M_LAMP, SetLight(ID, xy=(0.3, 0.3))),
        (JSON_LAMP, SetTemperature(ID, 20)),
        (JSON_LAMP, PlayMusic(ID, 0, 0)),
        (JSON_LAMP, StopMusic(ID)),
        (JSON_LAMP, SetVolume(ID, 0.1)),
    ],
)
def test_what_a_device_is_not_made_for_is_refused(what: MqttDevice, command: Any) -> None:
    with pytest.raises(Refused):
        write_command(what, command)


def test_capabilities_follow_the_configuration() -> None:
    assert capabilities(PLAIN_BULB) == (Switchable(light=True),)
    assert capabilities(PLUG) == (Switchable(light=False),)
    assert Dimmable(100, fades=False) in capabilities(PLAIN_LAMP)
    assert Dimmable(255, fades=True) in capabilities(JSON_LAMP)
    slow = device(kind="light", dialect="json_light", fades=False)
    assert Dimmable(255, fades=False) in capabilities(slow)
    assert json.loads(write_command(slow, SetLight(ID, level=1.0, transition_s=5))[1]) == {
        "state": "ON",
        "brightness": 255,
    }


def test_zigbee2mqtt_has_its_own_places() -> None:
    assert availability_topic(Z2M_LAMP) == "x/availability"
    assert availability_topic(JSON_LAMP) is None
    assert availability_topic(device(kind="sensor", measures=["a"], availability_topic="y")) == "y"


@pytest.mark.parametrize(
    ("given_", "says"),
    [
        ({"kind": "sensor"}, "measures"),
        ({"kind": "sensor", "measures": ["a"], "command_topic": "c"}, "command_topic"),
        ({"kind": "switch"}, "command_topic"),
        ({"kind": "light", "command_topic": "c", "color": True}, "colour"),
        ({"kind": "switch", "command_topic": "all/#"}, "pattern"),
        ({"kind": "light", "dialect": "json_light", "color_temp_kelvin": [5000, 3000]}, "lowest"),
    ],
)
def test_devices_that_cannot_be_meant_are_refused(given_: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        device(**given_)


@pytest.mark.parametrize(
    ("given_", "says"),
    [({"password_file": "p"}, "username"), ({"ca_file": "ca.crt"}, "tls")],
)
def test_brokers_that_cannot_be_meant_are_refused(given_: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        MqttSettings.model_validate(given_)
