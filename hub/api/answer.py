"""What a handler returned, as a response: JSON in a language, ETags, headers of every answer."""

import hashlib
from typing import Any, Final

from aiohttp import web
from multidict import CIMultiDict
from pydantic_core import to_json

from hub.api.hosts import SAFE
from hub.api.problem import Problem
from hub.api.route import Reply, Route
from hub.phrase import Language, Phrase, translated

HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
"""On every answer."""

_JSON: Final = CIMultiDict(
    {
        **HEADERS,
        "Content-Type": "application/json; charset=utf-8",
        "Cache-Control": "no-store",
    }
)


def to_response(
    request: web.Request, route: Route, answer: Any, language: Language
) -> web.Response:
    """Return what a handler answered, plain data or a Reply, as a response in a language."""
    status, tag = route.status, None
    headers = _JSON.copy()
    if isinstance(answer, Reply):
        status, tag = answer.status, answer.etag
        headers.update(answer.headers)
        answer = answer.data
    if answer is None:
        del headers["Content-Type"]
        return web.Response(status=204, headers=headers)
    # pydantic's writer takes a third of the time of json's, and never writes NaN, which is no JSON.
    body = to_json(translated(answer, language), inf_nan_mode="null")
    if route.etag:
        tag = tag or etag_of(body)
        headers["ETag"] = tag
        headers["Cache-Control"] = "no-cache"
        if request.method in SAFE and tag in request.headers.get("If-None-Match", ""):
            del headers["Content-Type"]
            return web.Response(status=304, headers=headers)
    return web.Response(status=status, body=body, headers=headers)


def secured(response: web.StreamResponse) -> web.StreamResponse:
    """Give a response the headers of every answer; to be called before it is prepared."""
    response.headers.update(HEADERS)
    response.headers.setdefault("Cache-Control", "no-store")
    return response


def etag_of(text: str | bytes) -> str:
    """Return the strong ETag of a JSON text."""
    body = text.encode() if isinstance(text, str) else text
    return f'"{hashlib.sha256(body).hexdigest()[:20]}"'


def check_match(request: web.Request, current: str) -> None:
    """Raise Problem unless If-Match names what is there now: nobody's edit is lost unseen."""
    wanted = request.headers.get("If-Match")
    if wanted is None:
        raise Problem(428, "match_needed", Phrase("refused.match_needed"))
    if wanted.strip() != "*" and current not in [tag.strip() for tag in wanted.split(",")]:
        raise Problem(
            412, "changed", Phrase("refused.changed_meanwhile"), Phrase("mend.read_again")
        )
