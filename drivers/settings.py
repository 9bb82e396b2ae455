"""Settings of each driver, as they stand under `drivers:` in the configuration.

Kept apart from the drivers so that checking a configuration imports no protocol library.
"""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class Strict(BaseModel):
    """A section whose unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class MqttDialect(StrEnum):
    """How a device on the broker speaks."""

    JSON_LIGHT = "json_light"
    """Home Assistant's JSON light schema: `{"state": "ON", "brightness": 0-255, ...}`."""
    ZIGBEE2MQTT = "zigbee2mqtt"
    """`<base>/<name>`, `<base>/<name>/set`, `<base>/<name>/availability`."""
    PLAIN = "plain"
    """One value a topic: a number, `ON`/`OFF`, or `true`/`false`."""


class MqttKind(StrEnum):
    """What a configured MQTT device is."""

    LIGHT = "light"
    SWITCH = "switch"
    SENSOR = "sensor"


class MqttDevice(Strict):
    """One device on the broker."""

    kind: MqttKind
    dialect: MqttDialect = MqttDialect.PLAIN
    name: str = ""
    state_topic: Annotated[str, Field(min_length=1, max_length=200)]
    command_topic: str | None = None
    availability_topic: str | None = None
    measures: tuple[str, ...] = ()
    """For sensors: the keys of the JSON payload to read, or one kind for a plain value."""
    dimmable: bool = True
    color_temp_kelvin: tuple[int, int] | None = None
    color: bool = False


class MqttSettings(Strict):
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


class SimulatedKind(StrEnum):
    """What a simulated device is."""

    LAMP = "lamp"
    PLAYER = "player"
    THERMOSTAT = "thermostat"
    HEART_STRAP = "heart_strap"
    SKIN = "skin"
    PRESENCE = "presence"


class SimulatedDevice(Strict):
    """One device that exists only in memory, for trying the hub without hardware."""

    kind: SimulatedKind
    name: str = ""


class SimulatedSettings(Strict):
    """Devices that exist only in memory; every one is marked as simulated wherever it shows."""

    devices: dict[str, SimulatedDevice] = {}
    latency_ms: Annotated[float, Field(ge=0, le=5000)] = 0
    seed: int = 1


DriverName = Literal["mqtt", "simulated"]
