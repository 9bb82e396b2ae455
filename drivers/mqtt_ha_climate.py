"""Home Assistant's thermostats as readers and commands.

Source: home-assistant.io/integrations/climate.mqtt.
"""

from dataclasses import replace

from drivers.mqtt_ha_config import Fields, Unusable
from drivers.mqtt_ha_parts import Made, writer
from drivers.mqtt_ha_states import measured
from drivers.mqtt_payload import number_in
from drivers.mqtt_talk import Message
from drivers.mqtt_units import celsius
from drivers.mqtt_values import spoken
from drivers.types import (
    Command,
    DeviceState,
    Heats,
    Measures,
    SetSwitch,
    SetTemperature,
    Switchable,
)


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
        return measured("temperature", round(celsius(number_in(value), unit), 2), before)

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
