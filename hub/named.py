"""Which room or person of the configuration a request names."""

from hub.errors import Refusal
from hub.phrase import Phrase
from hub.settings import Settings
from hub.types import PersonId, RoomId


def room_named(settings: Settings, name: str | None) -> RoomId:
    """Return a room; the only one need not be named. Raises Refusal."""
    rooms = list(settings.rooms)
    if name is None and len(rooms) == 1:
        return RoomId(rooms[0])
    if name not in rooms:
        raise Refusal(
            "unknown_room",
            Phrase("refused.no_room", name=name or ""),
            Phrase("mend.rooms", rooms=", ".join(rooms)),
        )
    return RoomId(name)


def person_named(settings: Settings, name: str | None) -> PersonId | None:
    """Return a person; without a name the only one, None if there are several. Raises Refusal."""
    people = list(settings.people)
    if name is None:
        return PersonId(people[0]) if len(people) == 1 else None
    if name not in people:
        raise Refusal(
            "unknown_person",
            Phrase("refused.no_person", name=name),
            Phrase("mend.people", people=", ".join(people)),
        )
    return PersonId(name)
