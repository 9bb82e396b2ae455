"""What those who know a hook's secret may ask: one thing each, as the configuration says.

A request is signed as Standard Webhooks are (fresh, and carried out once), or brings the secret
itself as a bearer token. Whoever knows no secret cannot tell which hooks there are.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import structlog

from hub.api.limits import RateLimit
from hub.errors import Refusal
from hub.phrase import Phrase
from hub.share.hands import Hands
from hub.share.signing import TOLERANCE_S, BadSecret, BadSignature, Key
from hub.share_settings import Hook

if TYPE_CHECKING:
    from hub.app import Hub

log = structlog.get_logger(__name__)

REMEMBERED = 8192
"""Ids of messages: more than the fastest hook can take while one is still fresh."""


class NotLetIn(Exception):  # noqa: N818 - what the caller is told
    """No such hook, or not its secret: which of them is not said."""


class TooOften(Exception):  # noqa: N818
    """More requests than the hook takes; `wait_s` is when to try again."""

    def __init__(self, wait_s: float) -> None:
        super().__init__("too many requests")
        self.wait_s = wait_s


class Hooks:
    """Made once; keeps which messages were seen, and how often each hook was used."""

    def __init__(self, hub: "Hub") -> None:
        self._hub = hub
        self._made_at = self._now()
        self._seen: OrderedDict[tuple[str, str], float] = OrderedDict()
        self._rates: dict[tuple[str, float], RateLimit] = {}
        self._unreadable: set[str] = set()
        """Hooks whose secret the log was told to be missing."""

    async def take(
        self, name: str, headers: Mapping[str, str], body: bytes, asked: Mapping[str, Any]
    ) -> bool:
        """Carry a request out; return False when it was carried out before.

        Raises NotLetIn, TooOften, Refusal, HubError.
        """
        hook = self._hub.settings.share.hooks.get(name)
        if hook is None:
            raise NotLetIn
        message_id = await self._check(name, hook, headers, body)
        rate = self._rates.setdefault(
            (name, hook.per_minute),
            RateLimit(max(1.0, hook.per_minute / 6), hook.per_minute / 60, self._now),
        )
        wait_s = rate.wait_s(name)
        if wait_s:
            raise TooOften(wait_s)
        if message_id is None:
            await self._do(name, hook, asked)
            return True
        if not self._is_new(name, message_id):
            return False
        try:
            await self._do(name, hook, asked)
        except BaseException:
            self._seen.pop((name, message_id), None)  # its sender will try again
            raise
        return True

    async def _check(
        self, name: str, hook: Hook, headers: Mapping[str, str], body: bytes
    ) -> str | None:
        """Return the id of a signed message, None for a bearer token. Raises NotLetIn."""
        try:
            key = await asyncio.to_thread(Key.of, hook.secret_file, hook.secret_env)
        except BadSecret as err:
            # Whose fault it is is nothing for whoever is asking: they have shown no secret.
            if name not in self._unreadable:
                self._unreadable.add(name)
                log.warning("hook_secret_unreadable", hook=name, reason=str(err))
            raise NotLetIn from err
        self._unreadable.discard(name)
        scheme, _, secret = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            if not key.is_bearer(secret.strip()):
                raise NotLetIn
            return None
        # What was carried out before a restart is not remembered, so nothing from then is taken;
        # senders sign anew when they try again. Reckoned back from now: the clock may be set.
        now = self._hub.clock.wall()
        since = now - (self._now() - self._made_at)
        try:
            return key.check(headers, body, now, since)
        except BadSignature as err:
            raise NotLetIn from err

    def _is_new(self, name: str, message_id: str) -> bool:
        now = self._now()
        while self._seen and (
            len(self._seen) >= REMEMBERED or next(iter(self._seen.values())) < now
        ):
            self._seen.popitem(last=False)
        if (name, message_id) in self._seen:
            return False
        self._seen[name, message_id] = now + 2 * TOLERANCE_S
        return True

    async def _do(self, name: str, hook: Hook, asked: Mapping[str, Any]) -> None:
        hands = Hands(self._hub, f"hook {name}")
        match hook.does:
            case "scene":
                await hands.scene(str(hook.room), str(hook.scene))
            case "say":
                await hands.say(_must(asked, "text", str), str(hook.person), hook.room)
            case "presence":
                await hands.presence(str(hook.room), present=_must(asked, "present", bool))
            case "privacy":
                await hands.privacy(on=_must(asked, "on", bool))

    def _now(self) -> float:
        return self._hub.clock.monotonic()


def _must(asked: Mapping[str, Any], key: str, kind: type) -> Any:
    value = asked.get(key)
    if not isinstance(value, kind):
        raise Refusal("bad_request", Phrase("refused.hook_needs", key=key))
    return value
