"""What may stand under `drivers: mqtt:` in the configuration."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from drivers.settings import DriverSettings, Strict


class MqttDialect(StrEnum):
    """How a device on the broker speaks."""

    JSON_LIGHT = "json_light"
    """Home Assistant's JSON light schema: `{"state": "ON", "brightness": 0-255, ...}`."""
    ZIGBEE2MQTT = "zigbee2mqtt"
    """`<base>/<name>`, `<base>/<name>/set`, `<base>/<name>/availability`."""
    PLAIN = "plain"
    """One value a topic: a number, `ON`/`OFF`, or `true`/`false`; a lamp's level is percent."""


class MqttKind(StrEnum):
    """What a configured MQTT device is."""

    LIGHT = "light"
    SWITCH = "switch"
    SENSOR = "sensor"


Topic = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^+#\x00]+$")]
"""A topic name: no wildcards."""
ShellyPrefix = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^#\x00]+$")]
Kelvin = Annotated[int, Field(ge=1000, le=20_000)]


class MqttDevice(Strict):
    """One device on the broker."""

    kind: MqttKind
    dialect: MqttDialect = MqttDialect.PLAIN
    name: str = ""
    state_topic: Topic
    command_topic: Topic | None = None
    """Where commands go; `<state_topic>/set` if not given (a plain device has to say)."""
    availability_topic: Topic | None = None
    """Where `online` and `offline` come; `<state_topic>/availability` for zigbee2mqtt."""
    measures: tuple[str, ...] = ()
    """The keys of the JSON payload to read, or one kind for a plain value."""
    dimmable: bool = True
    color_temp_kelvin: tuple[Kelvin, Kelvin] | None = None
    color: bool = False
    fades: bool = True
    """Whether a lamp obeys a transition; the hub steps those that do not (plain lamps never do)."""

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        plain = self.dialect is MqttDialect.PLAIN
        if self.kind is MqttKind.SENSOR:
            if not self.measures:
                raise ValueError("a sensor needs `measures`: what it reports")
            if self.command_topic is not None:
                raise ValueError("a sensor takes no commands: leave `command_topic` out")
        elif plain and self.command_topic is None:
            raise ValueError("a plain device needs its `command_topic`")
        if plain and (self.color or self.color_temp_kelvin is not None):
            raise ValueError("a plain lamp has no colour; use json_light or zigbee2mqtt")
        if self.color_temp_kelvin is not None:
            low, high = self.color_temp_kelvin
            if low > high:
                raise ValueError("`color_temp_kelvin` is [lowest, highest]")
        return self


class MqttDiscovery(Strict):
    """Which announcements on the broker are followed.

    A device found so appears by itself, outside every room, and leaves when it is withdrawn.
    Listening costs nothing where nobody announces anything, so it is on.
    """

    home_assistant: bool = True
    """What speaks Home Assistant's discovery: ESPHome, OpenMQTTGateway, Zwave-JS-UI and others."""
    home_assistant_prefix: Topic = "homeassistant"
    zigbee2mqtt: bool = True
    """The devices and groups of a Zigbee2MQTT bridge."""
    zigbee2mqtt_base: Topic = "zigbee2mqtt"
    """Its `base_topic`."""
    tasmota: bool = True
    """What runs Tasmota 9 or later with its own discovery (SetOption19 0, as it is shipped)."""
    shelly: bool = True
    """Shelly devices of the second generation and later, with MQTT and its RPC turned on."""
    shelly_prefixes: tuple[ShellyPrefix, ...] = ("+",)
    """Their topic prefixes; `+` stands for one part of any name."""
    max_found: Annotated[int, Field(ge=1, le=5000)] = 1000

    @property
    def any(self) -> bool:
        """Return True when devices may appear that the configuration does not name."""
        return self.home_assistant or self.zigbee2mqtt or self.tasmota or self.shelly

    @property
    def largest_bytes(self) -> int:
        """Return the greatest announcement that is taken, 0 when none is."""
        if self.zigbee2mqtt:
            return MAX_BRIDGE_BYTES
        return MAX_ANNOUNCEMENT_BYTES if self.any else 0


MAX_ANNOUNCEMENT_BYTES = 262_144
"""A device with 200 entities announces itself in about 100 KB."""
MAX_BRIDGE_BYTES = 4_194_304
"""Zigbee2MQTT tells of all devices in one message, about 10 KB each."""


class MqttSettings(DriverSettings):
    """A broker and the devices on it."""

    host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 1883
    tls: bool = False
    ca_file: Path | None = None
    username: str | None = None
    password_file: Path | None = None
    """A file holding the password alone; the password itself never stands in the configuration."""
    client_id: str = "moodsync-hub"
    keepalive_s: Annotated[int, Field(ge=5, le=600)] = 30
    max_payload_bytes: Annotated[int, Field(ge=64, le=1_048_576)] = 65_536
    devices: dict[str, MqttDevice] = {}
    discovery: MqttDiscovery = MqttDiscovery()

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.password_file is not None and self.username is None:
            raise ValueError("`password_file` needs a `username` (MQTT 3.1.1, 3.1.2.9)")
        if self.ca_file is not None and not self.tls:
            raise ValueError("`ca_file` means TLS: set `tls: true`")
        return self

    def device_keys(self) -> frozenset[str] | None:
        """See DriverSettings."""
        return None if self.discovery.any else self.named_keys()

    def named_keys(self) -> frozenset[str]:
        """See DriverSettings."""
        return frozenset(self.devices)
