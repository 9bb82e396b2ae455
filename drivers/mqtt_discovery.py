"""Keeps the driver's devices equal to what announces itself on the broker.

The broker repeats kept announcements whenever we subscribe. A device found earlier stays, shown as
unavailable, until it is announced again or reports: a broker that lost its memory is no reason to
forget a lamp.
"""

import asyncio
from collections.abc import Callable

import structlog

from drivers.complaints import Complaints
from drivers.mqtt_client import MqttLink
from drivers.mqtt_finding import Answer, Ask, Family, Group, News
from drivers.mqtt_homeassistant import HomeAssistant
from drivers.mqtt_routes import Known, MqttStats, Routes
from drivers.mqtt_settings import MqttSettings
from drivers.mqtt_shelly import Shelly
from drivers.mqtt_talk import Message, Talk
from drivers.mqtt_tasmota import Tasmota
from drivers.mqtt_zigbee2mqtt import Zigbee2Mqtt
from drivers.operations import Operation
from drivers.shown import shown
from drivers.types import DeviceId, Unreachable

log = structlog.get_logger(__name__)

SETTLE_LIMIT_S = 2.0
"""How long the start waits for the kept announcements."""


class Discovery:
    """See the module. `take` never blocks: subscriptions go out in `follow`."""

    def __init__(
        self,
        settings: MqttSettings,
        routes: Routes,
        stats: MqttStats,
        announce: Callable[[Known], None],
        gone: Callable[[Known], None],
        answered: Callable[[str, Answer], None],
    ) -> None:
        self._families = _families(settings)
        self._limit = settings.discovery.max_found
        self._routes = routes
        self._stats = stats
        self._announce = announce
        self._gone = gone
        self._answered = answered
        self._subscribed: set[str] = set()
        self._work = asyncio.Event()
        self._settled: asyncio.Event | None = None
        self._settle_topic = f"{settings.client_id}/settled"
        self._complaints = Complaints("mqtt_announcement_not_used", MAX_COMPLAINTS)
        self._wanted: dict[str, bool] = {}
        self._asking: dict[Message, None] = {}
        """In their order, each once."""

    def wants(self, topic: str) -> bool:
        """Return True for what `take` is to be given. Asked with every message, so remembered."""
        wanted = self._wanted.get(topic)
        if wanted is None:
            if len(self._wanted) >= MAX_REMEMBERED:
                self._wanted.clear()
            wanted = self._wanted[topic] = topic == self._settle_topic or any(
                family.wants(topic) for family in self._families
            )
        return wanted

    def groups(self) -> list[Group]:
        """Return the groups of lights that networks keep, the greatest first."""
        found = [group for family in self._families for group in family.groups()]
        return sorted(found, key=lambda group: len(group.members), reverse=True)

    def operations(self, ask: Ask) -> tuple[Operation, ...]:
        """Return what people may do with the networks that are there."""
        return tuple(one for family in self._families for one in family.operations(ask))

    def take(self, topic: str, payload: bytes) -> None:
        """Take an announcement. Raises BadPayload."""
        if topic == self._settle_topic:
            if self._settled is not None:
                self._settled.set()
            return
        for family in self._families:
            if family.wants(topic):
                self._apply(family.take(topic, payload))

    async def start(self, link: MqttLink) -> None:
        """Subscribe to announcements and to what they name. Raises Unreachable."""
        self._subscribed = set(self._routes.topics())
        self._asking.clear()
        if not self._families:
            return
        for family in self._families:
            family.clear()
        self._settled = asyncio.Event()
        filters = [each for family in self._families for each in family.filters]
        await link.subscribe([self._settle_topic])
        await link.subscribe(filters)
        # A broker sends what it keeps before what comes later: our own word comes after it all.
        await link.publish(self._settle_topic, b"")
        try:
            async with asyncio.timeout(SETTLE_LIMIT_S):
                await self._settled.wait()
        except TimeoutError:
            log.debug("mqtt_announcements_unsettled")
        await self._catch_up(link)

    async def follow(self, link: MqttLink) -> None:
        """Keep subscriptions current until the link is lost. Raises Unreachable."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._keep_up(link), name="mqtt discovery")
                group.create_task(link.lost(), name="mqtt link")
        except* Unreachable as problems:
            reason = str(problems.exceptions[0])
        raise Unreachable(reason)

    def stop(self) -> None:
        """Forget the connection."""
        self._settled = None

    async def _keep_up(self, link: MqttLink) -> None:
        while True:
            await self._work.wait()
            await self._catch_up(link)

    async def _catch_up(self, link: MqttLink) -> None:
        self._work.clear()
        wanted = {topic for topic in self._routes.topics() if not self._covered(topic)}
        new, old = wanted - self._subscribed, self._subscribed - wanted
        self._subscribed = wanted
        if new:
            await link.subscribe(sorted(new))
        if old:
            await link.unsubscribe(sorted(old))
        while self._asking:
            message = next(iter(self._asking))
            del self._asking[message]
            self._stats.published += 1
            link.send(message.topic, message.payload)

    def _covered(self, topic: str) -> bool:
        return any(family.covers(topic) for family in self._families)

    def _apply(self, news: News) -> None:
        for what, why in news.refused:
            self._stats.refused += 1
            self._refuse(what, why)
        for device in news.lost:
            self._lose(device)
        for talk in news.found:
            self._find(talk)
        for reply, answer in news.answers:
            self._answered(reply, answer)
        for message in news.ask:
            if len(self._asking) < MAX_ASKING:
                self._asking[message] = None
            else:
                self._stats.unasked += 1
        if news.found or news.lost or news.ask:
            self._work.set()

    def _find(self, talk: Talk) -> None:
        known = self._routes.get(talk.id)
        if known is None:
            if sum(not each.fixed for each in self._routes.all()) >= self._limit:
                self._stats.over_limit += 1
                self._refuse("max_found", f"there are more than {self._limit} devices")
                return
            known = Known(talk, fixed=False)
        elif known.fixed:
            return  # the configuration's word is the person's
        else:
            self._routes.detach(known)
        known.confirmed(talk)
        self._routes.add(known)
        self._announce(known)

    def _lose(self, device: DeviceId) -> None:
        known = self._routes.get(device)
        if known is not None and not known.fixed:
            self._routes.detach(known)
            known.gone = True
            self._gone(known)

    def _refuse(self, what: str, why: str) -> None:
        what, why = shown(what, LONGEST_WHAT), shown(why, LONGEST_WHAT)
        self._complaints.once(what, what=what, reason=why)


MAX_COMPLAINTS = 1000
LONGEST_WHAT = 300
"""Of what announced itself, and of what is wrong with it, in the log."""
MAX_REMEMBERED = 10_000
MAX_ASKING = 2000
"""Questions to devices that may wait; those beyond are dropped and counted."""


def _families(settings: MqttSettings) -> tuple[Family, ...]:
    wanted = settings.discovery
    families: list[Family] = []
    if wanted.home_assistant:
        ignored = f'"{wanted.zigbee2mqtt_base}/' if wanted.zigbee2mqtt else None
        families.append(HomeAssistant(wanted.home_assistant_prefix, ignored))
    if wanted.zigbee2mqtt:
        taken = frozenset(device.state_topic for device in settings.devices.values())
        families.append(Zigbee2Mqtt(wanted.zigbee2mqtt_base, settings.client_id, taken))
    if wanted.tasmota:
        families.append(Tasmota())
    if wanted.shelly:
        families.append(Shelly(wanted.shelly_prefixes, settings.client_id))
    return tuple(families)
