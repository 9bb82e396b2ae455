"""Home Assistant's kinds of entities, other than lights, as capabilities, readers and commands.

Source: home-assistant.io/integrations/<kind>.mqtt. A gate, garage door or house door is never
moved: it only tells whether it is open.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from drivers.mqtt_ha_config import Fields, Unusable
from drivers.mqtt_ha_light import light
from drivers.mqtt_ha_parts import Made, Write, writer
from drivers.mqtt_payload import MAX_TEXT, number_in
from drivers.mqtt_talk import Message
from drivers.mqtt_units import BINARY_KINDS, INVERTED, SENSOR_KINDS, celsius, converted
from drivers.mqtt_values import spoken
from drivers.types import (
    Adjusts,
    BadPayload,
    Blows,
    Command,
    Covers,
    DeviceState,
    Heats,
    Measures,
    Press,
    Presses,
    Refused,
    Selects,
    SetCover,
    SetFan,
    SetNumber,
    SetOption,
    SetSwitch,
    SetTemperature,
    Switchable,
)

SENSORS: Final = frozenset({"sensor", "binary_sensor"})
DOORS: Final = frozenset({"door", "garage", "gate"})
_SLUG = re.compile(r"[^a-z0-9]+")


def _onoff(yes: str, no: str) -> Callable[[object, DeviceState], DeviceState]:
    def take(value: object, before: DeviceState) -> DeviceState:
        return replace(before, on=_either(value, yes, no))

    return take


def _either(value: object, yes: str, no: str) -> bool:
    text = spoken(value)
    if text == yes:
        return True
    if text == no:
        return False
    raise BadPayload("neither of its two states")


def _measure(kind: str, value: float | bool | str, before: DeviceState) -> DeviceState:
    return before.measuring({**before.values, kind: value})


def switch(fields: Fields, _key: str) -> Made:
    """Make a switch."""
    made = Made([Switchable()])
    yes, no = fields.text("payload_on", "ON"), fields.text("payload_off", "OFF")
    take = _onoff(fields.text("state_on", yes), fields.text("state_off", no))
    made.listen(fields.topic("state_topic"), fields.template("value_template"), take)
    command = writer(fields, "command")

    def write(wanted: Command) -> tuple[Message, ...] | None:
        match wanted:
            case SetSwitch(on=on):
                return (command(yes if on else no),)
            case _:
                return None

    made.write = write
    return made


def sensor(fields: Fields, key: str) -> Made:
    """Make a sensor of numbers, or of words where it has no unit."""
    given = fields.text("device_class")
    kind = SENSOR_KINDS.get(given) or _slug(given or fields.text("name") or key)
    unit = fields.text("unit_of_measurement")
    numeric = bool(unit) or fields.has("state_class") or given in SENSOR_KINDS
    made = Made([Measures((kind,))])

    def take(value: object, before: DeviceState) -> DeviceState:
        if numeric:
            if spoken(value).lower() in {"unknown", "unavailable", "none", "nan"}:
                return before
            return _measure(kind, converted(kind, number_in(value), unit), before)
        word = spoken(value)
        if len(word) > MAX_TEXT:
            raise BadPayload("a word that is too long")
        return _measure(kind, word, before)

    topic = fields.must_topic("state_topic")
    made.listen(topic, fields.template("value_template"), take)
    return made


def binary_sensor(fields: Fields, key: str) -> Made:
    """Make a sensor of yes and no."""
    if fields.has("off_delay"):
        raise Unusable("it never says that it is over (`off_delay`)")
    given = fields.text("device_class")
    kind = BINARY_KINDS.get(given) or _slug(given or fields.text("name") or key)
    yes, no = fields.text("payload_on", "ON"), fields.text("payload_off", "OFF")
    made = Made([Measures((kind,))])

    def take(value: object, before: DeviceState) -> DeviceState:
        return _measure(kind, _either(value, yes, no) != (given in INVERTED), before)

    topic = fields.must_topic("state_topic")
    made.listen(topic, fields.template("value_template"), take)
    return made


def cover(fields: Fields, _key: str) -> Made:
    """Make a blind or curtain, from positions or from open and closed alone."""
    door = fields.text("device_class") in DOORS
    low = fields.number("position_closed", 0)
    high = fields.number("position_open", 100)
    if low == high:
        raise Unusable("`position_open` equals `position_closed`")
    has_position = fields.topic("position_topic") is not None
    states = {
        fields.text("state_open", "open"): 1.0,
        fields.text("state_closed", "closed"): 0.0,
    }

    def place(position: float, before: DeviceState) -> DeviceState:
        if door:
            return _measure("contact", position > 0, before)
        return _measure("position", position, before)

    def take_position(value: object, before: DeviceState) -> DeviceState:
        return place(min(1.0, max(0.0, (number_in(value) - low) / (high - low))), before)

    def take_state(value: object, before: DeviceState) -> DeviceState:
        position = states.get(spoken(value))
        return before if position is None else place(position, before)

    made = Made([Measures(("contact",)) if door else Covers(fields.has("set_position_topic"))])
    template = fields.template("position_template", "value_template")
    made.listen(fields.topic("position_topic"), template, take_position)
    if not has_position:
        made.listen(fields.topic("state_topic"), fields.template("value_template"), take_state)
    if not door:
        made.write = _cover_write(fields, low, high)
    return made


def _cover_write(fields: Fields, low: float, high: float) -> Write:
    to = writer(fields, "set_position") if fields.has("set_position_topic") else None
    command = to if to is not None else writer(fields, "command")
    words = (fields.text("payload_close", "CLOSE"), fields.text("payload_open", "OPEN"))

    def write(wanted: Command) -> tuple[Message, ...] | None:
        if not isinstance(wanted, SetCover):
            return None
        if to is None:
            return (command(words[wanted.position >= 0.5]),)  # noqa: PLR2004 - half open
        return (command(round(low + wanted.position * (high - low))),)

    return write


def fan(fields: Fields, _key: str) -> Made:
    """Make a fan, of one speed or several."""
    low = fields.number("speed_range_min", 1)
    high = fields.number("speed_range_max", 100)
    if not 1 <= low < high:
        raise Unusable("an empty range of speeds")
    speeds = fields.has("percentage_command_topic")
    made = Made([Switchable(), Blows(round(high - low + 1) if speeds else 1)])
    yes, no = fields.text("payload_on", "ON"), fields.text("payload_off", "OFF")
    template = fields.template("state_value_template", "value_template")
    made.listen(fields.topic("state_topic"), template, _onoff(yes, no))

    def take_speed(value: object, before: DeviceState) -> DeviceState:
        share = (number_in(value) - low + 1) / (high - low + 1)
        return _measure("speed", min(1.0, max(0.0, share)), before)

    made.listen(
        fields.topic("percentage_state_topic"),
        fields.template("percentage_value_template"),
        take_speed,
    )
    command = writer(fields, "command")
    to = writer(fields, "percentage_command") if speeds else None

    def write(wanted: Command) -> tuple[Message, ...] | None:
        match wanted:
            case SetSwitch(on=on):
                return (command(yes if on else no),)
            case SetFan(speed=speed) if speed <= 0 or to is None:
                return (command(yes if speed > 0 else no),)
            case SetFan(speed=speed):
                assert to is not None
                step = max(low, round(low - 1 + min(speed, 1.0) * (high - low + 1)))
                return command(yes), to(round(step))
            case _:
                return None

    made.write = write
    return made


def climate(fields: Fields, _key: str) -> Made:
    """Make a thermostat with one target."""
    unit = "°F" if fields.text("temperature_unit") == "F" else "°C"
    default = (45.0, 95.0) if unit == "°F" else (7.0, 35.0)
    low = celsius(fields.number("min_temp", default[0]), unit)
    high = celsius(fields.number("max_temp", default[1]), unit)
    step = fields.number("temp_step", 1.0) / (1.8 if unit == "°F" else 1.0)
    if not (low < high and step > 0):
        raise Unusable("an empty range of temperatures")
    made = Made([Heats(round(low, 2), round(high, 2), round(step, 2))])

    def take_target(value: object, before: DeviceState) -> DeviceState:
        return replace(before, target_c=round(celsius(number_in(value), unit), 2))

    def take_current(value: object, before: DeviceState) -> DeviceState:
        return _measure("temperature", round(celsius(number_in(value), unit), 2), before)

    def take_mode(value: object, before: DeviceState) -> DeviceState:
        return replace(before, on=spoken(value) != "off")

    target = fields.template("temperature_state_template")
    made.listen(fields.topic("temperature_state_topic"), target, take_target)
    if fields.has("current_temperature_topic"):
        made.capabilities.append(Measures(("temperature",)))
        current = fields.template("current_temperature_template")
        made.listen(fields.topic("current_temperature_topic"), current, take_current)
    modes = fields.texts("modes") if fields.has("modes") else ("auto", "off", "heat")
    on_mode = next((m for m in ("auto", "heat", "heat_cool", "cool") if m in modes), None)
    switches = fields.has("mode_command_topic") and "off" in modes and on_mode is not None
    made.listen(fields.topic("mode_state_topic"), fields.template("mode_state_template"), take_mode)
    command = writer(fields, "temperature_command")
    mode = writer(fields, "mode_command") if switches else None
    if switches:
        made.capabilities.append(Switchable())

    def write(wanted: Command) -> tuple[Message, ...] | None:
        match wanted:
            case SetTemperature(target_c=target_c):
                there = target_c * 1.8 + 32 if unit == "°F" else target_c
                return (command(round(there, 1)),)
            case SetSwitch(on=on) if mode is not None:
                return (mode(on_mode if on else "off"),)
            case _:
                return None

    made.write = write
    return made


def number(fields: Fields, _key: str) -> Made:
    """Make a number that can be set."""
    low, high = fields.number("min", 1), fields.number("max", 100)
    if not low < high:
        raise Unusable("an empty range of numbers")
    unit = fields.text("unit_of_measurement")
    made = Made([Adjusts(low, high, fields.number("step", 1), unit)])

    def take(value: object, before: DeviceState) -> DeviceState:
        return _measure("number", number_in(value), before)

    made.listen(fields.topic("state_topic"), fields.template("value_template"), take)
    command = writer(fields, "command")

    def write(wanted: Command) -> tuple[Message, ...] | None:
        match wanted:
            case SetNumber(number=value):
                if not low <= value <= high:
                    raise Refused(f"it takes {low:g} to {high:g}")
                return (command(int(value) if value == int(value) else value),)
            case _:
                return None

    made.write = write
    return made


def select(fields: Fields, _key: str) -> Made:
    """Make a choice of options."""
    options = fields.texts("options")
    if not options:
        raise Unusable("it has no `options`")
    made = Made([Selects(options)])

    def take(value: object, before: DeviceState) -> DeviceState:
        if (option := spoken(value)) not in options:
            raise BadPayload("none of its options")
        return _measure("option", option, before)

    made.listen(fields.topic("state_topic"), fields.template("value_template"), take)
    command = writer(fields, "command")

    def write(wanted: Command) -> tuple[Message, ...] | None:
        match wanted:
            case SetOption(option=option):
                if option not in options:
                    raise Refused("it does not have this option")
                return (command(option),)
            case _:
                return None

    made.write = write
    return made


def button(fields: Fields, _key: str) -> Made:
    """Make a button that the hub may press."""
    made = Made([Presses()])
    command, payload = writer(fields, "command"), fields.text("payload_press", "PRESS")

    def write(wanted: Command) -> tuple[Message, ...] | None:
        return (command(payload),) if isinstance(wanted, Press) else None

    made.write = write
    return made


MAKERS: Final[dict[str, Callable[[Fields, str], Made]]] = {
    "binary_sensor": binary_sensor,
    "button": button,
    "climate": climate,
    "cover": cover,
    "fan": fan,
    "light": light,
    "number": number,
    "select": select,
    "sensor": sensor,
    "switch": switch,
}


def _slug(text: str) -> str:
    return _SLUG.sub("_", text.lower()).strip("_")[:40] or "value"
