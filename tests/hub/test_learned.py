"""What was learned is kept over restarts on a real store, and goes when a person is erased."""

import asyncio
import threading
from pathlib import Path

from hub.bus import Bus
from hub.clock import ManualClock
from hub.config_rules import device_ids
from hub.learned import Learned
from hub.mood.body import BodySense
from hub.mood.engine import MoodEngine
from hub.settings import Settings, StoreSettings
from hub.store.store import Store
from hub.types import PersonId, SourceId

STRAP = SourceId("wearable:strap")
ADA = PersonId("ada")


def home(state: Path) -> Settings:
    settings = Settings.model_validate(
        {
            "rooms": {"den": {}},
            "people": {"ada": {}, "bo": {}},
            "senses": {
                "wearables": {"strap": {"device": "simulated:s", "person": "ada", "room": "den"}}
            },
            "drivers": {"simulated": {"devices": {"s": {"kind": "heart_strap"}}}},
            "store": {"directory": str(state)},
        }
    )
    assert "simulated:s" in device_ids(settings)
    return settings


def parts(settings: Settings, store: Store, clock: ManualClock) -> tuple[Learned, BodySense]:
    def fail(where: str, err: Exception) -> None:
        raise AssertionError(where) from err

    bus = Bus(fail)
    learned = Learned(settings, store.config)
    moods = MoodEngine(settings, bus, clock, None, learned.baselines())
    body = BodySense(settings, bus, clock, lambda _source: True, learned.bodies())
    learned.keep(moods, body)
    return learned, body


async def opened(state: Path, clock: ManualClock) -> Store:
    store = Store(StoreSettings(directory=state), clock)
    await store.open()
    return store


async def test_it_survives_a_restart_and_not_an_erasure(state: Path, clock: ManualClock) -> None:
    settings = home(state)
    store = await opened(state, clock)
    await store.config.set(
        "learned.ada",
        {"mood": [0.2, -0.1], "body": {STRAP: {"heart_rate": [62.0, 4.0, 900.0]}}},
        "test",
    )
    learned, _ = parts(settings, store, clock)
    assert learned.baselines().of(ADA).valence == 0.2
    assert learned.bodies()[STRAP]["heart_rate"].mean == 62.0
    await learned.save()
    await store.close()

    store = await opened(state, clock)
    learned, _ = parts(settings, store, clock)
    assert learned.bodies()[STRAP]["heart_rate"].seconds == 900.0
    learned.forget(ADA)
    erased = await store.erase(ADA, "test")
    assert erased.proved
    await learned.save()
    await store.close()

    store = await opened(state, clock)
    learned, _ = parts(settings, store, clock)
    assert learned.baselines().of(ADA).valence == 0.0
    assert learned.bodies() == {}
    await store.close()


async def test_who_is_erased_while_another_is_saved_is_not_written_back(
    state: Path, clock: ManualClock
) -> None:
    store = await opened(state, clock)
    for person in ("ada", "bo"):
        await store.config.set(f"learned.{person}", {"mood": [0.2, 0.1], "body": {}}, "test")
    learned, _ = parts(home(state), store, clock)
    for person in (ADA, PersonId("bo")):
        learned._entries.pop(person)  # as if both had changed since
    held = threading.Event()
    blocking = asyncio.create_task(store.config.writer.run(lambda _: held.wait(10)))
    await asyncio.sleep(0)
    saving = asyncio.create_task(learned.save())  # Ada's entry waits for the disk, then Bo's
    await asyncio.sleep(0.05)
    learned.forget(PersonId("bo"))
    erasing = asyncio.create_task(store.erase(PersonId("bo"), "test"))
    await asyncio.sleep(0.05)
    held.set()
    await asyncio.gather(blocking, saving, erasing)
    assert store.config.get("learned.bo") is None
    assert store.config.get("learned.ada") == {"mood": [0.2, 0.1], "body": {}}
    await store.close()


async def test_an_unreadable_entry_is_left_out(state: Path, clock: ManualClock) -> None:
    store = await opened(state, clock)
    await store.config.set("learned.ada", {"mood": "high"}, "test")
    await store.config.set(
        "learned.bo", {"mood": [0.1, 0.0], "body": {"x": {"rate": [1.0, -1.0, 0.0]}}}, "test"
    )
    learned, _ = parts(home(state), store, clock)
    assert learned.baselines().of(ADA).valence == 0.0
    assert learned.baselines().of(PersonId("bo")).valence == 0.0
    await store.close()
