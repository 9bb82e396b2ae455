"""What was learned is kept over restarts on a real store, and goes when a person is erased."""

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
