"""Finds out whether a broker sends small messages at once."""

import asyncio
import time

from drivers.mqtt_client import MqttLink

HELD_BACK_S = 0.02
"""Two small messages further apart than this show a broker that waits for acknowledgements."""
PROBE_LIMIT_S = 0.5
MESSAGES = (b"1", b"2")


class Probe:
    """Two messages to ourselves. The owner says when one `came`.

    A broker without TCP_NODELAY holds the second back until the first is acknowledged, which for
    this moment we leave to the kernel's usual delay (about 40 ms on Linux).
    """

    def __init__(self) -> None:
        self._came_at: list[float] = []
        self._over = asyncio.Event()

    def came(self) -> None:
        """Note that a message came back."""
        self._came_at.append(time.monotonic())
        if len(self._came_at) >= len(MESSAGES):
            self._over.set()

    async def gap_s(self, link: MqttLink, topic: str) -> float | None:
        """Return how far apart two messages came back; None when they did not. Raises Unreachable.

        The link has to be subscribed to the topic.
        """
        link.acknowledge_early(False)
        try:
            # In one piece: a second piece could bring the acknowledgement of the first's echo.
            link.send(topic, *MESSAGES)
            async with asyncio.timeout(PROBE_LIMIT_S):
                await self._over.wait()
        except TimeoutError:
            return None
        finally:
            link.acknowledge_early(True)
        return self._came_at[1] - self._came_at[0]
