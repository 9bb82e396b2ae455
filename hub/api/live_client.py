"""One client of the live updates: what it wants, what waits for it, and how it is closed."""

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from aiohttp import web

from hub.api.access import Access
from hub.api.route import Identity
from hub.phrase import Language

QUEUE = 64
SLOW = 4008
ENDED = 4001


class Topic(StrEnum):
    """What can be subscribed to."""

    MOODS = "moods"
    """One room after the other, as in GET /moods."""
    SENSES = "senses"
    """The indicator, privacy mode, guests."""
    DEVICES = "devices"
    """A device, or the id of one that is gone."""
    STATUS = "status"
    """Services, counts, drops: as in GET /status, at most once a second."""
    LOG = "log"
    """New lines of the log, as in GET /system/log: for owners."""


NEEDS = dict.fromkeys(Topic, Access.SEE) | {Topic.LOG: Access.ADMIN}


@dataclass(slots=True, eq=False)
class LiveClient:
    """A client; QUEUE messages behind it is slow, and is closed."""

    socket: web.WebSocketResponse
    who: Identity
    language: Language
    topics: frozenset[Topic] = frozenset()
    queue: deque[str] = field(default_factory=deque)
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    slow: bool = False

    def put(self, text: str) -> None:
        """Let it be told."""
        if len(self.queue) >= QUEUE:
            self.slow = True
        else:
            self.queue.append(text)
        self.ready.set()

    async def send(self) -> bool:
        """Send what waits until the client has gone or is too slow; True if it is too slow."""
        while True:
            await self.ready.wait()
            self.ready.clear()
            try:
                while self.queue and not self.slow:
                    await self.socket.send_str(self.queue.popleft())
            except ConnectionError:
                return False  # it has gone; its listener hears that too
            if self.slow:
                return True


async def close(clients: Iterable[LiveClient], code: int) -> None:
    """Close some clients at once: each may take its time to answer."""
    async with asyncio.TaskGroup() as group:
        for client in list(clients):
            group.create_task(client.socket.close(code=code), name="api close")
