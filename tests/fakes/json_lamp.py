"""A lamp on an MQTT broker that speaks Home Assistant's JSON schema, as a process of its own.

usage: python -m tests.fakes.json_lamp PORT TOPIC    (commands come to TOPIC/set)
"""

import asyncio
import json
import sys
from typing import Any

import aiomqtt


async def main(port: int, topic: str) -> None:
    """Obey until the broker goes; what the lamp is stands on TOPIC, kept."""
    state: dict[str, Any] = {"state": "OFF", "brightness": 128, "color_temp": 300}
    async with aiomqtt.Client("127.0.0.1", port, identifier=f"lamp-{topic}") as client:
        await client.subscribe(f"{topic}/set", qos=1)
        await client.publish(topic, json.dumps(state), qos=1, retain=True)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        async for message in client.messages:
            assert isinstance(message.payload, bytes)
            asked = json.loads(message.payload)
            asked.pop("transition", None)
            state |= asked
            await client.publish(topic, json.dumps(state), qos=1, retain=True)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2]))
