"""Live updates: what clients are told, in order, over WebSockets.

    client  {"do": "subscribe", "topics": ["moods", ...], "boot": "...", "seq": 17}
    hub     {"type": "snapshot", "topic": "moods", "boot": "...", "seq": 40, "data": {...}}
    hub     {"type": "delta", "topic": "moods", "seq": 41, "data": {...}}
    hub     {"type": "problem", "code": "...", "title": "..."}

`seq` counts all deltas since the hub's start, which `boot` names. A client that comes back and
names the last `seq` it has seen is sent what it missed, or a snapshot if that is too long ago. With
`language` it may name another one than its `Accept-Language` did. The hub pings; who does not
answer, and who does not keep up (QUEUE messages behind), is closed.

While no client is there nothing listens to the bus: an idle house pays nothing.
"""

import asyncio
import contextlib
import json
import secrets
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any

from aiohttp import WSCloseCode, WSMsgType, web
from pydantic_core import to_json

from hub.api.access import Access
from hub.api.answer import secured
from hub.api.live_client import ENDED, NEEDS, SLOW, LiveClient, Topic, close
from hub.api.problem import Problem
from hub.api.route import Call, Identity, Route
from hub.api.sight import Sight
from hub.api.topics import Topics
from hub.bus import Subscription
from hub.log_ring import Line, LogRing
from hub.phrase import LANGUAGES, Language, Phrase, frozen, thawed, translated
from hub.types import (
    Acted,
    Decision,
    DeviceChanged,
    DeviceGone,
    Event,
    Held,
    LeftAlone,
    Mood,
    SenseChanged,
)

if TYPE_CHECKING:
    from hub.app import Hub

MOST_CLIENTS = 128
REMEMBERED = 512
BUS_QUEUE = 256
HEARTBEAT_S = 20.0
STATUS_EVERY_S = 1.0
GATHER_S = 0.03
"""How long news are gathered: several of one room or device become one delta."""
MAX_MESSAGE_BYTES = 4096
MAX_SEQ = 1 << 53


def _dump(data: Any) -> str:
    """Return JSON as the rest of the API writes it: what is no number is null."""
    return to_json(data, inf_nan_mode="null").decode()


