"""What people may ask about sharing: what leaves, and the code that pairs Apple Home."""

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from hub.control import Handler
from hub.errors import Refusal
from hub.phrase import Phrase

if TYPE_CHECKING:
    from hub.app import Hub

APPLE_HOME = "share apple_home"


class _AppleHome(BaseModel):
    model_config = ConfigDict(extra="forbid")

    forget: bool = False


class _Sharing(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ShareOperations:
    """One method an operation, noted as done by `by`."""

    def __init__(self, hub: "Hub", by: str) -> None:
        self._hub = hub
        self._by = by

    def handlers(self) -> dict[str, Handler]:
        """Return the operations by name."""
        return {"sharing": self._sharing, "apple_home": self._apple_home}

    async def _sharing(self, data: dict[str, Any]) -> dict[str, Any]:
        _Sharing.model_validate(data)
        return {"leaves": self._hub.share.leaves(), "ways": self._hub.share.view()}

    async def _apple_home(self, data: dict[str, Any]) -> dict[str, Any]:
        request = _AppleHome.model_validate(data)
        way = self._hub.share.way(APPLE_HOME)
        if way is None or not way.view()["up"]:
            raise Refusal(
                "apple_home_off",
                Phrase("refused.apple_home_off"),
                Phrase("mend.apple_home_off"),
            )
        if request.forget:
            way.forget()
            await self._hub.store.config.audit(self._by, Phrase("audit.apple_home_forgotten"))
            return {"paired": 0, "code": None, "link": None}
        code = way.code()
        if code is not None:
            await self._hub.store.config.audit(self._by, Phrase("audit.apple_home_code"))
        pin, link = code or (None, None)
        return {"paired": way.view()["paired"], "code": pin, "link": link}
