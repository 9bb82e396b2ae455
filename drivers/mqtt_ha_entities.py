"""Home Assistant's kinds of entities, each with what makes it ours."""

from collections.abc import Callable
from typing import Final

from drivers.mqtt_ha_climate import climate
from drivers.mqtt_ha_config import Fields
from drivers.mqtt_ha_controls import button, number, select, switch
from drivers.mqtt_ha_covers import cover
from drivers.mqtt_ha_fans import fan
from drivers.mqtt_ha_light import light
from drivers.mqtt_ha_parts import Made
from drivers.mqtt_ha_sensors import binary_sensor, sensor

SENSORS: Final = frozenset({"sensor", "binary_sensor"})

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
