"""Brings one webhook's messages to its receiver: signed, in order, again when it was away.

A receiver that is away is said once in the log and once in the audit log, and once more when it is
back. While a message is tried again, newer ones wait; when the queue is full the oldest goes.
"""

import asyncio
import json
import random
import secrets
import ssl
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import aiohttp
import structlog

from hub.clock import Clock
from hub.phrase import Phrase
from hub.share.signing import BadSecret, Key, read_secret
from hub.share_settings import Webhook, check_url

log = structlog.get_logger(__name__)

QUEUE = 64
ANSWER_LIMIT_S = 10.0
RETRY_S = (1.0, 5.0, 30.0, 120.0, 600.0)
"""Waits between tries, each shortened by up to a half; then the message is given up."""
LONGEST_WAIT_S = 900.0
_AGAIN = frozenset({408, 425, 429})
_OK = range(200, 300)
_REDIRECT = range(300, 400)
_BROKEN = range(500, 600)


@dataclass(frozen=True, slots=True)
class Message:
    """What happened. The id stays the same when it is tried again."""

    id: str
    body: bytes

    @classmethod
    def of(cls, kind: str, data: dict[str, Any], wall_s: float) -> "Message":
        """Return a message in the specification's form."""
        at = datetime.fromtimestamp(wall_s, UTC).isoformat(timespec="milliseconds")
        said = {"type": kind, "timestamp": at.replace("+00:00", "Z"), "data": data}
        return cls(f"msg_{secrets.token_urlsafe(18)}", json.dumps(said).encode())


@dataclass(frozen=True, slots=True)
class _Receiver:
    """Whom messages go to: the key that signs them, the address, whose certificate is accepted."""

    key: Key = field(repr=False)
    url: str = field(repr=False)
    tls: ssl.SSLContext | bool


class _TryAgain(Exception):  # noqa: N818
    def __init__(self, reason: str, wait_s: float = 0.0) -> None:
        super().__init__(reason)
        self.wait_s = wait_s


class _Refused(Exception):  # noqa: N818
    """The receiver does not want this message; asking again does not help."""


class Sender:
    """One webhook. `note` writes to the audit log."""

    def __init__(
        self, name: str, webhook: Webhook, clock: Clock, note: Callable[[Phrase], Awaitable[None]]
    ) -> None:
        self.name = name
        self.webhook = webhook
        self.dropped = 0
        self.delivered = 0
        self.refused = 0
        self.given_up = 0
        self.reason = ""
        self._clock = clock
        self._note = note
        self._waiting: deque[Message] = deque(maxlen=QUEUE)
        self._ready = asyncio.Event()
        self._sending = False

    def put(self, message: Message) -> None:
        """Add a message; never blocks. When the queue is full the oldest goes and is counted."""
        if len(self._waiting) == QUEUE:
            self.dropped += 1
        self._waiting.append(message)
        self._ready.set()

    def left(self) -> int:
        """Return how many messages have not arrived."""
        return len(self._waiting) + self._sending

    def view(self) -> dict[str, object]:
        """Return what there is to show; never the address."""
        return {
            "delivered": self.delivered,
            "refused": self.refused,
            "given_up": self.given_up,
            "dropped": self.dropped,
            "reason": self.reason,
        }

    async def run(self) -> None:
        """Send until cancelled."""
        try:
            receiver = await asyncio.to_thread(self._read)
        except (BadSecret, ValueError, OSError) as err:
            await self._away(Phrase("webhook.attention", problem=str(err)))
            return
        async with aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=ANSWER_LIMIT_S),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": "MoodSync-Hub", "Content-Type": "application/json"},
        ) as session:
            while True:
                await self._ready.wait()
                while self._waiting:
                    self._sending = True
                    await self._bring(session, receiver, self._waiting.popleft())
                    self._sending = False
                self._ready.clear()

    def _read(self) -> _Receiver:
        hook = self.webhook
        key = Key.of(hook.secret_file, hook.secret_env)
        url = hook.url or read_secret(hook.url_file, hook.url_env)
        check_url(url, allow_http=hook.allow_http)
        tls = ssl.create_default_context(cafile=hook.ca_file) if hook.ca_file else True
        return _Receiver(key, url, tls)

    async def _bring(
        self, session: aiohttp.ClientSession, receiver: _Receiver, message: Message
    ) -> None:
        for wait_s in (*RETRY_S, None):
            try:
                await self._post(session, receiver, message)
            except _Refused as err:
                self.refused += 1
                await self._away(str(err))
                return
            except _TryAgain as err:
                await self._away(str(err))
                if wait_s is not None:
                    jitter = random.uniform(wait_s / 2, wait_s)  # noqa: S311 - not a secret
                    await asyncio.sleep(min(LONGEST_WAIT_S, max(jitter, err.wait_s)))
            else:
                self.delivered += 1
                await self._back()
                return
        self.given_up += 1

    async def _post(
        self, session: aiohttp.ClientSession, receiver: _Receiver, message: Message
    ) -> None:
        now = int(self._clock.wall())
        headers = {
            "webhook-id": message.id,
            "webhook-timestamp": str(now),
            "webhook-signature": receiver.key.sign(message.id, now, message.body),
        }
        try:
            async with session.post(
                receiver.url,
                data=message.body,
                headers=headers,
                allow_redirects=False,
                ssl=receiver.tls,
            ) as answer:
                status, again = answer.status, answer.headers.get("Retry-After", "")
        except TimeoutError as err:
            raise _TryAgain(Phrase("webhook.no_answer", seconds=ANSWER_LIMIT_S)) from err
        except aiohttp.ClientConnectorCertificateError as err:
            raise _TryAgain(Phrase("webhook.certificate")) from err
        except (aiohttp.ClientError, OSError) as err:
            raise _TryAgain(Phrase("webhook.unreachable", kind=type(err).__name__)) from err
        if status in _OK:
            return
        if status in _AGAIN or status in _BROKEN:
            wait_s = float(again) if again.isascii() and again.isdigit() else 0.0
            raise _TryAgain(Phrase("webhook.answers", status=status), wait_s)
        if status in _REDIRECT:
            raise _Refused(Phrase("webhook.elsewhere", status=status))
        raise _Refused(Phrase("webhook.answers", status=status))

    async def _away(self, reason: str) -> None:
        first, self.reason = not self.reason, reason
        if first:
            log.warning("webhook_lost", webhook=self.name, reason=reason)
            await self._note(Phrase("webhook.away", reason=reason))

    async def _back(self) -> None:
        if self.reason:
            self.reason = ""
            log.info("webhook_back", webhook=self.name)
