"""Every request passes here, in this order: host and origin, rate, session, access, body, handler.

Whatever goes wrong becomes problem+json; a bug becomes a 500 that tells nothing but that it is one.
"""

import asyncio
import hashlib
import json
from typing import Any

import structlog
from aiohttp import ClientConnectionResetError, web
from pydantic import BaseModel

from hub.api.access import Access
from hub.api.context import Context
from hub.api.hosts import SAFE
from hub.api.problem import Problem, problem_of
from hub.api.route import Call, Identity, Reply, Route
from hub.phrase import Language, Phrase, translated

log = structlog.get_logger(__name__)

BODY_LIMIT_S = 10.0
HUNG_UP = 499
"""As nginx calls it; it is seen by nobody."""

_dump = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
"""On every answer."""


class Gate:
    """The only middleware."""

    def __init__(self, context: Context) -> None:
        self._context = context

    @property
    def home(self) -> str:
        """The home's name."""
        return self._context.hub.settings.home.name

    async def not_allowed(self, request: web.Request, err: web.HTTPException) -> web.StreamResponse:
        """Answer a request whose path exists and whose method does not."""
        try:
            self.check_host(request)
            self._count_stranger(request)
        except Problem as problem:
            return problem.response(self._context.language(request))
        return _of_status(err).response()

    async def handle(self, request: web.Request, route: Route | None) -> web.StreamResponse:
        """Answer a request to the API; `route` is None when there is no such route."""
        try:
            response = await self._checked(request, route)
        except web.HTTPException as err:
            response = _of_status(err).response()
        except ClientConnectionResetError:
            # Who asked has hung up before the answer began: nobody reads this one.
            return web.Response(status=HUNG_UP)
        except Exception as err:
            problem = problem_of(err)
            if problem is None:
                name = route.name if route else ""
                log.exception("request_failed", route=name)
                problem = Problem(
                    500, "internal", Phrase("refused.internal"), Phrase("mend.its_log")
                )
            response = problem.response(self._context.language(request))
        if not response.prepared:
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    async def _checked(self, request: web.Request, route: Route | None) -> web.StreamResponse:
        context = self._context
        self.check_host(request)
        _check_text(request)
        if route is None:
            self._count_stranger(request)
            raise Problem(404, "not_found", Phrase("refused.no_such_route"))
        who, by_cookie = (None, False) if route.own_auth else context.auth.identify(request)
        if who is None:
            self._count_stranger(request)
        if by_cookie and request.method not in SAFE and not _comes_from_page(request):
            raise Problem(403, "cross_site", Phrase("refused.no_origin"))
        if route.access is not Access.PUBLIC:
            if who is None:
                raise Problem(
                    401,
                    "unauthenticated",
                    Phrase("refused.unauthenticated"),
                    Phrase("mend.pair_device"),
                    headers={"WWW-Authenticate": "Bearer"},
                )
            if not who.may(route.access):
                raise Problem(403, "forbidden", Phrase("refused.forbidden", role=who.role.value))
            if route.proof:
                self._check_proof(who)
        if request.method not in SAFE and who is not None:
            wait_s = context.commands.wait_s(who.session.id)
            if wait_s:
                raise _too_many(wait_s)
        return await self._answer(request, route, who)

    def check_host(self, request: web.Request) -> None:
        """Raise Problem (403) unless the request is for this hub and from its own pages."""
        if not self._context.hosts.is_ours(request):
            raise Problem(403, "wrong_host", Phrase("refused.wrong_host"), Phrase("mend.hostnames"))
        if not self._context.hosts.is_same_origin(request):
            raise Problem(403, "cross_site", Phrase("refused.cross_site"))

    def _count_stranger(self, request: web.Request) -> None:
        wait_s = self._context.strangers.wait_s(request.remote or "")
        if wait_s:
            raise _too_many(wait_s)

    def _check_proof(self, who: Identity) -> None:
        if not self._context.auth.proof_is_fresh(who):
            raise Problem(
                403,
                "proof_needed",
                Phrase("refused.proof_needed"),
                Phrase("mend.show_factor"),
            )

    async def _answer(
        self, request: web.Request, route: Route, who: Identity | None
    ) -> web.StreamResponse:
        query = _parse_query(request, route.query) if route.query else None
        raw = await _read(request, route) if route.body is not None else b""
        body = None
        if route.body is not None:
            try:
                body = route.body.model_validate_json(raw or b"{}")
            except RecursionError:
                raise Problem(400, "too_deep", Phrase("refused.too_deep")) from None
        context = self._context
        call = Call(context, request, dict(request.match_info), query, body, who, raw)

        async def carry_out() -> web.StreamResponse:
            if route.limit_s and route.waits:
                async with asyncio.timeout(route.limit_s):
                    answer = await route.handler(call)
            else:
                answer = await route.handler(call)
            return to_response(request, route, answer, context.language(request))

        if route.command and who is not None:
            return await context.idempotency.once(who.session.id, request, raw, carry_out)
        return await carry_out()


