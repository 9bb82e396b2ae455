"""Home Assistant's switches, numbers, choices and buttons: what takes one value.

Source: home-assistant.io/integrations/<kind>.mqtt.
"""

from drivers.mqtt_ha_config import Fields, Unusable
from drivers.mqtt_ha_parts import Made, writer
from drivers.mqtt_ha_states import measured, on_off
from drivers.mqtt_payload import number_in
from drivers.mqtt_talk import Message
from drivers.mqtt_values import spoken
from drivers.types import (
    Adjusts,
    BadPayload,
    Command,
    DeviceState,
    Press,
    Presses,
    Refused,
    Selects,
    SetNumber,
    SetOption,
    SetSwitch,
    Switchable,
)


def switch(fields: Fields, _key: str) -> Made:
    """Make a switch."""
    made = Made([Switchable()])
    yes, no = fields.text("payload_on", "ON"), fields.text("payload_off", "OFF")
    take = on_off(fields.text("state_on", yes), fields.text("state_off", no))
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


def number(fields: Fields, _key: str) -> Made:
    """Make a number that can be set."""
    low, high = fields.number("min", 1), fields.number("max", 100)
    if not low < high:
        raise Unusable("an empty range of numbers")
    unit = fields.text("unit_of_measurement")
    made = Made([Adjusts(low, high, fields.number("step", 1), unit)])

    def take(value: object, before: DeviceState) -> DeviceState:
        return measured("number", number_in(value), before)

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
        return measured("option", option, before)

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
