"""A hub's store in a process of its own, to be killed: tells each thing that is acknowledged.

python -m tests.hub.store_child DIRECTORY
"""

import asyncio
import sys
from pathlib import Path

from hub.clock import SystemClock
from hub.settings import StoreSettings
from hub.store.store import Store
from hub.types import PersonId
from models.types import Sense
from tests.hub.store_support import acted, decision, mood, sensed


async def main(directory: Path) -> None:
    clock = SystemClock()
    store = Store(StoreSettings(directory=directory, reserve_bytes=65_536), clock)
    await store.open()
    number = store.next_ids().decision
    tell("opened", number)
    while True:
        for _ in range(7):
            store.record(sensed(clock, source=f"camera:{number}"))
            store.record(mood(clock, number))
            store.record(decision(clock, number, mood_id=number))
            store.record(acted(clock, number))
            number += 1
        await store.flush()
        tell("flushed", number - 1)
        person = PersonId(f"p{number}")
        await store.consent.give(person, Sense.FACE, "test")
        tell("consented", number)
        queued = await store.outbox.put("summary", str(number).encode())
        tell("queued", queued)


def tell(what: str, number: int) -> None:
    sys.stdout.write(f"{what} {number}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
