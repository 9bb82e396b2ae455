"""Which sources may be on: pure rules over the configuration and what people agreed to."""

from collections.abc import Iterable

from hub.sense.sources import TEXT, camera_id, microphone_id, wearable_id
from hub.settings import Settings
from hub.types import PersonId, RoomId, SourceId
from models.types import Sense

Consents = frozenset[tuple[PersonId, Sense]]


def allowed_sources(
    settings: Settings, consents: Consents, *, privacy: bool = False, guests: bool = False
) -> frozenset[SourceId]:
    """Return the sources that may be on now.

    * A camera or microphone hears and sees everyone in its room: it is on only while everyone who
      lives there has agreed to that sense, and at least one person is configured. In privacy mode
      and while guests are there, who have agreed to nothing, it is off.
    * A wearable belongs to who wears it. Text belongs to who types it: the source is on while
      anyone has agreed, and `may_sense` is asked for each text.
    """
    senses = settings.senses
    allowed = {
        wearable_id(key)
        for key, wearable in senses.wearables.items()
        if may_sense(consents, PersonId(wearable.person), Sense.BODY)
    }
    if senses.text.enabled and any(
        may_sense(consents, person, Sense.TEXT) for person in _people(settings)
    ):
        allowed.add(TEXT)
    if not (privacy or guests):
        allowed |= {
            camera_id(key)
            for key, camera in senses.cameras.items()
            if _room_agrees(settings, consents, RoomId(camera.room), Sense.FACE)
        }
        allowed |= {
            microphone_id(key)
            for key, microphone in senses.microphones.items()
            if _room_agrees(settings, consents, RoomId(microphone.room), Sense.VOICE)
        }
    return frozenset(allowed)


def may_sense(consents: Consents, person: PersonId, sense: Sense) -> bool:
    """True when this person has agreed to this sense."""
    return (person, sense) in consents


def who_is_missing(
    settings: Settings, consents: Consents, room: RoomId, sense: Sense
) -> tuple[PersonId, ...]:
    """Return who of the people of a room has yet to agree, in the configuration's order."""
    return tuple(
        person for person in members(settings, room) if not may_sense(consents, person, sense)
    )


def members(settings: Settings, room: RoomId) -> tuple[PersonId, ...]:
    """Return who lives in a room; who names no room lives in all of them."""
    return tuple(
        PersonId(key)
        for key, person in settings.people.items()
        if not person.lives_in or room in person.lives_in
    )


def _room_agrees(settings: Settings, consents: Consents, room: RoomId, sense: Sense) -> bool:
    return bool(members(settings, room)) and not who_is_missing(settings, consents, room, sense)


def _people(settings: Settings) -> Iterable[PersonId]:
    return map(PersonId, settings.people)
