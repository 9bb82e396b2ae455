"""Every request passes here, in this order: host and origin, rate, session, access, body, handler.

Whatever goes wrong becomes problem+json; a bug becomes a 500 that tells nothing but that it is one.
"""

import asyncio
from functools import partial
from typing import Any

import structlog
from aiohttp import ClientConnectionResetError, web
from pydantic import BaseModel

from hub.api.access import Access
from hub.api.answer import secured, to_response
from hub.api.context import Context
from hub.api.hosts import SAFE
from hub.api.problem import Problem, problem_of
from hub.api.route import Call, Identity, Route
from hub.phrase import Phrase

log = structlog.get_logger(__name__)

BODY_LIMIT_S = 10.0
HUNG_UP = 499
"""As nginx calls it; it is seen by nobody."""


class Gate:
    """The only middleware."""

    def __init__(self, context: Context) -> None:
        self._context = context

    @property
    def home(self) -> str:
        """The home's name."""
        return self._context.hub.settings.home.name

    async def handle(self, request: web.Request, route: Route) -> web.StreamResponse:
        """Answer a request to a route of the API."""
        try:
            return await self._answer(request, route, self._admit(request, route))
        except web.HTTPException as err:
            response = _of_status(err).response()
        except ClientConnectionResetError:
            # Who asked has hung up before the answer began: nobody reads this one.
            return web.Response(status=HUNG_UP)
        except Exception as err:
            problem = problem_of(err)
            if problem is None:
                log.exception("request_failed", route=route.name)
                problem = Problem(
                    500, "internal", Phrase("refused.internal"), Phrase("mend.its_log")
                )
            response = problem.response(self._context.language(request))
        return secured(response)

    def not_found(self, request: web.Request, allowed: set[str]) -> web.StreamResponse:
        """Answer a request that no route fits; `allowed` are the methods that its path has."""
        try:
            self._check_origin(request)
            self._count_stranger(request)
            if allowed:
                problem = _of_status(web.HTTPMethodNotAllowed(request.method, allowed))
            else:
                problem = Problem(404, "not_found", Phrase("refused.no_such_route"))
        except Problem as refused:
            problem = refused
        return secured(problem.response(self._context.language(request)))

    def _admit(self, request: web.Request, route: Route) -> Identity | None:
        """Return who asks, where they may. Raises Problem."""
        context = self._context
        self._check_origin(request)
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
        return who

    def _check_origin(self, request: web.Request) -> None:
        self.check_host(request)
        _check_text(request)

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
        context = self._context
        call = Call(context, request, request.match_info, who=who)
        if route.query is not None:
            call.query = _parse_query(request, route.query)
        if route.body is not None:
            call.raw = await _read(request, route)
            try:
                call.body = route.body.model_validate_json(call.raw or b"{}")
            except RecursionError:
                raise Problem(400, "too_deep", Phrase("refused.too_deep")) from None
        if route.command and who is not None:
            carry_out = partial(self._carry_out, call, route)
            return await context.idempotency.once(who.session.id, request, call.raw, carry_out)
        return await self._carry_out(call, route)

    async def _carry_out(self, call: Call, route: Route) -> web.StreamResponse:
        if route.limit_s and route.waits:
            async with asyncio.timeout(route.limit_s):
                answer = await route.handler(call)
        else:
            answer = await route.handler(call)
        if isinstance(answer, web.StreamResponse):
            return answer if answer.prepared else secured(answer)
        return to_response(call.request, route, answer, call.context.language(call.request))


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