class Events:
    """Fans the hub's news out to clients."""

    def __init__(self, hub: "Hub", log_ring: LogRing) -> None:
        self.boot = secrets.token_hex(6)
        self.seq = 0
        self.closed_slow = 0
        self._hub = hub
        self._topics = Topics(hub, log_ring)
        self._clients: set[LiveClient] = set()
        self._news: Subscription[Event] | None = None
        self._past: deque[tuple[int, Topic, str]] = deque(maxlen=REMEMBERED)
        self._somebody = asyncio.Event()
        self._indicator: object = None
        self._log_ring = log_ring
        self._log_told = 0
        self._woken = False

    def __len__(self) -> int:
        return len(self._clients)

    async def run(self) -> None:
        """Pass the hub's news on for as long as somebody listens, until cancelled."""
        while True:
            await self._somebody.wait()
            kinds: tuple[type[Event], ...] = (
                *(Mood, Decision, Held, LeftAlone, Acted),
                *(DeviceChanged, DeviceGone, SenseChanged),
            )
            self._woken = False
            self._news = self._hub.bus.subscribe("api", *kinds, size=BUS_QUEUE)
            loop = asyncio.get_running_loop()
            self._log_ring.told = partial(self._logged, loop)
            self._wake()  # for what was logged before it was listened to
            try:
                await self._pass_on(self._news)
            finally:
                self._log_ring.told = None
                self._hub.bus.unsubscribe(self._news)
                self._news = None
                self._past.clear()

    async def serve(self, call: Call) -> web.StreamResponse:
        """Talk to one client until either side is done."""
        if len(self._clients) >= MOST_CLIENTS:
            raise Problem(
                503, "too_many", Phrase("refused.too_many_apps"), Phrase("mend.close_some")
            )
        socket = web.WebSocketResponse(
            heartbeat=HEARTBEAT_S, max_msg_size=MAX_MESSAGE_BYTES, compress=False, timeout=2.0
        )
        if not socket.can_prepare(call.request):
            raise Problem(
                426, "upgrade", Phrase("refused.upgrade"), headers={"Upgrade": "websocket"}
            )
        await secured(socket).prepare(call.request)
        client = LiveClient(socket, call.identity, call.context.language(call.request))
        self._clients.add(client)
        self._somebody.set()
        try:
            async with asyncio.TaskGroup() as group:
                sender = group.create_task(self._send(client), name="api events")
                await self._listen(client, call)
                sender.cancel()
        finally:
            self._clients.discard(client)
            if not self._clients:
                self._somebody.clear()
                self._wake()
        return socket

    async def ended(self, session: str) -> None:
        """Close what a session that was ended has open."""
        await close((c for c in self._clients if c.who.session.id == session), ENDED)

    async def close(self) -> None:
        """Close every client: the hub stops."""
        await close(self._clients, WSCloseCode.GOING_AWAY)

    async def _listen(self, client: LiveClient, call: Call) -> None:
        async for message in client.socket:
            if message.type is not WSMsgType.TEXT:
                await client.socket.close(code=WSCloseCode.UNSUPPORTED_DATA)
                return
            try:
                self._subscribe(client, call, message.data)
            except Problem as err:
                problem = {"type": "problem", "code": err.code, "title": err.title}
                client.put(_dump(translated(problem, client.language)))

    async def _send(self, client: LiveClient) -> None:
        if await client.send():
            self.closed_slow += 1
            await client.socket.close(code=SLOW, message=b"too slow")

    def _subscribe(self, client: LiveClient, call: Call, text: str) -> None:
        try:
            asked = json.loads(text)
            topics = frozenset(Topic(name) for name in asked["topics"])
            known = asked["do"] == "subscribe"
            seq, boot, language = asked.get("seq"), asked.get("boot"), asked.get("language")
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as err:
            raise Problem(400, "bad_request", Phrase("refused.unknown_message")) from err
        if not known:
            raise Problem(400, "bad_request", Phrase("refused.unknown_message"))
        for topic in topics:
            if not call.identity.may(NEEDS[topic]):
                raise Problem(
                    403, "forbidden", Phrase("refused.topic_forbidden", topic=topic.value)
                )
        # Words in another language are all told anew.
        new = topics - (client.topics if language in (None, client.language) else frozenset())
        client.topics = topics
        if language in LANGUAGES:
            client.language = language
        oldest = self._past[0][0] if self._past else self.seq + 1
        knows = boot == self.boot and isinstance(seq, int) and oldest - 1 <= seq <= self.seq
        if knows:
            sight = self._sight(client)
            for number, topic, data in self._past:
                if number > seq and topic in new:
                    client.put(
                        self._delta(number, topic, thawed(json.loads(data)), sight, client.language)
                    )
            return
        for topic in sorted(new):
            snapshot = {
                "type": "snapshot",
                "topic": topic.value,
                "boot": self.boot,
                "seq": self.seq,
                "data": self._topics.snapshot(topic, self._sight(client)),
            }
            client.put(_dump(translated(snapshot, client.language)))

    async def _pass_on(self, news: Subscription[Event]) -> None:
        told_status = -1.0
        while self._clients:
            batch = await news.batch()
            await asyncio.sleep(GATHER_S)
            self._woken = False
            batch += news.take_all()
            rooms, devices = self._topics.about(batch)
            for room in rooms:
                self._tell(Topic.MOODS, partial(self._topics.room, room))
            for changed in devices:
                self._tell(Topic.DEVICES, partial(self._topics.device, changed))
            self._tell_indicator()
            self._tell_log()
            if self._hub.clock.monotonic() - told_status >= STATUS_EVERY_S:
                told_status = self._hub.clock.monotonic()
                self._tell(Topic.STATUS, self._topics.status)

    def changed(self) -> None:
        """Look at the indicator: privacy mode or a consent may have changed."""
        self._wake()

    def _wake(self) -> None:
        if self._news is not None and not self._woken:
            self._woken = True
            self._news.put(_WAKE)

    def _logged(self, loop: asyncio.AbstractEventLoop, _line: Line) -> None:
        """Note, in whatever thread, that the log has grown."""
        with contextlib.suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(self._wake)

    def _tell_indicator(self) -> None:
        now = self._topics.sensing()
        if now != self._indicator:
            self._indicator = now
            self._tell(Topic.SENSES, lambda: now)

    def _tell_log(self) -> None:
        """Send what was logged since the last look; the ring bounds how much that can be."""
        lines = self._topics.lines(self._log_told)
        if lines:
            self._log_told = lines[-1].seq
            self._tell(Topic.LOG, lambda: {"lines": [asdict(line) for line in lines]})

    def _tell(self, topic: Topic, make: Callable[[], Any]) -> None:
        """Send a delta to those who want it; it is made once for all who may see the same."""
        wanting = [
            client
            for client in self._clients
            if topic in client.topics and self._identity(client).may(NEEDS[topic])
        ]
        if not wanting:
            return
        self.seq += 1
        data = make()
        self._past.append((self.seq, topic, _dump(frozen(data))))
        made: dict[tuple[Sight, Language], str] = {}
        for client in wanting:
            sight = self._sight(client) if topic is Topic.MOODS else _ALL
            kind = sight, client.language
            if kind not in made:
                made[kind] = self._delta(self.seq, topic, data, *kind)
            client.put(made[kind])

    def _delta(self, seq: int, topic: Topic, data: Any, sight: Sight, language: Language) -> str:
        shown = sight.room(self._hub, data) if topic is Topic.MOODS else data
        delta = {"type": "delta", "topic": topic.value, "seq": seq, "data": shown}
        return _dump(translated(delta, language))

    def _sight(self, client: LiveClient) -> Sight:
        return Sight.of(self._hub, self._identity(client))

    def _identity(self, client: LiveClient) -> Identity:
        """Return who a client is now: roles change while it is there."""
        member = self._hub.store.accounts.members.get(client.who.member.id)
        return Identity(member or client.who.member, client.who.session)


_ALL = Sight(frozenset())
"""What topics without anybody's mood are made for."""

_WAKE: Any = None
"""Put into the queue of news to look at what has no event of its own."""


async def get_events(call: Call) -> web.StreamResponse:
    """Live updates over a WebSocket; docs/api.md has the messages."""
    assert call.context.events is not None
    return await call.context.events.serve(call)


ROUTES: Iterable[Route] = (
    Route(
        "GET", "/events", "Live updates (WebSocket)", Access.SEE, get_events, limit_s=0, status=101
    ),
)
