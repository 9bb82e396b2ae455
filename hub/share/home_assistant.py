"""Shows the hub to Home Assistant on the household's broker, and takes what it asks.

A connection of its own beside the driver's, with its own last will. Announcements are kept by the
broker and withdrawn when sharing is switched off or a room goes; moods are never kept. Whatever
changes what may be told is told in the same turn of the loop.
"""

import asyncio
from dataclasses import replace
from importlib.metadata import version
from typing import TYPE_CHECKING

import structlog

from drivers.mqtt_client import MqttLink
from drivers.mqtt_login import broker_of
from drivers.mqtt_settings import MqttSettings
from drivers.mqtt_wire import Will
from drivers.types import BadCredentials, Unreachable
from hub.bus import Subscription
from hub.settings import Settings
from hub.share.ha_ledger import Ledger
from hub.share.ha_messages import (
    Announcements,
    PrivacyAsked,
    SceneAsked,
    Topics,
    announcements,
    mood_payload,
    read_command,
)
from hub.share.hands import Hands
from hub.share.moods import Tellable
from hub.share.until import until
from hub.state_dir import state_dir
from hub.supervisor import NeedsAttention, Service
from hub.types import Mood, RoomId

if TYPE_CHECKING:
    from hub.app import Hub

log = structlog.get_logger(__name__)

BY = "home_assistant"
ASKED = 16
"""Requests that may wait; when there are more, the oldest go and are counted."""
SAY_LIMIT_S = 20.0
MOST_OFTEN_S = 1.0
"""A room's mood is told at most this often; that it is unknown, at once."""

Asked = PrivacyAsked | SceneAsked


