"""Sends push messages: a bounded queue, a few workers, back-off; who is gone is forgotten."""

import asyncio
import json
import random
import ssl
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import aiohttp
import structlog

from hub.clock import Clock
from hub.push.guard import Allowed, GuardedResolver, NotPublic, is_public, origin_of
from hub.store.account_records import PushTarget
from hub.store.accounts import Accounts
from hub.store.config_db import HUB, ConfigDb

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

log = structlog.get_logger(__name__)

QUEUE = 64
WORKERS = 4
TRIES = 5
FIRST_PAUSE_S = 5.0
LONGEST_PAUSE_S = 300.0
LIMIT_S = 15.0
TTL_S = 4 * 3600
"""How long a push service keeps a message for a phone that is off."""
GONE = (404, 410)
AGAIN = (408, 429)
SERVER = 500
MOST_ANSWER_BYTES = 1024


@dataclass(frozen=True, slots=True)
class Message:
    """What a lock screen shows. `topic` names what it is about; a newer one takes its place."""

    topic: str
    title: str
    text: str
    path: str = "/"
    """The app's page to open."""

    def encoded(self) -> bytes:
        """Return it as the app's service worker reads it."""
        plain = {"topic": self.topic, "title": self.title, "body": self.text, "url": self.path}
        return json.dumps(plain, ensure_ascii=False).encode()


class Sender:
    """`put` never waits; `run` sends until cancelled. `counts` says what came of it."""

    def __init__(
        self,
        accounts: Accounts,
        config: ConfigDb,
        clock: Clock,
        contact: str,
        *,
        allowed: Allowed = is_public,
        tls: ssl.SSLContext | None = None,
        first_pause_s: float = FIRST_PAUSE_S,
    ) -> None:
        self.counts: Counter[str] = Counter()
        self._accounts = accounts
        self._config = config
        self._clock = clock
        self._contact = contact
        self._allowed = allowed
        self._tls = tls
        self._first_pause_s = first_pause_s
        self._queue: asyncio.Queue[tuple[str, Message]] = asyncio.Queue(QUEUE)
        self._key: EllipticCurvePrivateKey | None = None

    def put(self, target: PushTarget, message: Message) -> bool:
        """Take a message for a browser; False, and counted, if too many wait."""
        try:
            self._queue.put_nowait((target.endpoint, message))
        except asyncio.QueueFull:
            self.counts["dropped"] += 1
            return False
        return True

    async def run(self) -> None:
        """Send until cancelled."""
        connector = aiohttp.TCPConnector(
            resolver=GuardedResolver(self._allowed), ssl=self._tls or True, limit=WORKERS
        )
        async with (
            aiohttp.ClientSession(
                connector=connector,
                timeout=aiohttp.ClientTimeout(total=LIMIT_S),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
            ) as session,
            asyncio.TaskGroup() as group,
        ):
            for number in range(WORKERS):
                group.create_task(self._work(session), name=f"push {number}")

    async def _work(self, session: aiohttp.ClientSession) -> None:
        while True:
            endpoint, message = await self._queue.get()
            for attempt in range(TRIES):
                target = self._accounts.push.get(endpoint)
                if target is None:  # unsubscribed meanwhile
                    break
                pause_s = await self._send(session, target, message)
                if pause_s is None:
                    break
                longest = min(LONGEST_PAUSE_S, self._first_pause_s * 2**attempt)
                await asyncio.sleep(max(pause_s, random.uniform(longest / 2, longest)))  # noqa: S311
            else:
                self.counts["given_up"] += 1

    async def _send(
        self, session: aiohttp.ClientSession, target: PushTarget, message: Message
    ) -> float | None:
        """Send once; return after how long to try again at the earliest, None if it is over."""
        try:
            origin = origin_of(target.endpoint, self._allowed)
            body, authorization = await self._sealed(target, message, origin)
            headers = {
                "Authorization": authorization,
                "Content-Encoding": "aes128gcm",
                "Content-Type": "application/octet-stream",
                "TTL": str(TTL_S),
                "Urgency": "normal",
                "Topic": message.topic[:32],
            }
            async with session.post(
                target.endpoint, data=body, headers=headers, allow_redirects=False
            ) as answer:
                return await self._judge(target, answer)
        except (NotPublic, ValueError) as err:
            self.counts["refused"] += 1
            log.warning("push_refused", reason=str(err))
            return None
        except (aiohttp.ClientError, TimeoutError, OSError) as err:
            if isinstance(err.__cause__, NotPublic) or "private network" in str(err):
                self.counts["refused"] += 1
                return None
            self.counts["unreachable"] += 1
            return 0.0

    async def _judge(self, target: PushTarget, answer: aiohttp.ClientResponse) -> float | None:
        status = answer.status
        await answer.content.read(MOST_ANSWER_BYTES)
        if status in GONE:
            self.counts["gone"] += 1
            await self._accounts.drop_push(target.endpoint, HUB)
            return None
        if status in AGAIN or status >= SERVER:
            self.counts["again"] += 1
            wait = answer.headers.get("Retry-After", "")
            return min(LONGEST_PAUSE_S, float(wait)) if wait.isdecimal() else 0.0
        if status >= 300:  # noqa: PLR2004 - redirections are not followed
            self.counts["refused"] += 1
            log.warning("push_refused", status=status)
            return None
        self.counts["sent"] += 1
        return None

    async def _sealed(self, target: PushTarget, message: Message, origin: str) -> tuple[bytes, str]:
        """Return body and authorization; the library costs 9 MB and is for those who use push."""
        from hub.api.push_keys import private_key  # noqa: PLC0415
        from hub.push.encryption import encrypt  # noqa: PLC0415
        from hub.push.vapid import authorization  # noqa: PLC0415

        if self._key is None:
            self._key = await private_key(self._config)
        body = encrypt(message.encoded(), target.p256dh, target.auth)
        return body, authorization(self._key, origin, self._clock.wall(), self._contact)
