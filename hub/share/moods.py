"""Which moods may be told to others: none, unless the household says so and all who were sensed do.

A mood is told only while `share.moods` is on, nobody has paused the house, and every source that
the mood rests on is allowed now. Anything else is None, which every receiver shows as unknown.
"""

from typing import TYPE_CHECKING

from hub.types import PersonId, RoomId, SourceId
from models.types import MoodEstimate, Sense

if TYPE_CHECKING:
    from hub.app import Hub


class Tellable:
    """Asks the hub's parts at the moment of telling; keeps nothing."""

    def __init__(self, hub: "Hub") -> None:
        self._hub = hub

    def mood(self, room: RoomId) -> MoodEstimate | None:
        """Return a room's mood if it may be told now. Never a person's."""
        hub = self._hub
        if not hub.settings.share.moods or hub.permission.privacy or hub.store.config.guests:
            return None
        mood = hub.moods.current(room)
        if mood is None or not mood.estimate.weights:
            return None
        rests_on = [one for one in hub.moods.senses(room) if one.sense is not Sense.CONTEXT]
        allowed = all(self._allowed(one.source, one.sense, one.person) for one in rests_on)
        return mood.estimate if rests_on and allowed else None

    def _allowed(self, source: SourceId, sense: Sense, person: PersonId | None) -> bool:
        permission = self._hub.permission
        if sense is Sense.TEXT:
            return permission.may_read_text(person)
        return permission.is_allowed(source)


def rounded(estimate: MoodEstimate | None) -> dict[str, float | str | None]:
    """Return what is told of a mood: two decimals, and `unknown` where there is nothing to tell."""
    if estimate is None:
        return {"valence": None, "arousal": None, "confidence": None, "label": "unknown"}
    return {
        "valence": round(estimate.valence, 2),
        "arousal": round(estimate.arousal, 2),
        "confidence": round(estimate.confidence, 2),
        "label": estimate.label.value,
    }
