"""What a route is: method, path, who may, what goes in, what comes out, and the handler.

The table of routes is all that the server, the OpenAPI document and the permission tests know.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from opcode import opmap
from typing import TYPE_CHECKING, Any, TypeVar, cast

from aiohttp import web
from pydantic import BaseModel, ConfigDict

from hub.api.access import Access, Role, allowed, role_of
from hub.api.problem import Problem
from hub.phrase import Phrase
from hub.store.account_records import Member, Session

if TYPE_CHECKING:
    from hub.api.context import Context

PREFIX = "/api/v1"

B = TypeVar("B", bound=BaseModel)


class Body(BaseModel):
    """Base of what is sent: unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", defer_build=True)


class Shape(BaseModel):
    """Base of what is answered, for the OpenAPI document and the tests.

    Nothing of it is built in a running hub: that would cost 5 MB.
    """

    model_config = ConfigDict(defer_build=True)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asks."""

    member: Member
    session: Session

    @property
    def role(self) -> Role:
        """Their role; an unknown one, of another version, is a guest."""
        return role_of(self.member.role)

    @property
    def by(self) -> str:
        """How the audit log names them."""
        return self.member.person or self.member.id

    def may(self, access: Access) -> bool:
        """Say whether they have this access."""
        return access in allowed(self.role, self.session.scopes)


@dataclass(slots=True)
class Call:
    """One request, checked: `body` and `query` are instances of the route's models."""

    context: "Context"
    request: web.Request
    path: Mapping[str, str]
    query: BaseModel | None = None
    body: BaseModel | None = None
    who: Identity | None = None
    raw: bytes = b""
    """The body as it came, for what signs it."""

    @property
    def identity(self) -> Identity:
        """Who asks, on routes that need a session."""
        if self.who is None:
            raise Problem(401, "unauthenticated", Phrase("refused.unauthenticated"))
        return self.who

    def sent(self, kind: type[B]) -> B:
        """Return the body as what it was checked to be."""
        assert isinstance(self.body, kind)
        return self.body

    def asked(self, kind: type[B]) -> B:
        """Return the query as what it was checked to be."""
        assert isinstance(self.query, kind)
        return self.query


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer that is more than 200 and JSON."""

    data: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    etag: str | None = None


Handler = Callable[[Call], Awaitable[Any]]
"""Returns plain data, a Reply or a whole web.StreamResponse."""

_AWAIT = opmap["GET_AWAITABLE"]
"""In every `await`, `async for` and `async with`; another byte of this value does no harm."""


@cache
def _awaits(handler: Handler) -> bool:
    code = getattr(handler, "__code__", None)
    return code is None or _AWAIT in code.co_code


_PARAMETER = re.compile(r"{(\w+)}")


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one path below /api/v1."""

    method: str
    path: str
    summary: str
    access: Access
    handler: Handler
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    answer: Any = None
    """Type of the answer's JSON; None for no content."""
    status: int = 200
    command: bool = False
    """True for what does something each time it is sent: it takes an Idempotency-Key."""
    etag: bool = False
    """True where the answer has an ETag; changing such a thing needs If-Match."""
    max_bytes: int = 65_536
    limit_s: float = 30.0
    media: str = "application/json"
    """What it answers with."""
    own_auth: bool = False
    """True for a public route that looks at `Authorization` itself: it is no session's token."""
    proof: bool = False
    """True for what an owner with a second factor must have shown it for, not long ago."""

    @property
    def waits(self) -> bool:
        """False where nothing is ever awaited, so that no limit of time could be kept."""
        return _awaits(self.handler)

    @property
    def tag(self) -> str:
        """The noun."""
        return self.path.strip("/").split("/")[0]

    @property
    def name(self) -> str:
        """A unique name: the OpenAPI's operationId."""
        return cast("str", getattr(self.handler, "__name__", "")).strip("_")

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names in the path."""
        return tuple(_PARAMETER.findall(self.path))
