"""A house on MQTT: the driver under test, and aiomqtt as the devices on the other side."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiomqtt

from drivers.mqtt import MqttDriver
from drivers.mqtt_settings import MqttDiscovery, MqttSettings
from drivers.types import DeviceId
from tests.fakes.port import RememberingPort

DEVICES: dict[str, Any] = {
    "lamp": {
        "kind": "light",
        "dialect": "json_light",
        "state_topic": "lamp/state",
        "command_topic": "lamp/set",
        "color": True,
        "color_temp_kelvin": [2200, 6500],
    },
    "hall": {
        "kind": "light",
        "dialect": "zigbee2mqtt",
        "state_topic": "zigbee2mqtt/hall",
        "color_temp_kelvin": [2200, 4000],
    },
    "plug": {"kind": "switch", "state_topic": "plug/state", "command_topic": "plug/set"},
    "climate": {
        "kind": "sensor",
        "dialect": "zigbee2mqtt",
        "state_topic": "zigbee2mqtt/climate",
        "availability_topic": "climate/status",
        "measures": ["temperature", "occupancy", "action"],
    },
    "lux": {"kind": "sensor", "state_topic": "lux", "measures": ["illuminance"]},
}
NO_DISCOVERY = dict.fromkeys(
    (name for name, field in MqttDiscovery.model_fields.items() if field.annotation is bool), False
)
LAMP, HALL, PLUG = DeviceId("mqtt:lamp"), DeviceId("mqtt:hall"), DeviceId("mqtt:plug")
CLIMATE, LUX = DeviceId("mqtt:climate"), DeviceId("mqtt:lux")


def driver_at(port: int, **more: Any) -> MqttDriver:
    given = {"port": port, "devices": DEVICES, "keepalive_s": 5} | more
    return MqttDriver(MqttSettings.model_validate(given))


class Deaf:
    def message(self, topic: str, payload: bytes, retained: bool) -> None: ...
    def skipped(self) -> None: ...
    def turn_over(self) -> None: ...


@asynccontextmanager
async def running(driver: MqttDriver) -> AsyncIterator[RememberingPort]:
    port = RememberingPort()
    task = asyncio.create_task(driver.run(port))
    try:
        await port.until(lambda: port.connections == 1 or task.done())
        yield port
    finally:
        task.cancel()
        await asyncio.wait({task}, timeout=10.0)
        assert task.done(), "the driver did not stop within a second"


@asynccontextmanager
async def house(port: int, *topics: str) -> AsyncIterator[aiomqtt.Client]:
    async with aiomqtt.Client("127.0.0.1", port, identifier="house") as client:
        for topic in topics:
            await client.subscribe(topic, qos=1)
        yield client
    await asyncio.get_running_loop().shutdown_default_executor()  # aiomqtt connects in a thread


async def received(client: aiomqtt.Client) -> tuple[str, Any]:
    async with asyncio.timeout(5):
        message = await anext(client.messages)
    assert isinstance(message.payload, bytes)
    text = message.payload.decode()
    return message.topic.value, json.loads(text) if text.startswith("{") else text
