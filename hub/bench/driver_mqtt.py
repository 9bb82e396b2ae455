"""A plug on MQTT is switched: by aiomqtt alone, and by the driver, on the same broker."""

import asyncio
import sys
import tempfile
import time
from pathlib import Path

import aiomqtt

from drivers import registry
from drivers.mqtt_settings import MqttSettings
from hub.bench.driver_round import LIMIT_S, switch, with_driver
from hub.bench.processes import broker, peer

PLUG = {"kind": "switch", "state_topic": "plug/state", "command_topic": "plug/set"}


def pairs(rounds: int, batch: int) -> tuple[list[list[float]], list[list[float]]]:
    """Return the times of aiomqtt alone and of the driver (ms), round by round."""
    with (
        tempfile.TemporaryDirectory() as folder,
        broker(Path(folder)) as port,
        peer(sys.executable, "-m", "tests.fakes.mqtt_plug", str(port)),
    ):
        return asyncio.run(_pairs(port, rounds, batch))


async def _pairs(port: int, rounds: int, batch: int) -> tuple[list[list[float]], list[list[float]]]:
    settings = MqttSettings.model_validate({"port": port, "devices": {"plug": PLUG}})
    driver = registry.create("mqtt", settings, registry.Place(time.monotonic, Path()))
    bare, ours = [], []
    for _ in range(rounds):
        bare.append(await _alone(port, batch))
        ours.append(await with_driver(driver, batch))
    return bare, ours


async def _alone(port: int, batch: int) -> list[float]:
    state = b""
    async with aiomqtt.Client("127.0.0.1", port, identifier="bare") as client:
        await client.subscribe("plug/state")

        async def changed() -> None:
            nonlocal state
            async with asyncio.timeout(LIMIT_S):
                message = await anext(client.messages)
            assert isinstance(message.payload, bytes)
            state = message.payload

        await changed()
        return await switch(
            batch,
            # At QoS 1, as the driver does: it returns when the broker has the command.
            lambda on: client.publish("plug/set", b"ON" if on else b"OFF", qos=1),
            lambda on: state == (b"ON" if on else b"OFF"),
            changed,
        )
