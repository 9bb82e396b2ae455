"""What happens on a Z-Wave network, handed to the one operation that waits for it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from zwave_js_server.model.node import Node

from drivers.operations import Progress
from drivers.types import Refused, Unreachable

EVENTS = 256
"""Events waiting for an operation; more than any inclusion brings."""
INTERVIEW_LIMIT_S = 240.0


class Events:
    """What an operation sees while it has the network for itself."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Mapping[str, Any] | None] = asyncio.Queue(EVENTS)

    async def next(self) -> Mapping[str, Any]:
        """Wait for an event. Raises Unreachable when the connection is gone."""
        event = await self._queue.get()
        if event is None:
            raise Unreachable("the connection to the Z-Wave JS server is lost")
        return event

    async def interviewed(self, node: Node, progress: Progress) -> None:
        """Wait until a node has said what it is; a sleeping one may take until it wakes.

        Raises Refused when it does not say.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(INTERVIEW_LIMIT_S):
                while not node.ready:
                    event = await self.next()
                    if event.get("nodeId") != node.node_id:
                        continue
                    if event["event"] == "interview stage completed":
                        progress(f"interview: {event.get('stageName', 'a stage')}")
                    elif event["event"] == "interview failed":
                        raise Refused("the device joined but did not say what it is")
                progress("the device is ready")

    def put(self, event: Mapping[str, Any]) -> None:
        """Hand an event over; never blocks."""
        with contextlib.suppress(asyncio.QueueFull):
            self._queue.put_nowait(event)

    def end(self) -> None:
        """Tell that the connection is gone."""
        while self._queue.full():
            self._queue.get_nowait()
        self._queue.put_nowait(None)


class Watch:
    """Gives the network's events to one operation at a time."""

    def __init__(self) -> None:
        self._now: Events | None = None

    def heard(self, event: Mapping[str, Any]) -> None:
        """Hand an event to the operation that waits for some; never blocks."""
        if self._now is not None and event.get("event") != "value updated":
            self._now.put(event)

    def stop(self) -> None:
        """Tell an operation that waits that the connection is gone."""
        if self._now is not None:
            self._now.end()

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[Events]:
        """Have the network for oneself. Raises Refused when another operation has it."""
        if self._now is not None:
            raise Refused("the Z-Wave network is busy with another operation; wait for its end")
        self._now = Events()
        try:
            yield self._now
        finally:
            self._now = None
