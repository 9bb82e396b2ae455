"""A plug on MQTT that obeys and tells so. `python -m tests.fakes.mqtt_plug PORT`

Listens at plug/set, tells at plug/state, prints `ready` when it does.
"""

import asyncio
import sys

import aiomqtt


async def main(port: int) -> None:
    async with aiomqtt.Client("127.0.0.1", port, identifier="plug") as client:
        # At QoS 0: an acknowledgement just before the state would hold the state back (Nagle).
        await client.subscribe("plug/set")
        await client.publish("plug/state", b"OFF", qos=1, retain=True)
        print("ready", flush=True)
        async for message in client.messages:
            assert isinstance(message.payload, bytes)
            await client.publish("plug/state", message.payload, retain=True)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