class HomeAssistantShare:
    """A supervised service; it ends by itself when sharing is off and nothing is left to withdraw.

    `ignored` counts messages that asked for nothing that there is.
    """

    def __init__(self, hub: "Hub") -> None:
        self.ignored = 0
        self.asked: Subscription[Asked] = Subscription("share.home_assistant", ASKED)
        self._hub = hub
        self._tellable = Tellable(hub)
        self._hands = Hands(hub, BY)
        self._ledger = Ledger(state_dir(hub.settings.store) / "share")
        self._changed = asyncio.Event()
        self._born = asyncio.Event()
        self._topics = Topics.of(hub.settings)
        self._shared: object = None
        self._link: MqttLink | None = None
        self._told: dict[str, bytes] = {}
        self._told_at: dict[str, float] = {}
        self._late: set[RoomId] = set()
        self._lately = asyncio.Event()
        hub.permission.on_change(self.tell_all)
        hub.bus.on(Mood, self._on_mood)

    def reload(self) -> None:
        """Take over changed settings; the link is only given up where they concern it."""
        if _concerns(self._hub.settings) != self._shared:
            self._changed.set()
        else:
            self.tell_all()

    def drops(self) -> dict[str, int]:
        """Return what was lost, by queue."""
        return {self.asked.name: self.asked.dropped}

    def view(self) -> dict[str, object]:
        """Return what there is to show."""
        return {"connected": self._link is not None, "ignored": self.ignored}

    async def run(self, service: Service) -> None:
        """Share until it is switched off. Raises Unreachable, NeedsAttention."""
        while True:
            self._changed.clear()
            settings = self._hub.settings
            self._shared = _concerns(settings)
            mqtt = settings.drivers.mqtt
            if mqtt is None:
                log.warning("share_not_withdrawn", reason="there is no broker any more")
                return
            if not self._wants(settings) and not self._ledger.kept:
                return
            try:
                await until(self._changed, self._session(settings, mqtt, service))
            except BadCredentials as err:
                raise NeedsAttention(err.reason) from err

    # The link's side ------------------------------------------------------------------------

    def message(self, topic: str, payload: bytes, retained: bool) -> None:
        """See drivers.mqtt_connection.Receiver. What the broker had kept asks for nothing."""
        if topic == self._topics.born:
            if payload == b"online" and not retained:
                self._born.set()
            return
        asked = read_command(self._topics, topic, payload)
        if asked is None or retained:
            self.ignored += 1
        else:
            self.asked.put(asked)

    def skipped(self) -> None:
        """See Receiver."""
        self.ignored += 1

    def turn_over(self) -> None:
        """See Receiver."""

    # Inside ---------------------------------------------------------------------------------

    def _wants(self, settings: Settings) -> bool:
        return settings.share.home_assistant.enabled

    async def _session(self, settings: Settings, mqtt: MqttSettings, service: Service) -> None:
        self._topics = topics = Topics.of(settings)
        wants = self._wants(settings)
        found = await asyncio.to_thread(
            lambda: announcements(settings, self._ledger.hub_id, version("moodsync-hub"))
        )
        broker = replace(
            await asyncio.to_thread(broker_of, mqtt),
            client_id=f"{mqtt.client_id}-share",
            will=Will(topics.availability, b"offline") if wants else None,
        )
        async with MqttLink.open(broker, self) as link:
            try:
                async with asyncio.timeout(SAY_LIMIT_S):
                    await self._sync(link, found if wants else {})
                    if not wants:
                        await link.publish(topics.availability, b"", retain=True)
                        service.healthy()
                        return
                    await link.subscribe(topics.commands)
                    await link.publish(topics.availability, b"online", retain=True)
            except TimeoutError as err:
                raise Unreachable("the broker does not answer") from err
            self._link = link
            try:
                self.tell_all(afresh=True)
                service.healthy()
                await self._keep_up(link, found)
            finally:
                self._link = None

    async def _sync(self, link: MqttLink, wanted: Announcements) -> None:
        """Let the broker keep just these announcements, and know it before it does."""
        changes = self._ledger.changes(wanted)
        self._ledger.add(wanted)
        for topic, payload in changes.items():
            await link.publish(topic, payload, retain=True)
        self._ledger.set(wanted)

    async def _keep_up(self, link: MqttLink, found: Announcements) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(link.lost(), name="share link")
                group.create_task(self._answer(), name="share asked")
                group.create_task(self._greet(link, found), name="share born")
                group.create_task(self._catch_up(), name="share moods")
        except* Unreachable as problems:
            reason = str(problems.exceptions[0])
        raise Unreachable(reason)

    async def _greet(self, link: MqttLink, found: Announcements) -> None:
        """Say everything again when Home Assistant has started."""
        while True:
            await self._born.wait()
            self._born.clear()
            try:
                async with asyncio.timeout(SAY_LIMIT_S):
                    await self._sync(link, found)
            except TimeoutError as err:
                raise Unreachable("the broker does not answer") from err
            self.tell_all(afresh=True)

    async def _answer(self) -> None:
        async for asked in self.asked:
            await self._hands.carry_out(asked)
            self.tell_all(afresh=isinstance(asked, PrivacyAsked))

    async def _catch_up(self) -> None:
        """Tell the newest mood of each room whose last one came too soon to be told."""
        while True:
            await self._lately.wait()
            await asyncio.sleep(MOST_OFTEN_S)
            self._lately.clear()
            late, self._late = self._late, set()
            for room in late:
                self._tell_mood(room)

    def _on_mood(self, mood: Mood) -> None:
        if mood.person is None and self._link is not None:
            self._tell_mood(mood.room)

    def tell_all(self, *, afresh: bool = False) -> None:
        """Tell what has changed; everything if `afresh`."""
        if afresh:
            self._told.clear()
        privacy = b"ON" if self._hub.permission.privacy else b"OFF"
        self._tell(self._topics.privacy, privacy)
        for room in self._hub.settings.rooms:
            self._tell_mood(RoomId(room))

    def _tell_mood(self, room: RoomId) -> None:
        topic = self._topics.mood(room)
        payload = mood_payload(self._tellable.mood(room))
        now = self._hub.clock.monotonic()
        known = payload != mood_payload(None) and topic in self._told
        if known and now - self._told_at.get(topic, 0.0) < MOST_OFTEN_S:
            self._late.add(room)
            self._lately.set()
            return
        if self._tell(topic, payload):
            self._told_at[topic] = now

    def _tell(self, topic: str, payload: bytes) -> bool:
        if self._link is None or self._told.get(topic) == payload:
            return False
        try:
            self._link.send(topic, payload)
        except Unreachable:
            return False  # the session ends, and the next one tells everything
        self._told[topic] = payload
        return True


def _concerns(settings: Settings) -> object:
    """Return the settings that announcements and the link are made of."""
    return (
        settings.share.home_assistant,
        settings.drivers.mqtt,
        settings.home.name,
        settings.rooms,
        settings.scenes,
    )
