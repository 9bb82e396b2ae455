"""Commands sent twice with one Idempotency-Key are carried out once; the answer is the same.

In memory, for a day at most, the newest 1,000: a phone retries within seconds or minutes.
"""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from hub.api.problem import Problem
from hub.clock import Clock
from hub.phrase import Phrase

HEADER = "Idempotency-Key"
MAX_KEY_CHARS = 100
MOST = 1000
KEPT_S = 86_400.0


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    body: bytes
    content_type: str


@dataclass(slots=True)
class _Entry:
    request: bytes
    at: float
    answer: asyncio.Future[_Answer]


class Idempotency:
    """Remembers answers by member, key and request."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._entries: OrderedDict[tuple[str, str], _Entry] = OrderedDict()

    async def once(
        self,
        who: str,
        request: web.Request,
        body: bytes,
        carry_out: Callable[[], Awaitable[web.StreamResponse]],
    ) -> web.StreamResponse:
        """Return the answer to a command, from before if it was sent before.

        A second one that comes while the first is under way waits for it. Raises Problem (422) if
        the key was used for another request.
        """
        key = request.headers.get(HEADER)
        if key is None:
            return await carry_out()
        if not key or len(key) > MAX_KEY_CHARS or not key.isprintable():
            raise Problem(
                400, "bad_key", Phrase("refused.bad_key", header=HEADER, most=MAX_KEY_CHARS)
            )
        what = hashlib.sha256(f"{request.method} {request.path_qs}\n".encode() + body).digest()
        self._forget_old()
        known = self._entries.get((who, key))
        if known is not None:
            if known.request != what:
                raise Problem(422, "key_reused", Phrase("refused.key_reused", header=HEADER))
            return _again(await asyncio.shield(known.answer))
        future: asyncio.Future[_Answer] = asyncio.get_running_loop().create_future()
        entry = self._entries[who, key] = _Entry(what, self._clock.monotonic(), future)
        try:
            response = await carry_out()
        except BaseException as err:
            # Nothing is known of what came of it: the next try is a new one.
            self._entries.pop((who, key), None)
            entry.answer.set_exception(
                err
                if isinstance(err, Exception)
                else Problem(503, "aborted", Phrase("refused.aborted"))
            )
            entry.answer.exception()  # seen, also when nobody waits
            raise
        if isinstance(response, web.Response) and isinstance(response.body, bytes):
            entry.answer.set_result(_Answer(response.status, response.body, response.content_type))
        else:
            entry.answer.set_result(_Answer(204, b"", "application/json"))
        return response

    def _forget_old(self) -> None:
        now = self._clock.monotonic()
        while self._entries:
            key, oldest = next(iter(self._entries.items()))
            if len(self._entries) < MOST and now - oldest.at < KEPT_S:
                return
            del self._entries[key]


def _again(answer: _Answer) -> web.Response:
    return web.Response(
        status=answer.status,
        body=answer.body,
        content_type=answer.content_type,
        headers={"Idempotency-Replayed": "true"},
    )
