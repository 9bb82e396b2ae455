"""Lights, switches and sensors on an MQTT broker: configured, or found by their announcements.

The driver never reconnects by itself: when the broker is lost, `run` raises Unreachable and the
supervisor starts it again. Commands go out at QoS 1, so that "done" means that the broker has
the command; that costs no time on the way to the lamp, only in the outcome's.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import structlog

from drivers.complaints import Complaints
from drivers.mqtt_client import MqttLink
from drivers.mqtt_connection import Broker
from drivers.mqtt_discovery import Discovery
from drivers.mqtt_login import broker_of
from drivers.mqtt_probe import HELD_BACK_S, Probe
from drivers.mqtt_questions import Questions
from drivers.mqtt_routes import Known, MqttStats, Route, Routes
from drivers.mqtt_settings import MqttSettings
from drivers.mqtt_talk import NAME, Message, configured
from drivers.mqtt_together import together
from drivers.operations import Operation
from drivers.registry import Place
from drivers.shown import shown
from drivers.types import (
    BadPayload,
    Command,
    DeviceState,
    DriverError,
    Port,
    Refused,
    SetLight,
    Unreachable,
)

log = structlog.get_logger(__name__)

START_LIMIT_S = 20.0
MAX_COMPLAINTS = 1000
"""Anybody can invent topics; the log does not grow with them for ever."""
LONGEST_TOPIC = 1000
"""No device has one as long; the protocol allows 65,535 bytes."""


class MqttDriver:
    """See the module."""

    name = NAME

    def __init__(self, settings: MqttSettings) -> None:
        self.stats = MqttStats()
        self._settings = settings
        self._routes = Routes()
        for key, config in settings.devices.items():
            self._routes.add(Known(configured(key, config), fixed=True))
        self._questions = Questions()
        self._discovery = Discovery(
            settings,
            self._routes,
            self.stats,
            self._announce,
            self._gone,
            self._questions.answered,
        )
        self._largest_announcement = settings.discovery.largest_bytes
        self._link: MqttLink | None = None
        self._port: Port | None = None
        self._changed: list[Known] = []
        self._complaints = Complaints("mqtt_payload_dropped", MAX_COMPLAINTS)
        self._probe_topic = f"{settings.client_id}/probe"
        self._probe: Probe | None = None
        self._checked = False

    async def run(self, port: Port) -> None:
        """See Driver."""
        self._port = port
        self._announce_all()
        broker = broker_of(self._settings)
        try:
            async with MqttLink.open(broker, self) as link:
                await self._start(link, broker)
                port.connected()
                await self._check_broker(link)
                await self._discovery.follow(link)
        finally:
            self._link = None
            self._discovery.stop()
            self._questions.lost()
            for known in self._routes.all():
                known.device = known.device.now(known.device.state, available=False)
            self._announce_all()

    async def execute(self, command: Command) -> None:
        """See Driver. Done means that the broker took the command, or that the device agreed."""
        for message in self._written(command):
            await self._say(message)

    async def execute_together(self, commands: Sequence[SetLight]) -> Sequence[DriverError | None]:
        """See Together: by the groups that the network keeps, as far as they go."""
        return await together(commands, self._discovery.groups(), self._written, self._say)

    def operations(self) -> tuple[Operation, ...]:
        """See Operable."""
        return self._discovery.operations(self._say)

    async def _say(self, message: Message) -> Mapping[str, Any]:
        link = self._link
        if link is None:
            raise Unreachable("there is no connection to the broker")
        self.stats.published += 1
        if message.reply:
            return await self._questions.ask(link, message)
        await link.publish(message.topic, message.payload)
        return {}

    def _written(self, command: Command) -> tuple[Message, ...]:
        known = self._routes.get(command.device)
        if known is None:
            raise Refused(f"there is no device {command.device} on the broker")
        return known.talk.write(command)

    # The link's side ------------------------------------------------------------------------

    def message(self, topic: str, payload: bytes, retained: bool) -> None:
        """See Receiver."""
        self.stats.received += 1
        try:
            self._take(topic, payload, retained)
        except Exception:
            # The broker would send a kept message again and again: it must not end the connection.
            self.stats.broke += 1
            if self._complaints.is_first(topic):
                log.exception("mqtt_message_broke", topic=shown(topic, LONGEST_TOPIC))

    def _take(self, topic: str, payload: bytes, retained: bool) -> None:
        if len(topic) > LONGEST_TOPIC:  # remembered and logged, some thousands would be too much
            self.stats.oversize += 1
            self._complain(topic[:LONGEST_TOPIC], f"a topic of {len(topic)} characters")
            return
        announces = self._discovery.wants(topic)
        limit = self._largest_announcement if announces else self._settings.max_payload_bytes
        if len(payload) > limit:
            self.stats.oversize += 1
            self._complain(topic, f"a payload of {len(payload)} bytes")
            return
        if announces:
            self._announced(topic, payload)
        route = self._routes.at(topic)
        if route is not None:
            if payload:  # else a kept message was deleted: that says nothing about the device
                self._deliver(route, topic, payload, retained)
        elif topic == self._probe_topic:
            if self._probe is not None:
                self._probe.came()
        elif not announces:
            self.stats.unexpected += 1

    def turn_over(self) -> None:
        """See Receiver."""
        if not self._changed:
            return
        changed, self._changed = self._changed, []
        for known in changed:
            known.changed = False
            if known.gone:
                continue
            if known.merged and known.device == known.told:
                self.stats.coalesced += 1  # it went there and back before anybody was told
            else:
                self._announce(known)

    def skipped(self) -> None:
        """See Receiver."""
        self.stats.oversize += 1
        self._complain("?", "a packet over the limit")

    # Inside ---------------------------------------------------------------------------------

    def _deliver(self, route: Route, topic: str, payload: bytes, retained: bool) -> None:
        for known in route.reads:
            self._take_state(known, topic, payload, retained)
        for known in route.hears:
            self._take_availability(known, topic, payload)

    def _take_state(self, known: Known, topic: str, payload: bytes, retained: bool) -> None:
        device = known.device
        try:
            state = known.talk.reads[topic](payload, device.state)
        except BadPayload as err:
            self._malformed(topic, err)
            return
        # A device that reports is there, unless its availability topic says otherwise.
        available = device.available or (not known.heard and not retained)
        if not known.changed:
            known.changed = True
            self._changed.append(known)
        elif _is_edge(device.state, state):
            self._announce(known)
        else:
            self.stats.coalesced += 1
            known.merged = True
        known.device = device.now(state, available)
        if not retained and topic in known.talk.presses:
            self._take_presses(known, topic, payload)

    def _take_presses(self, known: Known, topic: str, payload: bytes) -> None:
        try:
            actions = known.talk.presses[topic](payload)
        except BadPayload as err:
            self._malformed(topic, err)
            return
        for action in actions:
            self.stats.presses += 1
            if self._port is not None:
                self._port.pressed(known.device.id, action)

    def _take_availability(self, known: Known, topic: str, payload: bytes) -> None:
        try:
            there = known.talk.heard_at[topic](payload)
        except BadPayload as err:
            self._malformed(topic, err)
            return
        if there is None:
            return
        known.heard[topic] = there
        known.device = known.device.now(known.device.state, known.is_there(topic))
        self._announce(known)

    def _announced(self, topic: str, payload: bytes) -> None:
        try:
            self._discovery.take(topic, payload)
        except BadPayload as err:
            self._malformed(topic, err)

    async def _start(self, link: MqttLink, broker: Broker) -> None:
        self._link = link
        for known in self._routes.all():
            known.connect()
        self._announce_all()
        try:
            async with asyncio.timeout(START_LIMIT_S):
                if broker.will is not None:
                    await link.publish(broker.will.topic, b"online", retain=True)
                await link.subscribe(sorted({*self._routes.topics(), self._probe_topic}))
                await self._discovery.start(link)
        except TimeoutError as err:
            raise Unreachable("the broker does not answer") from err

    async def _check_broker(self, link: MqttLink) -> None:
        """Say once if the broker delays messages: every client pays for it, whoever is to blame."""
        if self._checked:
            return
        self._checked = True
        self._probe = Probe()
        gap_s = await self._probe.gap_s(link, self._probe_topic)
        self._probe = None
        if gap_s is None:
            log.debug("mqtt_probe_unanswered", topic=self._probe_topic)
        elif gap_s > HELD_BACK_S:
            log.warning(
                "mqtt_broker_delays_messages",
                gap_ms=round(gap_s * 1000),
                mend="set `set_tcp_nodelay true` in mosquitto.conf",
            )

    def _announce_all(self) -> None:
        for known in self._routes.all():
            self._announce(known)

    def _announce(self, known: Known) -> None:
        known.told, known.merged = known.device, False
        if self._port is not None:
            self._port.announce(known.device)

    def _gone(self, known: Known) -> None:
        if self._port is not None:
            self._port.gone(known.device.id)

    def _malformed(self, topic: str, err: BadPayload) -> None:
        self.stats.malformed += 1
        self._complain(topic, err.reason)

    def _complain(self, topic: str, reason: str) -> None:
        self._complaints.once(topic, topic=shown(topic, LONGEST_TOPIC), reason=reason)


def _is_edge(before: DeviceState, after: DeviceState) -> bool:
    """True when a change must be told for itself: a switch, a button, a contact; not a reading."""
    if before.on != after.on:
        return True
    return any(
        isinstance(value, bool | str) and before.values.get(kind) != value
        for kind, value in after.values.items()
    )


def create(settings: MqttSettings, _place: Place) -> MqttDriver:
    """Return the driver; see drivers.registry."""
    return MqttDriver(settings)
