"""What the command line asks of the API: tokens, pairing, members. Its user owns the hub."""

from typing import TYPE_CHECKING, Any

from pydantic import Field

from hub.api.access import Access, Role
from hub.api.auth import TOKEN
from hub.api.pairing_button import press, sticker
from hub.api.problem import Problem
from hub.api.route import Body
from hub.errors import Refusal
from hub.phrase import Phrase

if TYPE_CHECKING:
    from hub.api.context import Context
    from hub.api.tls import Tls

BY = "command line"


class _Token(Body):
    name: str = Field(default="command line", min_length=1, max_length=60)
    role: Role = Role.OWNER
    scopes: tuple[Access, ...] = ()
    person: str | None = None
    days: int = Field(default=365, ge=1, le=3650)


class _Pair(Body):
    member: str | None = None
    role: Role = Role.OWNER
    name: str = Field(default="", max_length=60)
    person: str | None = None


class Admin:
    """Trusted: only the hub's own user and root reach it, by the control socket."""

    def __init__(self, context: "Context", tls: "Tls", address: dict[str, Any]) -> None:
        self._context = context
        self._tls = tls
        self._address = address

    async def ask(self, what: str, data: dict[str, Any]) -> dict[str, Any]:
        """Do the operation of this name. Raises Refusal."""
        try:
            return await self._ask(what, data)
        except Problem as err:
            raise Refusal(err.code, err.title, err.mend) from err

    async def _ask(self, what: str, data: dict[str, Any]) -> dict[str, Any]:
        match what:
            case "token":
                return await self._token(_Token.model_validate(data))
            case "pair":
                asked = _Pair.model_validate(data)
                opened = await self._context.open_pairing(asked.model_dump(), BY)
                return opened | {"where": self.where()}
            case "pair_button":
                return {"opened": await press(self._context)}
            case "sticker":
                return {"digits": await sticker(self._context.hub.store.config)}
            case "pairing":
                window = self._context.pairing
                return {"state": "closed" if window is None else window.state.value}
            case _:
                raise Refusal("bad_request", Phrase("refused.api_cannot", what=what))

    def where(self) -> dict[str, Any]:
        """Return the address and what devices are to trust."""
        authority = self._tls.authority
        file = self._tls.files.authority if self._tls.files else None
        return self._address | {
            "authority": authority.hex() if authority else None,
            "authority_file": str(file) if file else None,
        }

    async def _token(self, asked: _Token) -> dict[str, Any]:
        context = self._context
        if asked.person is not None and asked.person not in context.hub.settings.people:
            raise Refusal("unknown_person", Phrase("refused.no_person", name=asked.person))
        member = next(
            (
                m
                for m in context.accounts.members.values()
                if m.role == asked.role and m.person == asked.person
            ),
            None,
        )
        if member is None:
            name = asked.person or asked.role.value
            member = await context.auth.new_member(name, asked.role, asked.person, BY)
        opened = await context.auth.open(
            member, TOKEN, asked.name, scopes=frozenset(asked.scopes), days=asked.days
        )
        return {"token": opened.secret, "session": opened.session.id, **self.where()}
