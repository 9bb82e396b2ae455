"""Tells webhooks what happens: decisions, moods that enter or leave a region, broken services.

What is told is decided here, how it gets there in hub.share.webhook_sender.
"""

import asyncio
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import structlog

from hub.decide.region import Truth, inside
from hub.errors import StoreError
from hub.phrase import Phrase, translated
from hub.share.moods import Tellable, rounded
from hub.share.until import until
from hub.share.webhook_sender import Message, Sender
from hub.share_settings import Webhook
from hub.store.config_db import HUB
from hub.supervisor import Service, State
from hub.types import Decision, Mood, MusicGoal, RestoreGoal, RoomId, SceneGoal, Trigger

if TYPE_CHECKING:
    from hub.app import Hub

log = structlog.get_logger(__name__)

LOOK_S = 2.0
"""How often the services' health is looked at."""

Kind = Literal["decision", "mood", "needs_attention"]


class Webhooks:
    """A supervised service; it ends by itself when no webhook is configured."""

    def __init__(self, hub: "Hub") -> None:
        self._hub = hub
        self._tellable = Tellable(hub)
        self._changed = asyncio.Event()
        self._senders: dict[str, Sender] = {}
        self._within: set[tuple[str, RoomId]] = set()
        self._complained: set[str] = set()
        self._lost = 0
        hub.bus.on(Decision, self._decided)
        hub.bus.on(Mood, self._felt)
        hub.permission.on_change(self._look_at_moods)

    def reload(self) -> None:
        """Take over changed settings; messages that wait are lost and counted."""
        webhooks = {name: sender.webhook for name, sender in self._senders.items()}
        if webhooks != self._hub.settings.share.webhooks:
            self._changed.set()
        else:
            self._look_at_moods()

    def drops(self) -> dict[str, int]:
        """Return what was lost, by queue."""
        return {f"share.webhook.{name}": one.dropped for name, one in self._senders.items()} | {
            "share.webhooks_changed": self._lost
        }

    def view(self) -> dict[str, object]:
        """Return how each webhook is."""
        return {name: sender.view() for name, sender in self._senders.items()}

    async def run(self, service: Service) -> None:
        """Send until no webhook is left."""
        while True:
            self._changed.clear()
            self._senders = {
                name: Sender(name, webhook, self._hub.clock, partial(self._note, name))
                for name, webhook in self._hub.settings.share.webhooks.items()
            }
            self._within.clear()
            if not self._senders:
                return
            service.healthy()
            await until(self._changed, self._send())
            self._lost += sum(one.left() for one in self._senders.values())

    async def _note(self, name: str, text: Phrase) -> None:
        action = Phrase("audit.webhook", name=name)
        try:
            await self._hub.store.config.audit(HUB, action, text)
        except StoreError as err:  # a full disk is no reason to lose what waits for all of them
            log.warning("webhook_not_noted", webhook=name, reason=str(err))

    async def _send(self) -> None:
        async with asyncio.TaskGroup() as group:
            for sender in self._senders.values():
                group.create_task(sender.run(), name=f"webhook {sender.name}")
            group.create_task(self._watch(), name="webhook health")

    async def _watch(self) -> None:
        while True:
            broken = {
                health.name: health.reason
                for health in self._hub.supervisor.health()
                if health.state is State.NEEDS_ATTENTION
            }
            for name in broken.keys() - self._complained:
                data = {"service": name, "reason": broken[name]}
                self._say("needs_attention", None, "service.needs_attention", data)
            self._complained = set(broken)
            await asyncio.sleep(LOOK_S)

    def _decided(self, decision: Decision) -> None:
        data: dict[str, Any] = {
            "room": decision.room,
            "rule": decision.rule,
            "trigger": decision.trigger.value,
            "goal": _goal(decision),
        }
        if decision.trigger is not Trigger.MOOD or self._tellable.mood(decision.room) is not None:
            data["because"] = translated(decision.because, self._hub.settings.home.language)
        self._say("decision", decision.room, "decision.made", data)

    def _felt(self, mood: Mood) -> None:
        if mood.person is None:
            self._look_at_mood(mood.room)

    def _look_at_moods(self) -> None:
        for room in self._hub.settings.rooms:
            self._look_at_mood(RoomId(room))

    def _look_at_mood(self, room: RoomId) -> None:
        """Tell those whose region the room's mood has entered or left; not telling is leaving."""
        told = list(self._wanting("mood", room))
        estimate = self._tellable.mood(room) if told else None
        for name, sender in told:
            region = sender.webhook.region
            was = (name, room) in self._within
            margin = self._hub.settings.guards.hysteresis if was else 0.0
            now = (
                region is not None
                and estimate is not None
                and inside(region, estimate, margin) is Truth.YES
            )
            if now is was:
                continue
            (self._within.add if now else self._within.discard)((name, room))
            kind = "mood.entered" if now else "mood.left"
            sender.put(self._message(kind, {"room": room, "mood": rounded(estimate)}))

    def _say(self, what: Kind, room: RoomId | None, kind: str, data: dict[str, Any]) -> None:
        message = self._message(kind, data)
        for _, sender in self._wanting(what, room):
            sender.put(message)

    def _message(self, kind: str, data: dict[str, Any]) -> Message:
        return Message.of(kind, data, self._hub.clock.wall())

    def _wanting(self, what: Kind, room: RoomId | None) -> Iterator[tuple[str, Sender]]:
        for name, sender in self._senders.items():
            if what in sender.webhook.on and _is_about(sender.webhook, room):
                yield name, sender


def _is_about(webhook: Webhook, room: RoomId | None) -> bool:
    return room is None or not webhook.rooms or room in webhook.rooms


def _goal(decision: Decision) -> dict[str, Any]:
    match decision.goal:
        case SceneGoal(scene=scene):
            return {"scene": scene}
        case MusicGoal(volume=volume):
            return {"music": "stop" if volume is None else "play"}
        case RestoreGoal():
            return {"restore": True}
