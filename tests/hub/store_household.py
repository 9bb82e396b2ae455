"""Two people who have left traces in three rooms, in every table and file of a store."""

from dataclasses import replace

from drivers.types import DeviceState
from hub.clock import ManualClock
from hub.phrase import Phrase
from hub.settings import Person
from hub.store.store import Store
from hub.types import ManualChange, PersonId, RoomId, SenseChanged, SenseState, SourceId
from models.types import Sense
from tests.hub.store_support import (
    BEDROOM,
    JON,
    LAMP,
    MIRA,
    ROOM,
    acted,
    changed,
    decision,
    device,
    held,
    mood,
    sensed,
)

PEOPLE = {
    "mira": Person(name="Mira Zöll", lives_in=("bedroom",)),
    "jon": Person(name="Jonathan", lives_in=("bedroom", "living_room")),
}
ATTIC = RoomId("attic")
"""Where neither of them lives."""


async def live(store: Store, clock: ManualClock) -> None:
    """Leave traces of two people in three rooms, in every table and file."""
    await store.remember_people(PEOPLE)
    for one in (MIRA, JON):
        await store.consent.give(one, Sense.FACE, one)
        await store.config.set(f"wishes.{one}", {"likes": one}, one)
        await store.outbox.put("summary", b"sealed", one)
    await store.config.set("greeting", "hello Mira Zöll", JON)
    await store.config.audit(JON, Phrase("audit.member_saved"), "mira")
    number = 0
    present: tuple[PersonId | None, ...] = (None, MIRA, JON)
    for room in (BEDROOM, ROOM, ATTIC):
        store.record(sensed(clock, room=room, source=f"camera:{room}"))
        source = SourceId(f"camera:{room}")
        now = clock.monotonic()
        store.record(SenseChanged(source, room, Sense.FACE, SenseState.ON, "", now))
        for person in present:
            number += 1
            if person is not None:
                store.record(sensed(clock, Sense.BODY, person=person, source="strap", room=room))
            store.record(mood(clock, number, person=person, room=room))
            because = f"{PEOPLE[person].name if person else 'The room'} has felt sad for 5 minutes"
            store.record(
                decision(
                    clock, number, mood_id=number, room=room, because=because, rule=f"{room}_r"
                )
            )
            store.record(acted(clock, number))
            store.record_correction("wrong", f"says {person}", decision=number, person=person)
            clock.advance(61)
    store.record(replace(held(clock), room=ATTIC, rule="mira_calm"))
    store.record(changed(clock, device(DeviceState(on=True), room=BEDROOM), None))
    store.record(ManualChange(BEDROOM, LAMP, clock.monotonic()))
    clock.advance(3600)
    await store.flush()
    await store.tick()
