"""Home Assistant's blinds, curtains and doors as readers and commands.

Source: home-assistant.io/integrations/cover.mqtt. A gate, garage door or house door is never
moved: it only tells whether it is open.
"""

from typing import Final

from drivers.mqtt_ha_config import Fields, Unusable
from drivers.mqtt_ha_parts import Made, Write, writer
from drivers.mqtt_ha_states import measured
from drivers.mqtt_payload import number_in
from drivers.mqtt_talk import Message
from drivers.mqtt_values import spoken
from drivers.types import Command, Covers, DeviceState, Measures, SetCover

DOORS: Final = frozenset({"door", "garage", "gate"})


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
            return measured("contact", position > 0, before)
        return measured("position", position, before)

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
