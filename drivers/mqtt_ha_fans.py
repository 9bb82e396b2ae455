"""Home Assistant's fans as readers and commands.

Source: home-assistant.io/integrations/fan.mqtt.
"""

from drivers.mqtt_ha_config import Fields, Unusable
from drivers.mqtt_ha_parts import Made, writer
from drivers.mqtt_ha_states import measured, on_off
from drivers.mqtt_payload import number_in
from drivers.mqtt_talk import Message
from drivers.types import Blows, Command, DeviceState, SetFan, SetSwitch, Switchable


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
    made.listen(fields.topic("state_topic"), template, on_off(yes, no))

    def take_speed(value: object, before: DeviceState) -> DeviceState:
        share = (number_in(value) - low + 1) / (high - low + 1)
        return measured("speed", min(1.0, max(0.0, share)), before)

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
