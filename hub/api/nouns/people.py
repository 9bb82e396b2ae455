"""people: those who live here, and what each of them allows."""

import re
import unicodedata
from dataclasses import replace
from itertools import count
from typing import Any, Literal

from pydantic import Field

from hub.api.access import Access, Role
from hub.api.problem import Problem
from hub.api.route import Body, Call, Route, Shape
from hub.api.sight import SHARING, shares
from hub.edits import read as read_edits
from hub.phrase import Phrase
from hub.settings import Person

Sense = Literal["face", "voice", "text", "body"]


class PersonShape(Shape):
    """Someone who lives here. `allows` says what they have agreed to.

    `shares`: the household's adults see this person's own mood now, in GET /moods.
    """

    id: str
    name: str
    lives_in: list[str]
    allows: dict[str, bool]
    shares: bool
    yours: bool
    """True where the one who asks may decide for them."""


class People(Shape):
    """Everyone who lives here."""

    people: list[PersonShape]


class NewPerson(Body):
    """Somebody who lives here."""

    name: str = Field(min_length=1, max_length=60, pattern=r"^\S.*$")
    me: bool = False
    """True where it is the one who asks: consent to sensing is then theirs to give."""


class AddedPerson(Shape):
    """The person's id. With `restarts` the hub starts anew now, and knows them then."""

    id: str
    restarts: bool


class Sharing(Body):
    """Whether the adults of the household see a person's own mood."""

    shared: bool


class Consent(Body):
    """Whether one sense of one person may be used."""

    allowed: bool


async def list_people(call: Call) -> dict[str, Any]:
    """Everyone, with their consents."""
    hub = call.context.hub
    state = hub.store.consent.state()
    allowed = {(person, sense.value) for person, sense in state}
    return {
        "people": [
            {
                "id": key,
                "name": person.name or key,
                "lives_in": list(person.lives_in),
                "allows": {s: (key, s) in allowed for s in ("face", "voice", "text", "body")},
                "shares": shares(hub, key),
                "yours": may_decide_for(call, key),
            }
            for key, person in hub.settings.people.items()
        ]
    }


async def add_person(call: Call) -> dict[str, Any]:
    """Add somebody who lives here. They are sensed by nothing until they consent."""
    sent, hub, who = call.sent(NewPerson), call.context.hub, call.identity
    if sent.me and who.member.person is not None:
        raise Problem(409, "conflict", Phrase("refused.somebody_already"))
    async with hub.edits.lock:
        person = _new_id(call, sent.name)
        await hub.edits.put(hub.settings, "people", person, Person(name=sent.name), who.by)
    if sent.me:
        await call.context.accounts.put_member(replace(who.member, person=person), who.by)
    return {"id": person, "restarts": person not in hub.settings.people and bool(hub.restart)}


async def put_consent(call: Call) -> dict[str, Any]:
    """Give or withdraw a consent. One's own; the owner's for anyone; any adult may withdraw."""
    person, sense = call.path["person"], call.path["sense"]
    wanted = call.sent(Consent).allowed
    identity = call.identity
    adult = identity.role in (Role.OWNER, Role.ADULT)
    if not may_decide_for(call, person) and not (adult and not wanted):
        raise Problem(403, "forbidden", Phrase("refused.consent_not_yours"))
    if sense not in ("face", "voice", "text", "body"):
        raise Problem(404, "not_found", Phrase("refused.no_sense", name=sense))
    await call.context.operations(identity.by).ask(
        "consent", action="give" if wanted else "withdraw", person=person, sense=sense
    )
    return await list_people(call)


async def put_sharing(call: Call) -> dict[str, Any]:
    """Share one's own mood with the household's adults, or no more; off until it is turned on."""
    person, hub = call.path["person"], call.context.hub
    if not may_decide_for(call, person):
        raise Problem(403, "forbidden", Phrase("refused.not_yours_to_share"))
    if person not in hub.settings.people:
        raise Problem(404, "unknown_person", Phrase("refused.no_person", name=person))
    await hub.store.config.set(SHARING + person, call.sent(Sharing).shared, call.identity.by)
    return await list_people(call)


def _new_id(call: Call, name: str) -> str:
    """Return an id that nobody has or had: what others agreed to must not become theirs."""
    hub = call.context.hub
    taken = {*hub.settings.people, *(one.id for one in hub.store.config.people())}
    taken |= set(read_edits(hub.edits.path).get("people", {}))  # who waits for the new start, too
    taken |= {member.person for member in call.context.accounts.members.values() if member.person}
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    stem = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:30] or "person"
    stem = stem if stem[0].isalpha() else f"person_{stem}"
    return next(one for n in count(1) if (one := stem if n == 1 else f"{stem}_{n}") not in taken)


def may_decide_for(call: Call, person: str) -> bool:
    """Say whether the one who asks may decide for this person."""
    who = call.identity
    return who.member.person == person or (who.role is Role.OWNER and not who.session.scopes)


ROUTES = (
    Route(
        *("POST", "/people", "Add somebody who lives here", Access.ADMIN, add_person),
        body=NewPerson,
        answer=AddedPerson,
        status=201,
    ),
    Route("GET", "/people", "Everyone and their consents", Access.SEE, list_people, answer=People),
    Route(
        *("PUT", "/people/{person}/consents/{sense}", "Give or withdraw consent"),
        *(Access.CONSENT, put_consent),
        body=Consent,
        answer=People,
    ),
    Route(
        *("PUT", "/people/{person}/sharing", "Share one's mood with the household's adults"),
        *(Access.CONSENT, put_sharing),
        body=Sharing,
        answer=People,
    ),
)
