"""What devices on a broker say and understand: payloads to states, commands to payloads. Pure.

Sources: Home Assistant's MQTT light, JSON schema (home-assistant.io/integrations/light.mqtt);
Zigbee2MQTT's MQTT topics and messages (zigbee2mqtt.io/guide/usage/mqtt_topics_and_messages.html).
Both give colour temperature in mired; Home Assistant can be told to give kelvin, which is told
apart by its size.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from drivers.mqtt_payload import MAX_TEXT, compact, finite, number, object_of, text_of, within
from drivers.mqtt_settings import MqttDevice, MqttDialect, MqttKind
from drivers.types import (
    BadPayload,
    Capability,
    Colorful,
    Command,
    DeviceState,
    Dimmable,
    Measures,
    Refused,
    SetLight,
    SetSwitch,
    Switchable,
    Tunable,
)
from drivers.wishes import wish

MIRED = 1_000_000
MAX_MIRED = 1000
"""A greater colour temperature is kelvin."""
PERCENT = 100

_BRIGHTEST = {MqttDialect.JSON_LIGHT: 255, MqttDialect.ZIGBEE2MQTT: 254, MqttDialect.PLAIN: PERCENT}
_WORDS = {"on": True, "true": True, "off": False, "false": False}
_NO_VALUE = "neither a number nor ON, OFF, true or false"
_COLOUR_MODES = frozenset({"xy", "hs", "rgb", "rgbw", "rgbww"})


def capabilities(device: MqttDevice) -> tuple[Capability, ...]:
    """Return what a configured device can do."""
    have: list[Capability] = []
    light = device.kind is MqttKind.LIGHT
    if device.kind is not MqttKind.SENSOR:
        have.append(Switchable(light=light))
    if light and device.dimmable:
        fades = device.fades and device.dialect is not MqttDialect.PLAIN
        have.append(Dimmable(_BRIGHTEST[device.dialect], fades))
    if light and device.color_temp_kelvin is not None:
        have.append(Tunable(*device.color_temp_kelvin))
    if light and device.color:
        have.append(Colorful())
    if device.measures:
        have.append(Measures(device.measures))
    return tuple(have)


def read_state(device: MqttDevice, payload: bytes, before: DeviceState) -> DeviceState:
    """Return the state after a message on the state topic; what it does not say stays.

    Raises BadPayload.
    """
    if device.dialect is MqttDialect.PLAIN and len(device.measures) < 2:  # noqa: PLR2004
        return _read_plain(device, payload, before)
    said = object_of(payload)
    state = before
    if device.kind is not MqttKind.SENSOR:
        state = _read_light(device, said, before)
    if device.measures:
        found = {kind: said[kind] for kind in device.measures if kind in said}
        state = state.measuring(_measured(state.values, found))
    return state


def read_availability(payload: bytes) -> bool:
    """Read `online` or `offline`, alone or as `{"state": ...}`. Raises BadPayload."""
    text = text_of(payload)
    if text.startswith("{"):
        text = str(object_of(payload).get("state"))
    match text.strip().lower():
        case "online":
            return True
        case "offline":
            return False
        case _:
            raise BadPayload("neither online nor offline")


def write_command(device: MqttDevice, command: Command) -> tuple[str, bytes]:
    """Return the topic and payload that carry a command out. Raises Refused."""
    match device.kind, command:
        case MqttKind.LIGHT, SetLight():
            light = command
        case ((MqttKind.LIGHT | MqttKind.SWITCH), SetSwitch()):
            light = SetLight(command.device, on=command.on)
        case _:
            raise Refused(f"a {device.kind} on MQTT cannot {wish(command)}")
    lacking = (
        ("be dimmed", light.level is not None and not device.dimmable),
        ("change its white", light.kelvin is not None and device.color_temp_kelvin is None),
        ("change its colour", light.xy is not None and not device.color),
    )
    for what, lacks in lacking:
        if lacks:
            raise Refused(f"this lamp cannot {what}")
    topic = device.command_topic or f"{device.state_topic}/set"
    if device.dialect is MqttDialect.PLAIN:
        return topic, _write_plain(light)
    return topic, compact(_write_json(device, light))


def availability_topic(device: MqttDevice) -> str | None:
    """Return where the device's availability is told, if anywhere."""
    if device.availability_topic is None and device.dialect is MqttDialect.ZIGBEE2MQTT:
        return f"{device.state_topic}/availability"
    return device.availability_topic


