"""Reads Home Assistant's discovery messages: one entity each, or a device with several.

Source: home-assistant.io/integrations/mqtt/#mqtt-discovery. Names may be abbreviated and topics
may begin or end with `~`, which stands for a base topic.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from drivers.mqtt_payload import finite, object_of
from drivers.mqtt_template import Template, compile_template
from drivers.mqtt_tokens import TemplateRefused
from drivers.types import BadPayload, DeviceInfo

MAX_ENTITIES = 200
MAX_TOPIC = 300
MAX_NAME = 100
_UNSAFE = re.compile(r"[^A-Za-z0-9_.:-]+")

_WORDS: Final = {
    "act": "action", "avty": "availability", "avail": "available", "b": "blue",
    "bri": "brightness", "cla": "class", "clr": "color", "clrm": "color_mode", "cls": "close",
    "clsd": "closed", "cmd": "command", "cmps": "components", "curr": "current", "dev": "device",
    "dly": "delay", "ent_cat": "entity_category", "fx": "effect", "g": "green",
    "meas": "measurement", "mirs": "mireds", "o": "origin", "ops": "options", "osc": "oscillation",
    "p": "platform", "pct": "percentage", "pl": "payload", "pos": "position", "pow": "power",
    "pr": "preset", "prs": "press", "r": "red", "rng": "range", "scl": "scale", "spd": "speed",
    "stat": "state", "t": "topic", "tpl": "template", "uniq": "unique", "val": "value",
    "k": "kelvin", "whit": "white", "exp": "expire", "aft": "after", "ent": "entity",
    "cat": "category",
}  # fmt: skip
_WHOLE: Final = {
    "sup_clrm": "supported_color_modes", "en": "enabled_by_default", "e": "encoding",
    "dev_cla": "device_class", "stat_cla": "state_class",
}  # fmt: skip
_DEVICE: Final = {
    "ids": "identifiers", "cns": "connections", "mf": "manufacturer", "mdl": "model",
    "sw": "sw_version", "sa": "suggested_area",
}  # fmt: skip


class Unusable(ValueError):  # noqa: N818 - says what it is
    """An entity that cannot be used; the text says why."""


@dataclass(frozen=True, slots=True)
class Entity:
    """One announced entity."""

    component: str
    key: str
    """Unique on the broker."""
    fields: "Fields"
    group: str
    """Which device it belongs to."""
    device_name: str
    name: str
    info: DeviceInfo | None


class Fields:
    """An announcement with its names and topics spelled out. Every method raises Unusable."""

    def __init__(self, raw: Mapping[str, Any]) -> None:
        self._raw = raw

    def has(self, name: str) -> bool:
        """Return True when the name is given."""
        return self._raw.get(name) is not None

    def raw(self, name: str) -> Any:
        """Return what is given under a name, or None."""
        return self._raw.get(name)

    def text(self, name: str, default: str = "") -> str:
        """Return a text as Home Assistant coerces it: true is `True`."""
        value = self._raw.get(name)
        if value is None:
            return default
        if not isinstance(value, str | int | float):
            raise Unusable(f"`{name}` is no text")
        return str(value)

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of texts."""
        value = self._raw.get(name, [])
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise Unusable(f"`{name}` is no list of texts")
        return tuple(value)

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Return a truth."""
        value = self._raw.get(name, default)
        if not isinstance(value, bool):
            raise Unusable(f"`{name}` is neither true nor false")
        return value

    def number(self, name: str, default: float) -> float:
        """Return a finite number."""
        try:
            return finite(float(self._raw.get(name, default)))
        except (TypeError, ValueError, OverflowError, BadPayload) as err:
            raise Unusable(f"`{name}` is no number") from err

    def topic(self, name: str) -> str | None:
        """Return a topic's name, without wildcards."""
        value = self._raw.get(name)
        if value is None:
            return None
        return checked_topic(value, name)

    def must_topic(self, name: str) -> str:
        """Return a topic's name that has to be there."""
        topic = self.topic(name)
        if topic is None:
            raise Unusable(f"`{name}` is missing")
        return topic

    def template(self, *names: str) -> Template | None:
        """Return the first template that is given under these names."""
        for name in names:
            if self._raw.get(name) is not None:
                try:
                    return compile_template(self.text(name))
                except TemplateRefused as err:
                    raise Unusable(f"`{name}` uses {err}") from err
        return None


