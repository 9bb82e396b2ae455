"""push: where browsers want to be told while the app is closed (Web Push, RFC 8030)."""

from typing import Annotated, Any, Literal

from pydantic import Field

from hub.api.access import Access
from hub.api.problem import Problem
from hub.api.route import Body, Call, Route, Shape
from hub.phrase import Phrase
from hub.push.guard import NotPublic, origin_of
from hub.push.news import DETAILS, SPEAKS
from hub.store.account_records import PushTarget
from sync.base64url import unb64

POINT_BYTES = 65
AUTH_BYTES = 16
MOST = 50

Topic = Literal["attention", "privacy", "decisions", "test"]
"""What needs somebody; privacy mode; what the house did by itself."""


class PushKey(Shape):
    """The hub's VAPID public key (RFC 8292), base64url: `applicationServerKey`."""

    key: str


class Keys(Body):
    """The browser's keys."""

    p256dh: Annotated[str, Field(max_length=200)]
    auth: Annotated[str, Field(max_length=100)]


class Subscription(Body):
    """What `PushSubscription.toJSON()` gives, and about what to tell."""

    endpoint: str = Field(max_length=1000)
    keys: Keys
    topics: list[Topic] = Field(default=["attention"], max_length=4)
    details: bool = False
    """Reasons, which may tell of moods, on this device's lock screen."""


class Endpoint(Body):
    """Which subscription."""

    endpoint: str = Field(max_length=1000)


class Subscribed(Shape):
    """About what this browser is told."""

    topics: list[str]
    details: bool


class Told(Shape):
    """To how many of one's browsers a message is on its way."""

    browsers: int


async def get_push_key(call: Call) -> dict[str, Any]:
    """The key to subscribe with."""
    # The library is imported by those who use push: it costs 9 MB.
    from hub.api.push_keys import public_key  # noqa: PLC0415

    return {"key": await public_key(call.context.hub.store.config)}


async def subscribe_push(call: Call) -> dict[str, Any]:
    """Tell this browser from now on."""
    sent, who, accounts = call.sent(Subscription), call.identity, call.context.accounts
    try:
        origin_of(sent.endpoint)
    except NotPublic as err:
        raise Problem(422, "invalid", str(err)) from err
    if len(accounts.push) >= MOST and sent.endpoint not in accounts.push:
        raise Problem(409, "too_many", Phrase("refused.too_many_browsers"))
    known = accounts.push.get(sent.endpoint)
    if known is not None and known.member != who.member.id:
        raise Problem(409, "conflict", Phrase("refused.browser_taken"))
    try:
        point, auth = unb64(sent.keys.p256dh), unb64(sent.keys.auth)
    except ValueError as err:
        raise Problem(422, "invalid", Phrase("refused.keys_base64")) from err
    if len(point) != POINT_BYTES or point[0] != 4 or len(auth) != AUTH_BYTES:  # noqa: PLR2004
        raise Problem(422, "invalid", Phrase("refused.browser_keys"))
    speaks = call.context.language(call.request)
    target = PushTarget(
        sent.endpoint,
        who.member.id,
        who.session.client,
        point,
        auth,
        (*sent.topics, *((DETAILS,) if sent.details else ()), SPEAKS + speaks),
        call.context.auth.now_ms(),
    )
    await accounts.put_push(target, who.by)
    call.context.push.changed()
    return {"topics": sent.topics, "details": sent.details}


async def unsubscribe_push(call: Call) -> None:
    """Tell this browser no more."""
    endpoint = call.sent(Endpoint).endpoint
    known = call.context.accounts.push.get(endpoint)
    if known is None or known.member != call.identity.member.id:
        raise Problem(404, "not_found", Phrase("refused.browser_not_told"))
    await call.context.accounts.drop_push(endpoint, call.identity.by)
    call.context.push.changed()


async def test_push(call: Call) -> dict[str, Any]:
    """Send a message to all of one's own browsers, to see that it arrives."""
    return {"browsers": call.context.push.test(call.identity.member.id)}


_SUBSCRIPTIONS = "/push/subscriptions"
ROUTES = (
    Route(
        "GET", "/push/key", "The key to subscribe with", Access.SEE, get_push_key, answer=PushKey
    ),
    Route(
        *("PUT", _SUBSCRIPTIONS, "Tell this browser", Access.SEE, subscribe_push),
        body=Subscription,
        answer=Subscribed,
    ),
    Route(
        *("POST", f"{_SUBSCRIPTIONS}/removal", "Tell it no more", Access.SEE, unsubscribe_push),
        body=Endpoint,
        status=204,
    ),
    Route(
        *("POST", "/push/test", "Send oneself a message", Access.SEE, test_push),
        answer=Told,
        command=True,
    ),
)
