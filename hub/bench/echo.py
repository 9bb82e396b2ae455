"""The yardstick of the reaction: the barest client that answers one message with another.

`python -m hub.bench.echo PORT` subscribes to echo/in, and to topics below it, and publishes each
payload on echo/out, with aiomqtt, the usual library for it.
"""

import asyncio
import sys

import aiomqtt


async def main(port: int) -> None:
    """Echo until killed."""
    async with aiomqtt.Client("127.0.0.1", port) as client:
        await client.subscribe("echo/in/#")  # that is "echo/in", too
        async for message in client.messages:
            below = message.topic.value.removeprefix("echo/in")
            await client.publish("echo/out" + below, message.payload)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
