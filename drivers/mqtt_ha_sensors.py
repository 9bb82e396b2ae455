"""Home Assistant's sensors, of numbers, words, yes and no, as readers.

Source: home-assistant.io/integrations/sensor.mqtt, binary_sensor.mqtt.
"""

from drivers.mqtt_ha_config import Fields, Unusable
from drivers.mqtt_ha_parts import Made
from drivers.mqtt_ha_states import either, kind_of, measured
from drivers.mqtt_payload import MAX_TEXT, number_in
from drivers.mqtt_units import BINARY_KINDS, INVERTED, SENSOR_KINDS, converted
from drivers.mqtt_values import spoken
from drivers.types import BadPayload, DeviceState, Measures


def sensor(fields: Fields, key: str) -> Made:
    """Make a sensor of numbers, or of words where it has no unit."""
    given = fields.text("device_class")
    kind = SENSOR_KINDS.get(given) or kind_of(given or fields.text("name") or key)
    unit = fields.text("unit_of_measurement")
    numeric = bool(unit) or fields.has("state_class") or given in SENSOR_KINDS
    made = Made([Measures((kind,))])

    def take(value: object, before: DeviceState) -> DeviceState:
        if numeric:
            if spoken(value).lower() in {"unknown", "unavailable", "none", "nan"}:
                return before
            return measured(kind, converted(kind, number_in(value), unit), before)
        word = spoken(value)
        if len(word) > MAX_TEXT:
            raise BadPayload("a word that is too long")
        return measured(kind, word, before)

    topic = fields.must_topic("state_topic")
    made.listen(topic, fields.template("value_template"), take)
    return made


def binary_sensor(fields: Fields, key: str) -> Made:
    """Make a sensor of yes and no."""
    if fields.has("off_delay"):
        raise Unusable("it never says that it is over (`off_delay`)")
    given = fields.text("device_class")
    kind = BINARY_KINDS.get(given) or kind_of(given or fields.text("name") or key)
    yes, no = fields.text("payload_on", "ON"), fields.text("payload_off", "OFF")
    made = Made([Measures((kind,))])

    def take(value: object, before: DeviceState) -> DeviceState:
        return measured(kind, either(value, yes, no) != (given in INVERTED), before)

    topic = fields.must_topic("state_topic")
    made.listen(topic, fields.template("value_template"), take)
    return made