# Reading ------------------------------------------------------------------------------------


def _read_plain(device: MqttDevice, payload: bytes, before: DeviceState) -> DeviceState:
    value = _plain_value(text_of(payload).strip())
    if device.kind is MqttKind.SENSOR:
        return before.measuring({**before.values, device.measures[0]: value})
    if isinstance(value, bool):
        return replace(before, on=value)
    if device.kind is MqttKind.LIGHT and device.dimmable:
        level = within(value, 0, PERCENT, "a level") / PERCENT
        # The level that it had stays known while a lamp is off, to come back to.
        return replace(before, on=level > 0, level=level or before.level)
    return replace(before, on=bool(within(value, 0, 1, "a switch")))


def _plain_value(text: str) -> bool | float:
    word = _WORDS.get(text.lower())
    if word is not None:
        return word
    try:
        if len(text) <= MAX_TEXT and text.isascii() and "_" not in text:
            return finite(float(text))
    except ValueError as err:
        raise BadPayload(_NO_VALUE) from err
    raise BadPayload(_NO_VALUE)


def _read_light(device: MqttDevice, said: Mapping[str, Any], before: DeviceState) -> DeviceState:
    on, level, kelvin, xy = before.on, before.level, before.kelvin, before.xy
    if (state := said.get("state")) is not None:
        on = _WORDS.get(str(state).lower())
        if on is None:
            raise BadPayload("`state` is neither ON nor OFF")
    if (brightness := said.get("brightness")) is not None:
        brightest = _BRIGHTEST[device.dialect]
        level = min(1.0, within(number(brightness), 0, 255, "`brightness`") / brightest)
    if (temperature := said.get("color_temp")) is not None:
        warmth = within(number(temperature), 1, 100_000, "`color_temp`")
        kelvin = round(warmth if warmth > MAX_MIRED else MIRED / warmth)
    if isinstance(colour := said.get("color"), dict) and {"x", "y"} <= colour.keys():
        xy = (
            within(number(colour["x"]), 0, 1, "`x`"),
            within(number(colour["y"]), 0, 1, "`y`"),
        )
    mode = said.get("color_mode")
    if mode == "color_temp":
        xy = None
    elif isinstance(mode, str) and mode in _COLOUR_MODES:
        kelvin = None
    return replace(before, on=on, level=level, kelvin=kelvin, xy=xy)


def _measured(
    before: Mapping[str, float | bool | str], said: Mapping[str, Any]
) -> dict[str, float | bool | str]:
    values = dict(before)
    for kind, value in said.items():
        if value is None:
            values.pop(kind, None)
        elif isinstance(value, bool) or (isinstance(value, str) and len(value) <= MAX_TEXT):
            values[kind] = value
        else:
            values[kind] = number(value)
    return values


# Writing ------------------------------------------------------------------------------------


def _is_off(light: SetLight) -> bool:
    return light.on is False or light.level == 0


def _write_plain(light: SetLight) -> bytes:
    if _is_off(light):
        return b"OFF"
    if light.level is None:
        return b"ON"
    return str(max(1, round(min(light.level, 1.0) * PERCENT))).encode()


def _write_json(device: MqttDevice, light: SetLight) -> dict[str, Any]:
    body: dict[str, Any] = {"state": "OFF" if _is_off(light) else "ON"}
    if body["state"] == "ON":
        if light.level is not None:
            body["brightness"] = max(1, round(min(light.level, 1.0) * _BRIGHTEST[device.dialect]))
        if light.kelvin is not None:
            body["color_temp"] = round(MIRED / light.kelvin)
        if light.xy is not None:
            body["color"] = {"x": round(light.xy[0], 4), "y": round(light.xy[1], 4)}
    if light.transition_s and device.fades and device.kind is MqttKind.LIGHT:
        body["transition"] = round(light.transition_s, 2)
    return body
