"""Whose own mood somebody may see now: one rule for GET /moods, the live updates and reasons.

A room's mood is seen by everybody in the house. A person's own mood is seen by that person, by the
owner, and, where the person shares it with the household, by the adults. Children and guests see
rooms and themselves only. What one source says of a person, and the reasons of rules about a
person, are seen by those who may see that person's mood.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hub.api.access import Role
from hub.api.route import Identity
from hub.phrase import Phrase

if TYPE_CHECKING:
    from hub.app import Hub

SHARING = "sharing "
"""A setting of config.db per person: `sharing ada`."""
OF_SOMEBODY = Phrase("because.of_somebody")


def shares(hub: "Hub", person: str) -> bool:
    """Say whether a person shows their mood to the adults of the household; not by default."""
    return hub.store.config.get(SHARING + person) is True


@dataclass(frozen=True, slots=True)
class Sight:
    """The people whose own mood somebody may see now; equal sights see the same."""

    people: frozenset[str]

    @classmethod
    def of(cls, hub: "Hub", who: Identity) -> "Sight":
        """Return what this session may see now."""
        everyone = hub.settings.people
        seen = {who.member.person} if who.member.person in everyone else set()
        match who.role:
            case Role.OWNER:
                seen |= set(everyone)
            case Role.ADULT:
                seen |= {person for person in everyone if shares(hub, person)}
            case Role.CHILD | Role.GUEST:
                pass
        return cls(frozenset(one for one in seen if one is not None))

    def room(self, hub: "Hub", view: Mapping[str, Any]) -> dict[str, Any]:
        """Return a room of Views.room with what is not for them left out."""
        return {
            **view,
            "people": [one for one in view["people"] if one["person"] in self.people],
            "senses": [
                one
                for one in view["senses"]
                if one["person"] is None or one["person"] in self.people
            ],
            "decisions": [self.reason(hub, one) for one in view["decisions"]],
        }

    def reason(self, hub: "Hub", decision: dict[str, Any]) -> dict[str, Any]:
        """Return a decision, its reason blanked where its rule is about somebody unseen.

        A rule that is no more may have been about anybody: only who sees everyone reads it.
        """
        rule = hub.settings.rules.get(decision["rule"])
        if rule is None:
            seen = self.people >= set(hub.settings.people)
        else:
            seen = rule.when.person is None or rule.when.person in self.people
        return decision if seen else decision | {"because": OF_SOMEBODY}
