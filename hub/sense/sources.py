"""The sources of a configuration: every camera and microphone, and the text that people type."""

from collections.abc import Mapping
from dataclasses import dataclass

from hub.settings import Settings
from hub.types import RoomId, SourceId
from models.types import Sense

TEXT = SourceId("text")
DEMO = "demo:"


@dataclass(frozen=True, slots=True)
class Source:
    """Something that the sensing process can read. Only text may have no room of its own."""

    id: SourceId
    sense: Sense
    room: RoomId | None
    simulated: bool = False
    """The demonstration's camera or microphone."""


def camera_id(key: str) -> SourceId:
    """Return the source of the camera with this key in the configuration."""
    return SourceId(f"camera:{key}")


def microphone_id(key: str) -> SourceId:
    """Return the source of the microphone with this key in the configuration."""
    return SourceId(f"microphone:{key}")


def wearable_id(key: str) -> SourceId:
    """Return the source of the wearable with this key in the configuration."""
    return SourceId(f"wearable:{key}")


def configured(settings: Settings) -> Mapping[SourceId, Source]:
    """Return every source that the configuration names, in its order."""
    senses = settings.senses
    found = [
        Source(camera_id(key), Sense.FACE, RoomId(camera.room), camera.url == DEMO)
        for key, camera in senses.cameras.items()
    ]
    found += [
        Source(microphone_id(key), Sense.VOICE, RoomId(microphone.room), microphone.device == DEMO)
        for key, microphone in senses.microphones.items()
    ]
    if senses.text.enabled:
        room = senses.text.room or next(iter(settings.rooms), None)
        found.append(Source(TEXT, Sense.TEXT, RoomId(room) if room else None))
    return {source.id: source for source in found}
