"""hooks: what those who know a secret may ask; each hook does one thing, set in the configuration.

No session is needed: the request is signed (Standard Webhooks), or brings the hook's own secret.
"""

from typing import Any

from pydantic import ConfigDict, Field

from hub.api.access import Access
from hub.api.problem import Problem
from hub.api.route import Body, Call, Route, Shape
from hub.phrase import Phrase
from hub.share.hooks import NotLetIn, TooOften


class Asked(Body):
    """What a hook reads of the body; senders may send more, which is not looked at."""

    model_config = ConfigDict(extra="ignore", defer_build=True)

    text: str | None = Field(default=None, max_length=4000)
    """For a hook that says something."""
    present: bool | None = None
    """For a hook that tells whether a room is occupied."""
    on: bool | None = None
    """For a hook that switches privacy mode."""


class Done(Shape):
    """Whether it was done now; a message that came before is not done again."""

    done: bool


async def call_hook(call: Call) -> dict[str, Any]:
    """Let a hook do what it does."""
    headers = {name.lower(): value for name, value in call.request.headers.items()}
    asked = call.sent(Asked).model_dump()
    try:
        done = await call.context.hub.share.hooks.take(call.path["hook"], headers, call.raw, asked)
    except NotLetIn:
        raise Problem(
            401,
            "unauthenticated",
            Phrase("refused.hook_unsigned"),
            headers={"WWW-Authenticate": "Bearer"},
        ) from None
    except TooOften as err:
        wait = {"Retry-After": str(max(1, round(err.wait_s)))}
        raise Problem(
            429,
            "too_many",
            Phrase("refused.too_many_requests"),
            Phrase("mend.wait_a_little"),
            headers=wait,
        ) from None
    return {"done": done}


ROUTES = (
    Route(
        *("POST", "/hooks/{hook}", "Let a hook do what it does", Access.PUBLIC, call_hook),
        body=Asked,
        answer=Done,
        own_auth=True,
        max_bytes=16_384,
    ),
)