def checked_topic(value: object, name: str) -> str:
    """Return a topic's name if it is one. Raises Unusable."""
    if (
        not isinstance(value, str)
        or not 0 < len(value) <= MAX_TOPIC
        or any(sign in value for sign in "+#\x00")
        or not value.isprintable()
    ):
        raise Unusable(f"`{name}` is no topic")
    return value


def read_config(topic_key: str, component: str, payload: bytes) -> tuple[str, list[Entity]]:
    """Return who announces and every entity of an announcement. Raises BadPayload."""
    said = _spelled(object_of(payload))
    origin = said.get("origin")
    name = origin.get("name") if isinstance(origin, dict) else None
    return str(name or ""), list(_entities(topic_key, component, said))


def safe_id(key: str) -> str:
    """Return an id that can be typed and stays the same."""
    return _UNSAFE.sub("_", key)[:MAX_NAME]


def _entities(topic_key: str, component: str, said: dict[str, Any]) -> Iterator[Entity]:
    if component != "device":
        yield _entity(component, topic_key, said)
        return
    parts = said.get("components")
    if not isinstance(parts, dict) or len(parts) > MAX_ENTITIES:
        raise BadPayload("a device without its `components`, or with too many")
    shared = {key: value for key, value in said.items() if key != "components"}
    for key, part in parts.items():
        if not isinstance(part, dict):
            raise BadPayload("a component that is no object")
        spelled = _spelled({**({"~": shared["~"]} if "~" in shared else {}), **part})
        platform = spelled.pop("platform", None)
        if spelled.keys() <= {"~"}:
            continue  # how a component is withdrawn
        yield _entity(str(platform), f"{topic_key}/{key}", {**shared, **spelled})


def _entity(component: str, topic_key: str, said: dict[str, Any]) -> Entity:
    key = str(said.get("unique_id") or topic_key)
    device = said.get("device")
    given = device if isinstance(device, dict) else {}
    about = {_DEVICE.get(name, name): value for name, value in given.items()}
    group = _first(about.get("identifiers")) or _first(about.get("connections")) or key
    info = DeviceInfo(
        _word(about.get("manufacturer")),
        _word(about.get("model")),
        _word(about.get("sw_version")),
        _word(about.get("suggested_area")),
    )
    return Entity(
        component,
        safe_id(key),
        Fields(said),
        safe_id(group),
        _word(about.get("name")),
        _word(said.get("name")),
        info if given else None,
    )


def _first(value: object) -> str:
    while isinstance(value, list):
        value = value[-1] if value and not isinstance(value[0], list) else (value or [""])[0]
    return value if isinstance(value, str) else ""


def _word(value: object) -> str:
    return str(value)[:MAX_NAME] if isinstance(value, str | int | float) else ""


def _spelled(said: Mapping[str, Any]) -> dict[str, Any]:
    spelled = {_spell(name): value for name, value in said.items()}
    base = spelled.get("~")
    for name, value in spelled.items():
        if name == "availability" and isinstance(value, list):
            spelled[name] = [
                {_spell(inner): _based(_spell(inner), each, base) for inner, each in one.items()}
                for one in value
                if isinstance(one, dict)
            ]
        else:
            spelled[name] = _based(name, value, base)
    return spelled


def _based(name: str, value: Any, base: object) -> Any:
    if not (isinstance(value, str) and isinstance(base, str) and name.endswith("topic")):
        return value
    if value.startswith("~"):
        return base + value[1:]
    return value[:-1] + base if value.endswith("~") else value


def _spell(name: str) -> str:
    """Return an abbreviated name in full: word by word, as the abbreviations are made."""
    if name in _WHOLE:
        return _WHOLE[name]
    words = name.split("_")
    spelled = [_WORDS.get(word, word) for word in words]
    for at, word in enumerate(words):
        here = at == 0 and words[-1] != "step"
        if word == "temp" and len(words) > 1 and (here or words[at - 1] == "curr"):
            spelled[at] = "temperature"
    return "_".join(spelled)
