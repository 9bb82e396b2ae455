"""Lights, switches and sensors on an MQTT broker.

The driver never reconnects by itself: when the broker is lost, `run` raises Unreachable and the
supervisor starts it again. Commands go out at QoS 1, so that "done" means that the broker has
the command; that costs no time on the way to the lamp, only in the outcome's.
"""

import asyncio
from dataclasses import dataclass

import structlog

from drivers.mqtt_client import MqttLink
from drivers.mqtt_connection import Broker
from drivers.mqtt_dialects import (
    availability_topic,
    capabilities,
    read_availability,
    read_state,
    write_command,
)
from drivers.mqtt_login import broker_of
from drivers.mqtt_probe import HELD_BACK_S, Probe
from drivers.mqtt_settings import MqttDevice, MqttSettings
from drivers.registry import Place
from drivers.types import (
    BadPayload,
    Command,
    Device,
    DeviceId,
    DeviceState,
    Port,
    Refused,
    Unreachable,
)

log = structlog.get_logger(__name__)

NAME = "mqtt"
START_LIMIT_S = 20.0


@dataclass(slots=True)
class MqttStats:
    """Counts since the start, over all connections."""

    received: int = 0
    malformed: int = 0
    """Payloads that their topic does not allow; each topic is logged once."""
    oversize: int = 0
    """Payloads over `max_payload_bytes`."""
    unexpected: int = 0
    """Messages on topics of no device."""
    coalesced: int = 0
    """States that a newer one of the same device replaced before anybody was told."""
    published: int = 0


class _Known:
    """A configured device and what is known of it."""

    __slots__ = ("changed", "config", "device", "heard", "merged", "told")

    def __init__(self, key: str, config: MqttDevice) -> None:
        self.config = config
        self.device = Device(
            DeviceId(f"{NAME}:{key}"),
            config.name or key,
            NAME,
            capabilities(config),
            available=False,
        )
        self.heard: bool | None = None
        """What its availability topic said on this connection."""
        self.changed = False
        self.merged = False
        self.told: Device | None = None


class MqttDriver:
    """See the module."""

    name = NAME

    def __init__(self, settings: MqttSettings) -> None:
        self.stats = MqttStats()
        self._settings = settings
        self._known = {
            f"{NAME}:{key}": _Known(key, config) for key, config in settings.devices.items()
        }
        self._by_state: dict[str, list[_Known]] = {}
        self._by_availability: dict[str, list[_Known]] = {}
        for known in self._known.values():
            self._by_state.setdefault(known.config.state_topic, []).append(known)
            told_at = availability_topic(known.config)
            if told_at is not None:
                self._by_availability.setdefault(told_at, []).append(known)
        self._link: MqttLink | None = None
        self._port: Port | None = None
        self._changed: list[_Known] = []
        self._complained: set[str] = set()
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
                await link.lost()
        finally:
            self._link = None
            for known in self._known.values():
                known.device = known.device.now(known.device.state, available=False)
            self._announce_all()

    async def execute(self, command: Command) -> None:
        """See Driver. Done means that the broker took the command."""
        known = self._known.get(command.device)
        if known is None:
            raise Refused(f"there is no device {command.device} in the configuration")
        topic, payload = write_command(known.config, command)
        link = self._link
        if link is None:
            raise Unreachable("there is no connection to the broker")
        self.stats.published += 1
        await link.publish(topic, payload)

    # The link's side ------------------------------------------------------------------------

    def message(self, topic: str, payload: bytes, retained: bool) -> None:
        """See Receiver."""
        self.stats.received += 1
        if len(payload) > self._settings.max_payload_bytes:
            self.stats.oversize += 1
            self._complain(topic, f"a payload of {len(payload)} bytes")
            return
        states = self._by_state.get(topic, ())
        availabilities = self._by_availability.get(topic, ())
        if topic == self._probe_topic:
            if self._probe is not None:
                self._probe.came()
        elif not (states or availabilities):
            self.stats.unexpected += 1
        if not payload:
            return  # a kept message was deleted; that says nothing about the device
        for known in states:
            self._take_state(known, topic, payload, retained)
        for known in availabilities:
            self._take_availability(known, topic, payload)

    def turn_over(self) -> None:
        """See Receiver."""
        if not self._changed:
            return
        changed, self._changed = self._changed, []
        for known in changed:
            known.changed = False
            if known.merged and known.device == known.told:
                self.stats.coalesced += 1  # it went there and back before anybody was told
            else:
                self._announce(known)

    def skipped(self) -> None:
        """See Receiver."""
        self.stats.oversize += 1
        self._complain("?", "a packet over the limit")

    # Inside ---------------------------------------------------------------------------------

    def _take_state(self, known: _Known, topic: str, payload: bytes, retained: bool) -> None:
        device = known.device
        try:
            state = read_state(known.config, payload, device.state)
        except BadPayload as err:
            self._malformed(topic, err)
            return
        # A device that reports is there, unless its availability topic says otherwise.
        available = device.available or (known.heard is None and not retained)
        if not known.changed:
            known.changed = True
            self._changed.append(known)
        elif _is_edge(device.state, state):
            self._announce(known)
        else:
            self.stats.coalesced += 1
            known.merged = True
        known.device = device.now(state, available)

    def _take_availability(self, known: _Known, topic: str, payload: bytes) -> None:
        try:
            known.heard = read_availability(payload)
        except BadPayload as err:
            self._malformed(topic, err)
            return
        known.device = known.device.now(known.device.state, known.heard)
        self._announce(known)

    async def _start(self, link: MqttLink, broker: Broker) -> None:
        self._link = link
        for known in self._known.values():
            known.heard = None
            has_topic = availability_topic(known.config) is not None
            known.device = known.device.now(known.device.state, available=not has_topic)
        self._announce_all()
        try:
            async with asyncio.timeout(START_LIMIT_S):
                if broker.will is not None:
                    await link.publish(broker.will.topic, b"online", retain=True)
                topics = {*self._by_state, *self._by_availability, self._probe_topic}
                await link.subscribe(sorted(topics))
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
        for known in self._known.values():
            self._announce(known)

    def _announce(self, known: _Known) -> None:
        known.told, known.merged = known.device, False
        if self._port is not None:
            self._port.announce(known.device)

    def _malformed(self, topic: str, err: BadPayload) -> None:
        self.stats.malformed += 1
        self._complain(topic, err.reason)

    def _complain(self, topic: str, reason: str) -> None:
        if topic not in self._complained:
            self._complained.add(topic)
            log.warning("mqtt_payload_dropped", topic=topic, reason=reason)


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
