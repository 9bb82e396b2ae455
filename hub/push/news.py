"""What browsers are told of: what needs attention, privacy mode, and what the house did.

A lock screen is read by whoever passes. So a message names no mood and gives no reason, unless the
person asked for details on that device, and then only what they may see in the app.
"""

import asyncio
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, cast

from hub.api.access import Access
from hub.api.route import Identity
from hub.api.sight import Sight
from hub.bus import Subscription
from hub.phrase import LANGUAGES, SOURCE, Language, Phrase, translated
from hub.push.sender import Message, Sender
from hub.store.account_records import PushTarget, Session
from hub.supervisor import State
from hub.types import Decision, Trigger

if TYPE_CHECKING:
    from hub.app import Hub

LOOK_EVERY_S = 10.0
BUS_QUEUE = 16
DETAILS = "details"
"""Stored among a browser's topics: it may be told reasons."""
SPEAKS = "language "
"""Stored among a browser's topics: `language de`."""


class PushNews:
    """Listens only while some browser wants to be told."""

    def __init__(self, hub: "Hub", sender: Sender) -> None:
        self._hub = hub
        self._sender = sender
        self._somebody = asyncio.Event()
        self._ill: frozenset[str] = frozenset()
        self._private: bool | None = None

    def changed(self) -> None:
        """Look whether somebody wants to be told."""
        if self._hub.store.accounts.push:
            self._somebody.set()
        else:
            self._somebody.clear()

    async def wanted(self) -> None:
        """Wait until somebody wants to be told."""
        await self._somebody.wait()

    async def run(self) -> None:
        """Tell browsers of news until cancelled."""
        self.changed()
        while True:
            await self._somebody.wait()
            self._private = self._hub.permission.privacy
            news: Subscription[Decision] = self._hub.bus.subscribe("push", Decision, size=BUS_QUEUE)
            try:
                while self._somebody.is_set():
                    self._look()
                    try:
                        async with asyncio.timeout(LOOK_EVERY_S):
                            for decision in await news.batch():
                                self._decided(decision)
                    except TimeoutError:
                        self.changed()
            finally:
                self._hub.bus.unsubscribe(news)

    def test(self, member: str) -> int:
        """Send a message to every browser of a member; return how many were taken."""
        mine = [one for one in self._hub.store.accounts.push.values() if one.member == member]
        text = Phrase("push.test")
        return sum(self._put(target, "test", text, "/") for target in mine)

    @property
    def _home(self) -> str:
        return self._hub.settings.home.name

    def _look(self) -> None:
        health = self._hub.supervisor.health()
        ill = frozenset(one.name for one in health if one.state is State.NEEDS_ATTENTION)
        for name in sorted(ill - self._ill):
            self._tell(
                "attention", partial(_same, Phrase("push.attention", name=name)), "/settings"
            )
        self._ill = ill
        private = self._hub.permission.privacy
        if self._private is not None and private != self._private:
            state = Phrase("push.privacy_on" if private else "push.privacy_off")
            self._tell("privacy", partial(_same, state), "/privacy")
        self._private = private

    def _decided(self, decision: Decision) -> None:
        if decision.trigger is Trigger.PERSON:
            return  # somebody's own hand
        room = self._hub.settings.rooms.get(decision.room)
        name = (room.name if room else "") or decision.room
        view = {"rule": decision.rule, "because": decision.because}

        def text(target: PushTarget) -> str:
            who = self._identity(target)
            if DETAILS in target.topics and who is not None:
                return cast("str", Sight.of(self._hub, who).reason(self._hub, view)["because"])
            return Phrase("push.acted", room=name)

        self._tell("decisions", text, "/", Access.HISTORY)

    def _tell(
        self,
        topic: str,
        text: Callable[[PushTarget], str],
        path: str,
        access: Access = Access.SEE,
    ) -> None:
        for target in self._wanting(topic, access):
            self._put(target, topic, text(target), path)

    def _put(self, target: PushTarget, topic: str, text: str, path: str) -> bool:
        """Send it in the language that the browser has."""
        language: Language = next(
            (one for one in LANGUAGES if SPEAKS + one in target.topics), SOURCE
        )
        said = translated(text, language)
        return self._sender.put(target, Message(topic, self._home, said, path))

    def _wanting(self, topic: str, access: Access) -> Iterable[PushTarget]:
        for target in list(self._hub.store.accounts.push.values()):
            who = self._identity(target)
            if topic in target.topics and who is not None and who.may(access):
                yield target

    def _identity(self, target: PushTarget) -> Identity | None:
        """Return whose browser it is, with all that their role may."""
        member = self._hub.store.accounts.members.get(target.member)
        if member is None:
            return None
        nothing = Session("", b"", member.id, target.client, "push", "", (), 0, 0, 0)
        return Identity(member, nothing)


def _same(text: str, _target: PushTarget) -> str:
    """Say the same to everybody."""
    return text
