"""Writes tests/fixtures/store_v<N>/*.sql: what a hub of the present schema leaves on disk.

Run once when a schema is released, before the next migration is written, and never again:

    python -m tests.hub.make_store_fixture 1
"""

import asyncio
import sqlite3
import sys
import tempfile
from pathlib import Path

from drivers.types import DeviceState
from hub.clock import ManualClock
from hub.settings import Person
from hub.store.schema import File
from hub.types import SenseChanged, SenseState, SourceId
from models.types import Sense
from tests.hub.store_support import (
    MIRA,
    ROOM,
    acted,
    changed,
    decision,
    device,
    held,
    mood,
    opened,
    sensed,
)

FIXTURES = Path(__file__).parent.parent / "fixtures"


async def _fill(directory: Path) -> None:
    clock = ManualClock()
    async with opened(directory, clock) as store:
        await store.remember_people({"mira": Person(name="Mira", lives_in=("living_room",))})
        await store.consent.give(MIRA, Sense.FACE, "mira")
        await store.consent.give(MIRA, Sense.BODY, "mira")
        await store.consent.withdraw(MIRA, Sense.BODY, "mira")
        await store.config.set_privacy(True, "mira")
        await store.outbox.put("summary", b"sealed", "mira")
        for number in range(1, 4):
            store.record(sensed(clock))
            store.record(sensed(clock, Sense.BODY, person=MIRA, source="strap", probabilities=()))
            store.record(mood(clock, number))
            store.record(decision(clock, number, mood_id=number))
            store.record(acted(clock, number))
            store.record(held(clock))
            clock.advance(61)
        store.record(changed(clock, device(DeviceState(on=True, level=0.5)), None))
        source = SourceId("camera:living")
        store.record(SenseChanged(source, ROOM, Sense.FACE, SenseState.ON, "", clock.monotonic()))
        store.record_correction("wrong", "not at all", decision=2, person=MIRA)
        clock.advance(200)
        await store.tick()


def main(version: str) -> None:
    """Write the fixture of a schema's version."""
    target = FIXTURES / f"store_v{version}"
    target.mkdir()
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name) / "s"
        asyncio.run(_fill(directory))
        for file in File:
            conn = sqlite3.connect(directory / file)
            text = "\n".join(conn.iterdump()) + "\n"
            conn.close()
            (target / f"{file}.sql").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