def to_response(
    request: web.Request, route: Route, answer: Any, language: Language
) -> web.StreamResponse:
    """Return a handler's answer as a response in a language."""
    if isinstance(answer, web.StreamResponse):
        return answer
    reply = answer if isinstance(answer, Reply) else Reply(answer, route.status)
    if reply.data is None:
        return web.Response(status=204, headers=reply.headers)
    data = reply.data
    text = (
        data.model_dump_json() if isinstance(data, BaseModel) else _dump(translated(data, language))
    )
    headers = dict(reply.headers)
    if route.etag:
        tag = reply.etag or etag_of(text)
        headers["ETag"] = tag
        headers["Cache-Control"] = "no-cache"
        if request.method in SAFE and tag in request.headers.get("If-None-Match", ""):
            return web.Response(status=304, headers=headers)
    headers["Content-Type"] = "application/json; charset=utf-8"
    return web.Response(status=reply.status, body=text.encode(), headers=headers)


def etag_of(text: str) -> str:
    """Return the strong ETag of a JSON text."""
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:20]}"'


def check_match(request: web.Request, current: str) -> None:
    """Raise Problem unless If-Match names what is there now: nobody's edit is lost unseen."""
    wanted = request.headers.get("If-Match")
    if wanted is None:
        raise Problem(428, "match_needed", Phrase("refused.match_needed"))
    if wanted.strip() != "*" and current not in [tag.strip() for tag in wanted.split(",")]:
        raise Problem(
            412, "changed", Phrase("refused.changed_meanwhile"), Phrase("mend.read_again")
        )


def _parse_query(request: web.Request, model: type[BaseModel]) -> BaseModel:
    given = request.query
    data: dict[str, Any] = {}
    for key in given:
        values = given.getall(key)
        data[key] = values[0] if len(values) == 1 else values
    return model.model_validate(data)


async def _read(request: web.Request, route: Route) -> bytes:
    if request.can_read_body and request.content_type not in ("application/json", route.media):
        raise Problem(415, "not_json", Phrase("refused.not_json"))
    declared = request.content_length
    if declared is not None and declared > route.max_bytes:
        raise Problem(413, "too_large", Phrase("refused.too_large", most=route.max_bytes))
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(BODY_LIMIT_S):
            async for part in request.content.iter_any():
                size += len(part)
                if size > route.max_bytes:
                    raise Problem(
                        413, "too_large", Phrase("refused.too_large", most=route.max_bytes)
                    )
                parts.append(part)
    except TimeoutError:
        raise Problem(408, "too_slow", Phrase("refused.too_slow")) from None
    return b"".join(parts)


def _comes_from_page(request: web.Request) -> bool:
    """Say whether a browser vouches that this comes from one of our pages (checked before)."""
    return "Origin" in request.headers or "Sec-Fetch-Site" in request.headers


def _too_many(wait_s: float) -> Problem:
    return Problem(
        429,
        "too_many",
        Phrase("refused.too_many_requests"),
        Phrase("mend.wait_a_little"),
        headers={"Retry-After": str(max(1, round(wait_s)))},
    )


def _check_text(request: web.Request) -> None:
    """Raise Problem (400) where a header is not UTF-8: nothing here could compare or hash it."""
    try:
        "".join(request.headers.values()).encode()
    except UnicodeEncodeError:  # aiohttp keeps other bytes as lone surrogates
        raise Problem(400, "bad_header", Phrase("refused.header_text")) from None


def _of_status(err: web.HTTPException) -> Problem:
    return Problem(
        err.status,
        "http",
        err.reason,
        headers={
            name: value for name, value in err.headers.items() if name in ("Allow", "Location")
        },
    )
