"""Devices with Tasmota, as they announce themselves under `tasmota/discovery`.

Each device keeps two messages there, of its relays, lights and buttons, and of its sensors; they
come in either order. One that is offline stays, as unavailable, until the first is deleted.

Source: Tasmota's documentation (tasmota.github.io/docs/MQTT, .../Commands) and the messages that
version 12 sends with SetOption19 0.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from drivers.mqtt_finding import Alone, News
from drivers.mqtt_ha_config import Fields, Unusable, checked_topic
from drivers.mqtt_kept import Kept
from drivers.mqtt_parts import About, Parts, devices
from drivers.mqtt_payload import object_of, text_of
from drivers.mqtt_rooms import suggested_room
from drivers.mqtt_talk import Hear, Message, Needs, Talk
from drivers.mqtt_tasmota_parts import Topics, actors, buttons, sensors
from drivers.types import DeviceInfo

PREFIX = "tasmota/discovery/"
CONFIG, SENSORS = "config", "sensors"
STATE_NOW, SENSORS_NOW = b"11", b"10"
"""What to ask `STATUS` for."""


@dataclass(slots=True)
class _Heard:
    config: dict[str, Any] | None = None
    sensors: dict[str, Any] = field(default_factory=dict)
    talks: list[Talk] = field(default_factory=list)


class Tasmota(Alone):
    """See Family."""

    name = "tasmota"

    def __init__(self) -> None:
        self.filters: tuple[str, ...] = (f"{PREFIX}+/{CONFIG}", f"{PREFIX}+/{SENSORS}")
        self._heard: dict[str, _Heard] = {}
        self._kept = Kept()

    def wants(self, topic: str) -> bool:
        """See Family."""
        return topic.startswith(PREFIX) and topic.endswith((f"/{CONFIG}", f"/{SENSORS}"))

    def clear(self) -> None:
        """See Family. What each device sends twice is put together anew."""

    def take(self, topic: str, payload: bytes) -> News:
        """See Family."""
        address, _, what = topic.removeprefix(PREFIX).rpartition("/")
        said = object_of(payload) if payload else None
        if not self._kept.takes(topic, len(payload)):
            return News(refused=[("announcements", "there are too many to remember them all")])
        heard = self._heard.setdefault(address, _Heard())
        if what == CONFIG:
            heard.config = said
        else:
            read = said.get("sn") if said is not None else None
            heard.sensors = read if isinstance(read, dict) else {}
        news = News()
        self._renew(address, heard, news)
        if heard.config is None and not heard.sensors:
            del self._heard[address]
        return news

    def _renew(self, address: str, heard: _Heard, news: News) -> None:
        before, heard.talks = heard.talks, []
        if heard.config is not None:
            try:
                heard.talks = _found(address, heard.config, heard.sensors, news)
            except Unusable as err:
                news.refused.append((address, str(err)))
        ids = {talk.id for talk in heard.talks}
        news.lost += [talk.id for talk in before if talk.id not in ids]
        news.found += heard.talks


def _found(
    address: str, config: Mapping[str, Any], measured: Mapping[str, Any], news: News
) -> list[Talk]:
    fields = Fields(config)
    topics = _topics(fields)
    name = fields.text("dn") or fields.text("t") or address
    info = DeviceInfo("Tasmota", fields.text("md"), fields.text("sw"), suggested_room(name))
    yes, no = fields.text("onln", "Online"), fields.text("ofln", "Offline")
    heard_at = {f"{topics.tells}LWT": _hear(yes, no)}
    parts = Parts(actors(config, topics), buttons(config, topics))
    sensors(measured, topics, parts.rest)
    found = devices(About(address.lower(), name[:100], info, heard_at, Needs.LATEST), parts)
    if found:
        news.ask += [Message(f"{topics.takes}STATUS", what) for what in (STATE_NOW, SENSORS_NOW)]
    return found


def _topics(fields: Fields) -> Topics:
    """Return where it tells, answers and listens. Raises Unusable."""
    prefixes = fields.raw("tp")
    if not isinstance(prefixes, list) or len(prefixes) != len(("cmnd", "stat", "tele")):
        raise Unusable("its topic prefixes are missing")
    address = fields.text("mac")
    whole = (
        fields.text("ft", "%prefix%/%topic%/")
        .replace("%topic%", fields.text("t"))
        .replace("%hostname%", fields.text("hn"))
        .replace("%id%", address[-6:])
    )
    if "%prefix%" not in whole:
        raise Unusable("its full topic has no %prefix%")
    full = whole if whole.endswith("/") else f"{whole}/"
    takes, answers, tells = (
        checked_topic(full.replace("%prefix%", str(prefix)), "ft") for prefix in prefixes
    )
    return Topics(takes, answers, tells)


def _hear(yes: str, no: str) -> Hear:
    def hear(payload: bytes) -> bool | None:
        text = text_of(payload)
        return True if text == yes else False if text == no else None

    return hear
