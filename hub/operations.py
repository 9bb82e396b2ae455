"""What can be asked of a running hub. The control socket serves it; an HTTP API can as well.

Every method takes plain data, checks it, and returns plain data; it raises Refusal or HubError.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict

from drivers.types import Outcome
from hub.control import Handler
from hub.device_operations import DeviceOperations
from hub.errors import Refusal
from hub.feedback_operations import FeedbackOperations
from hub.named import person_named, room_named
from hub.phrase import Phrase
from hub.records import BY, Records
from hub.share.operations import ShareOperations
from hub.types import PersonId
from hub.views import Views, outcome_view
from models.types import EMOTIONS

if TYPE_CHECKING:
    from hub.app import Hub

MAX_TEXT_CHARS = 4000
SHOWN_EMOTIONS = 3
LEAST_SHOWN = 0.1


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Say(_Request):
    text: str
    person: str | None = None
    room: str | None = None


class _Moods(_Request):
    room: str | None = None


class _Scene(_Request):
    room: str
    scene: str | None = None
    restore: bool = False


class _Consent(_Request):
    action: Literal["give", "withdraw", "list"]
    person: str | None = None
    sense: Literal["face", "voice", "text", "body"] | None = None


class _Privacy(_Request):
    on: bool


class _Export(_Request):
    person: str
    out: Path


class _Erase(_Request):
    person: str | None = None


class Operations:
    """One method an operation; `handlers` names them for the control socket."""

    def __init__(self, hub: "Hub", by: str = BY) -> None:
        self._hub = hub
        self._by = by
        self._views = Views(hub)
        self.devices = DeviceOperations(hub, by)
        self._records = Records(hub.settings, hub.store, by)
        self._feedback = FeedbackOperations(hub, self._records, by)
        self._share = ShareOperations(hub, by)

    def noted_as(self, by: str) -> "Operations":
        """Return the same operations, noted in the hub's logs as done by this person."""
        return Operations(self._hub, by)

    async def ask(self, what: str, **data: Any) -> dict[str, Any]:
        """Do the operation of this name; raises Refusal, HubError or ValidationError."""
        return await self.handlers()[what](data)

    def handlers(self) -> dict[str, Handler]:
        """Return the operations by name."""
        return {
            "say": self._say,
            "status": self._status,
            "moods": self._moods,
            "scene": self._scene,
            "consent": self._consent,
            "privacy": self._privacy,
            "guests": self._guests,
            "export": self._export,
            "erase": self._erase,
            "api_token": self._api_token,
            "pair": self._pair,
            "pairing": self._pairing,
            "pair_button": self._pair_button,
            "sticker": self._sticker,
            **self._feedback.handlers(),
            **self._share.handlers(),
            **self.devices.handlers(),
        }

    async def say_once(self, text: str) -> dict[str, Any]:
        """Read a text that was given on the hub's own command line; giving it is the consent."""
        with self._hub.permission.text_once():
            return await self._read(_Say(text=text))

    def drops(self) -> dict[str, int]:
        """Return everything that any queue has lost, by queue."""
        return self._views.drops()

    async def wish(self, rule: str, *, more: bool) -> None:
        """Let a rule act sooner, or as it is written again. Raises StoreError."""
        await self._feedback.wish(rule, more=more)

    async def _say(self, data: dict[str, Any]) -> dict[str, Any]:
        request = _Say.model_validate(data)
        person = person_named(self._hub.settings, request.person)
        if not self._hub.permission.may_read_text(person):
            who = person or "PERSON"
            raise Refusal(
                "consent_required",
                Phrase("refused.typed_consent"),
                Phrase("mend.give_consent", who=who),
            )
        return await self._read(request)

    async def _read(self, request: _Say) -> dict[str, Any]:
        hub = self._hub
        if not request.text.strip():
            raise Refusal("empty_text", Phrase("refused.nothing_to_read"))
        if len(request.text) > MAX_TEXT_CHARS:
            raise Refusal(
                "text_too_long",
                Phrase("refused.text_too_long", length=len(request.text), most=MAX_TEXT_CHARS),
                Phrase("mend.in_parts"),
            )
        person = person_named(self._hub.settings, request.person)
        room = room_named(self._hub.settings, request.room) if request.room else None
        sensed = await hub.link.read_text(request.text, person, room)
        await hub.store.flush()  # what is acknowledged survives a crash
        reading = sensed.reading
        ranked = sorted(zip(reading.probabilities, EMOTIONS, strict=True), reverse=True)
        return {
            "label": ranked[0][1].value,
            "confidence": round(ranked[0][0] * reading.quality, 3),
            "valence": reading.affect.valence,
            "arousal": reading.affect.arousal,
            "quality": reading.quality,
            "emotions": [
                (emotion.value, round(share, 3))
                for share, emotion in ranked[:SHOWN_EMOTIONS]
                if share >= LEAST_SHOWN
            ],
            "room": sensed.room,
            "person": person,
            "model": reading.model,
        }

    async def _status(self, data: dict[str, Any]) -> dict[str, Any]:
        _Request.model_validate(data)
        return self._views.status()

    async def _moods(self, data: dict[str, Any]) -> dict[str, Any]:
        request = _Moods.model_validate(data)
        room = room_named(self._hub.settings, request.room) if request.room else None
        return self._views.moods(room)

    async def _scene(self, data: dict[str, Any]) -> dict[str, Any]:
        request = _Scene.model_validate(data)
        room = room_named(self._hub.settings, request.room)
        if request.restore:
            return _outcomes(await self._hub.actor.restore(room, by_person=True))
        if request.scene is None:
            raise Refusal("bad_request", Phrase("refused.which_scene"))
        return _outcomes(await self._hub.actor.apply_scene(room, request.scene, by_person=True))

    async def _consent(self, data: dict[str, Any]) -> dict[str, Any]:
        request = _Consent.model_validate(data)
        return await self._records.consent(request.action, request.person, request.sense)

    async def _privacy(self, data: dict[str, Any]) -> dict[str, Any]:
        return await self._records.privacy(on=_Privacy.model_validate(data).on)

    async def _guests(self, data: dict[str, Any]) -> dict[str, Any]:
        return await self._records.guests(on=_Privacy.model_validate(data).on)

    async def _export(self, data: dict[str, Any]) -> dict[str, Any]:
        request = _Export.model_validate(data)
        return await self._records.export(request.person, request.out)

    async def _erase(self, data: dict[str, Any]) -> dict[str, Any]:
        person = _Erase.model_validate(data).person
        who = None if person is None else PersonId(person)
        self._hub.learned.forget(who)
        try:
            named = await self._hub.edits.forget(person)  # first: erasing counts what is left
            answer = await self._records.erase(person)
        finally:
            # Once more: a text of theirs may have been on its way when the erasing began.
            self._hub.learned.forget(who)
            self._hub.known_devices.reload()
            self._hub.permission.refresh()
        if named:  # a person is taken from the home by a new start, as they are added by one
            self._hub.start_anew_soon()
        return answer

    async def _api_token(self, data: dict[str, Any]) -> dict[str, Any]:
        return await self._hub.api.ask("token", data)

    async def _pair(self, data: dict[str, Any]) -> dict[str, Any]:
        return await self._hub.api.ask("pair", data)

    async def _pairing(self, data: dict[str, Any]) -> dict[str, Any]:
        return await self._hub.api.ask("pairing", data)

    async def _pair_button(self, data: dict[str, Any]) -> dict[str, Any]:
        return await self._hub.api.ask("pair_button", data)

    async def _sticker(self, data: dict[str, Any]) -> dict[str, Any]:
        return await self._hub.api.ask("sticker", data)


def _outcomes(outcomes: tuple[Outcome, ...]) -> dict[str, Any]:
    return {"outcomes": [outcome_view(outcome) for outcome in outcomes]}
