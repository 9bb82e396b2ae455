"""The application: every route of the table, the OpenAPI document, and the app's pages.

No middleware and no signal: on a Raspberry Pi each costs a read a tenth of its time. So each route
is its own handler, and one more answers whatever else is asked.
"""

from pathlib import Path
from typing import Final, Protocol

from aiohttp import web
from aiohttp.typedefs import Handler

from hub.api import pages
from hub.api.answer import secured
from hub.api.context import Context
from hub.api.gate import Gate
from hub.api.hosts import is_loopback
from hub.api.problem import Problem
from hub.api.route import PREFIX, Route
from hub.api.table import ROUTES
from hub.phrase import Phrase

DOCUMENT: Final = Path(__file__).resolve().parents[2] / "config" / "openapi.json"
MOST_BYTES = 1 << 20


class Place(Protocol):
    """Where the server answers."""

    def link(self, path: str = "/") -> str:
        """Return the app's address as people open it."""
        ...

    @property
    def authority_file(self) -> Path | None:
        """The file that devices are to trust, if any."""
        ...

    @property
    def authority(self) -> bytes | None:
        """Its SHA-256."""
        ...


def application(context: Context, place: Place) -> web.Application:
    """Return what aiohttp serves."""
    app = web.Application(client_max_size=MOST_BYTES)
    answers = _Answers(context, place, app)
    for route in ROUTES:
        app.router.add_route(route.method, f"{PREFIX}{route.path}", answers.to(route))
    app.router.add_route("*", "/api/openapi.json", answers.document)
    app.router.add_route("*", "/{path:.*}", answers.anything_else)
    return app


class _Answers:
    """The handlers."""

    def __init__(self, context: Context, place: Place, app: web.Application) -> None:
        self._context = context
        self._place = place
        self._app = app
        self._gate = Gate(context)

    def to(self, route: Route) -> Handler:
        """Return the handler of a route."""

        async def handler(request: web.Request) -> web.StreamResponse:
            refused = self._refused(request)
            return await self._gate.handle(request, route) if refused is None else refused

        return handler

    async def document(self, request: web.Request) -> web.StreamResponse:
        """Answer with the OpenAPI document as it was made when this version was."""
        refused = self._refused(request)
        if refused is not None:
            return refused
        try:
            self._gate.check_host(request)
        except Problem as problem:
            return secured(problem.response())
        return secured(web.FileResponse(DOCUMENT, headers={"Content-Type": "application/json"}))

    async def anything_else(self, request: web.Request) -> web.StreamResponse:
        """Answer what no route fits: a page of the app, or an unknown part of the API."""
        if not request.path.startswith("/api/"):
            self._note(request)
            return secured(self._page(request))
        refused = self._refused(request)
        if refused is not None:
            return refused
        return self._gate.not_found(request, await self._methods(request))

    def _note(self, request: web.Request) -> None:
        if self._context.doors is not None:
            self._context.doors.asked(request.protocol)

    def _refused(self, request: web.Request) -> web.StreamResponse | None:
        """Return the answer to whoever asks the API over the network without TLS."""
        self._note(request)
        if request.secure or is_loopback(request):
            return None
        problem = Problem(403, "not_encrypted", Phrase("refused.not_encrypted"), self._place.link())
        return secured(problem.response(self._context.language(request)))

    async def _methods(self, request: web.Request) -> set[str]:
        """Return the methods that the path of a request has in the API."""
        found: set[str] = set()
        for resource in self._app.router.resources():
            if resource.canonical.startswith(PREFIX):
                _, methods = await resource.resolve(request)
                found |= methods
        return found

    def _page(self, request: web.Request) -> web.StreamResponse:
        language = self._context.language(request)
        try:
            self._gate.check_host(request)
        except Problem as problem:
            return problem.response(language)
        if request.method not in ("GET", "HEAD"):
            return pages.nothing_sent_here(language)
        file = self._place.authority_file
        if request.path == "/ca.crt" and file is not None:
            headers = {"Content-Type": "application/x-x509-ca-cert"}
            return web.FileResponse(file, headers=headers)
        if not request.secure and not is_loopback(request):
            shown = self._place.authority
            mark = shown.hex(":").upper() if shown else None
            return pages.how_to_https(self._gate.home, self._place.link(), mark, language)
        return pages.app_file(request.path, language)
