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


@asynccontextmanager
async def listener(*answers: bytes) -> AsyncIterator[tuple[int, list[bytes]]]:
    """Accept connections; give one answer to each thing heard, then listen on."""
    heard: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for answer in (*answers, b""):
            heard.append(await reader.read(1000))
            writer.write(answer)
        await reader.read()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], heard
    finally:
        server.close()
        await asyncio.sleep(0.05)
