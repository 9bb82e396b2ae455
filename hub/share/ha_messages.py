"""What Home Assistant is told: announcements in its device form, topics and payloads. Pure.

Source: home-assistant.io/integrations/mqtt/#device-discovery-payload. A room's mood is one JSON
message; null renders as `None`, which Home Assistant's sensors show as unknown.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from drivers.mqtt_homeassistant import OURS
from hub.settings import Settings
from hub.share.moods import rounded
from models.types import MoodEstimate

Announcements = dict[str, dict[str, Any]]
"""Configuration by topic."""


@dataclass(frozen=True, slots=True)
class Topics:
    """Where what is said."""

    prefix: str
    base: str

    @classmethod
    def of(cls, settings: Settings) -> "Topics":
        """Return the topics of a configuration."""
        share = settings.share.home_assistant
        return cls(share.prefix, share.topic)

    @property
    def availability(self) -> str:
        """`online` and `offline`, kept by the broker; the last will says offline."""
        return f"{self.base}/availability"

    @property
    def privacy(self) -> str:
        """`ON` and `OFF`."""
        return f"{self.base}/privacy"

    @property
    def born(self) -> str:
        """Where Home Assistant says that it has started."""
        return f"{self.prefix}/status"

    def mood(self, room: str) -> str:
        """One JSON object."""
        return f"{self.base}/room/{room}/mood"

    def scene(self, room: str, scene: str) -> str:
        """Where a press of the button comes."""
        return f"{self.base}/room/{room}/scene/{scene}/set"

    @property
    def commands(self) -> tuple[str, ...]:
        """What to subscribe to."""
        return (f"{self.privacy}/set", f"{self.base}/room/+/scene/+/set", self.born)


@dataclass(frozen=True, slots=True)
class PrivacyAsked:
    """Somebody moved the privacy switch."""

    on: bool


@dataclass(frozen=True, slots=True)
class SceneAsked:
    """Somebody pressed a scene's button."""

    room: str
    scene: str


def read_command(topics: Topics, topic: str, payload: bytes) -> PrivacyAsked | SceneAsked | None:
    """Return what was asked; None for anything else."""
    if topic == f"{topics.privacy}/set":
        return PrivacyAsked(payload == b"ON") if payload in (b"ON", b"OFF") else None
    match topic.removeprefix(f"{topics.base}/").split("/"):
        case ["room", room, "scene", scene, "set"] if payload == b"PRESS":
            return SceneAsked(room, scene)
        case _:
            return None


def announcements(settings: Settings, hub_id: str, version: str) -> Announcements:
    """Return a device for the hub, with its privacy switch, and one for each room."""
    topics = Topics.of(settings)
    me = f"{topics.base}_{hub_id}"
    shared = {
        "origin": {"name": OURS, "sw_version": version},
        "availability": [{"topic": topics.availability}],
    }
    home = settings.home.name
    switch = {
        "platform": "switch",
        "unique_id": f"{me}_privacy",
        "name": "Privacy mode",
        "icon": "mdi:eye-off",
        "state_topic": topics.privacy,
        "command_topic": f"{topics.privacy}/set",
    }
    hub = {"identifiers": [me], "name": f"{home} moods", **_MADE, "sw_version": version}
    found: Announcements = {
        _config(topics, me): {**shared, "device": hub, "components": {"privacy": switch}}
    }
    for name, room in settings.rooms.items():
        mine = f"{me}_{name}"
        shown = room.name or name
        device = {
            "identifiers": [mine],
            "name": f"{shown} mood",
            **_MADE,
            "via_device": me,
            "suggested_area": shown,
        }
        components = _sensors(topics, mine, name) | {
            f"scene_{scene}": {
                "platform": "button",
                "unique_id": f"{mine}_scene_{scene}",
                "name": given.name or scene,
                "icon": "mdi:palette",
                "command_topic": topics.scene(name, scene),
            }
            for scene, given in settings.scenes.items()
        }
        found[_config(topics, mine)] = {**shared, "device": device, "components": components}
    return found


def _sensors(topics: Topics, mine: str, room: str) -> dict[str, dict[str, Any]]:
    def sensor(key: str, icon: str, more: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "platform": "sensor",
            "unique_id": f"{mine}_{key}",
            "name": key.capitalize(),
            "icon": icon,
            "state_topic": topics.mood(room),
            "value_template": f"{{{{ value_json.{key} }}}}",
            **more,
        }

    number = {"state_class": "measurement", "suggested_display_precision": 2}
    return {
        "valence": sensor("valence", "mdi:emoticon-outline", number),
        "arousal": sensor("arousal", "mdi:flash-outline", number),
        "confidence": sensor("confidence", "mdi:help-circle-outline", number),
        "label": sensor("label", "mdi:emoticon-happy-outline", {}),
    }


def mood_payload(estimate: MoodEstimate | None) -> bytes:
    """Return what is told of a room's mood."""
    return json.dumps(rounded(estimate)).encode()


def withdrawn(component: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a device's announcement says of a component that it has no more."""
    return {"platform": component["platform"]}


def _config(topics: Topics, device: str) -> str:
    return f"{topics.prefix}/device/{device}/config"


_MADE = {"manufacturer": "MoodSync", "model": OURS}
