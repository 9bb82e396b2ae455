"""What others may ask of the hub, whichever way they come; each request is noted with who asked.

A broker, a phone's home app or a web service is not a member of the household: it may bring scenes
in and pause, and nothing more than the configuration says.
"""

from typing import TYPE_CHECKING, Any

import structlog

from hub.errors import HubError, Refusal
from hub.phrase import Phrase
from hub.share.ha_messages import PrivacyAsked, SceneAsked
from hub.types import RoomId

if TYPE_CHECKING:
    from hub.app import Hub

log = structlog.get_logger(__name__)


class Hands:
    """The requests of one asker, noted in the audit log as done by `by`."""

    def __init__(self, hub: "Hub", by: str) -> None:
        self._hub = hub
        self._by = by
        self._operations = hub.operations.noted_as(by)

    async def carry_out(self, asked: PrivacyAsked | SceneAsked) -> None:
        """Do what was asked where no answer can be given; a refusal is logged."""
        try:
            match asked:
                case PrivacyAsked(on=on):
                    await self.privacy(on=on)
                case SceneAsked(room=room, scene=scene):
                    await self.scene(room, scene)
        except HubError as err:
            log.warning("share_refused", by=self._by, reason=str(err))

    async def scene(self, room: str, scene: str) -> dict[str, Any]:
        """Bring a scene into a room, as a person would. Raises Refusal, NotFound."""
        answer = await self._operations.ask("scene", room=room, scene=scene)
        await self._hub.store.config.audit(
            self._by, Phrase("audit.scene"), Phrase("audit.in_room", what=scene, room=room)
        )
        return answer

    async def privacy(self, *, on: bool) -> dict[str, Any]:
        """Pause everything; resume only where `share.may_resume` says so. Raises Refusal."""
        if not on and not self._hub.settings.share.may_resume:
            raise Refusal(
                "may_not_resume",
                Phrase("refused.may_not_resume", who=self._by),
                Phrase("mend.may_resume"),
            )
        if on is self._hub.permission.privacy:
            return {"privacy": on}
        return await self._operations.ask("privacy", on=on)

    async def say(self, text: str, person: str, room: str | None) -> dict[str, Any]:
        """Read a text that a person wrote; needs their consent. Raises Refusal, SenseError."""
        answer = await self._operations.ask("say", text=text, person=person, room=room)
        await self._hub.store.config.audit(self._by, Phrase("audit.said"), person)
        return answer

    async def presence(self, room: str, *, present: bool) -> dict[str, Any]:
        """Take somebody's word for whether a room is occupied. Raises Refusal."""
        if room not in self._hub.settings.rooms:
            raise Refusal("unknown_room", Phrase("refused.no_room", name=room))
        self._hub.surroundings.tell(RoomId(room), self._by, present=present)
        await self._hub.store.config.audit(
            self._by, Phrase("audit.present" if present else "audit.absent"), room
        )
        return {"room": room, "present": present}
