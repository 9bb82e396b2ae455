"""Devices that announce themselves as Home Assistant expects: ESPHome and many others.

Each entity that can be commanded is a device of its own; all sensors of one device together are
one. What its maker calls configuration, or off unless wanted, is left out.
"""

from drivers.mqtt_finding import Alone, News
from drivers.mqtt_ha_config import MAX_ENTITIES, Entity, Unusable, read_config
from drivers.mqtt_ha_entities import MAKERS, SENSORS
from drivers.mqtt_ha_parts import Made, availability, together
from drivers.mqtt_kept import Kept
from drivers.mqtt_parts import writing
from drivers.mqtt_talk import NAME, Read, Talk
from drivers.types import DeviceId, Measures

OURS = "MoodSync Hub"
"""The origin's name of what the hub itself announces, which it must not find again."""
BRIDGE = "Zigbee2MQTT"
"""The origin's name of what a family of its own finds, see drivers.mqtt_zigbee2mqtt."""


class HomeAssistant(Alone):
    """See Family."""

    name = "home_assistant"

    def __init__(self, prefix: str, bridged: str | None = None) -> None:
        """`bridged` marks, in Zigbee2MQTT's announcements, those that we hear from itself."""
        self.filters: tuple[str, ...] = (f"{prefix}/+/+/config", f"{prefix}/+/+/+/config")
        self._prefix = f"{prefix}/"
        self._bridged = None if bridged is None else bridged.encode()
        self._entities: dict[str, list[Entity]] = {}
        """By topic, of what `_kept` has room for."""
        self._topics: dict[str, dict[str, None]] = {}
        """Of each group, in the order in which they came."""
        self._kept = Kept()
        self._talks: dict[str, dict[DeviceId, Talk]] = {}

    def wants(self, topic: str) -> bool:
        """See Family."""
        return topic.startswith(self._prefix) and topic.endswith("/config")

    def clear(self) -> None:
        """See Family."""

    def take(self, topic: str, payload: bytes) -> News:
        """See Family."""
        component, _, rest = topic.removeprefix(self._prefix).partition("/")
        entities: list[Entity] = []
        if payload:
            origin, entities = read_config(rest.removesuffix("/config"), component, payload)
            if origin == OURS or (
                origin == BRIDGE and self._bridged is not None and self._bridged in payload
            ):
                return News()
        news = News()
        if self._is_too_much(topic, entities, len(payload), news):
            return news
        before = self._entities.pop(topic, ())
        for each in before:
            self._topics[each.group].pop(topic, None)
        if entities:
            self._entities[topic] = entities
        for each in entities:
            self._topics.setdefault(each.group, {})[topic] = None
        for group in sorted({each.group for each in (*before, *entities)}):
            self._regroup(group, news)
        return news

    def _is_too_much(self, topic: str, entities: list[Entity], size: int, news: News) -> bool:
        """Return whether there is no room for an announcement, and say so."""
        for each in entities:
            topics = self._topics.get(each.group, {})
            if topic not in topics and len(topics) >= MAX_ENTITIES:
                news.refused.append((each.group, f"a device of more than {MAX_ENTITIES} entities"))
                return True
        if self._kept.takes(topic, size if entities else 0):
            return False
        news.refused.append(("announcements", "there are too many to remember them all"))
        return True

    def _regroup(self, group: str, news: News) -> None:
        topics = self._topics.get(group, {})
        members = [one for each in topics for one in self._entities[each] if one.group == group]
        if not topics:
            self._topics.pop(group, None)
        before = self._talks.pop(group, {})
        now: dict[DeviceId, Talk] = {}
        sensors: list[tuple[Entity, Made]] = []
        for entity in members:
            made = _made(entity, news)
            if made is None:
                continue
            if entity.component in SENSORS:
                sensors.append((entity, made))
            else:
                talk = _actor(entity, made)
                now[talk.id] = talk
        if sensors:
            talk = _sensing(group, sensors, now)
            now[talk.id] = talk
        if now:
            self._talks[group] = now
        news.lost += [device for device in before if device not in now]
        news.found += now.values()


def _made(entity: Entity, news: News) -> Made | None:
    fields = entity.fields
    make = MAKERS.get(entity.component)
    if make is None:
        news.refused.append((entity.key, f"entities of the kind {entity.component} are not used"))
        return None
    try:
        category = fields.text("entity_category")
        if category == "config" or not fields.flag("enabled_by_default", default=True):
            return None
        made = make(fields, entity.key)
        if category == "diagnostic" and not _tells_health(made):
            return None
        availability(fields)
    except Unusable as err:
        news.refused.append((entity.key, str(err)))
        return None
    return made


def _tells_health(made: Made) -> bool:
    worth = {"battery", "battery_low", "rssi", "link_quality"}
    return any(isinstance(each, Measures) and worth & {*each.kinds} for each in made.capabilities)


def _actor(entity: Entity, made: Made) -> Talk:
    heard_at, needs = availability(entity.fields)
    name = " ".join(part for part in (entity.device_name, entity.name) if part) or entity.key
    return Talk(
        DeviceId(f"{NAME}:{entity.key}"), name, tuple(made.capabilities), writing(made),
        together(made.reads), heard_at, needs, info=entity.info,
    )  # fmt: skip


def _sensing(group: str, sensors: list[tuple[Entity, Made]], now: dict[DeviceId, Talk]) -> Talk:
    first = sensors[0][0]
    heard_at, needs = availability(first.fields)
    reads: dict[str, list[Read]] = {}
    kinds: list[str] = []
    for _, made in sensors:
        for topic, each in made.reads.items():
            reads.setdefault(topic, []).extend(each)
        kinds += [k for c in made.capabilities if isinstance(c, Measures) for k in c.kinds]
    key = DeviceId(f"{NAME}:{group}")
    if key in now:
        key = DeviceId(f"{key}_sensors")
    name = first.device_name or first.name or group
    return Talk(
        key, name, (Measures(tuple(dict.fromkeys(kinds))),), writing(Made()), together(reads),
        heard_at, needs, info=first.info,
    )  # fmt: skip
