"""How long records are kept: changed while the hub runs, counted first, and true at once."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub.api.access import Role
from hub.clock import ManualClock
from hub.config import load
from hub.errors import ConfigError
from hub.settings import StoreSettings
from hub.store.store import Store
from hub.types import Mood, RoomId
from models.types import Emotion, MoodEstimate, Sense
from tests.hub.api_rig import API, Rig, running, settings_for

PATH = f"{API}/privacy/retention"
OLD, APART_S, DAYS = 5, 600, 3


@pytest.fixture
async def rig(state: Path) -> AsyncIterator[Rig]:
    """A home with a few moods that are three days old."""
    settings = settings_for(state)
    clock = ManualClock(time.time() - DAYS * 86_400 - OLD * APART_S)
    store = Store(StoreSettings(directory=state), clock)
    await store.open()
    for number in range(1, OLD + 1):
        mood = MoodEstimate(number / 10, 0.1, Emotion.HAPPINESS, 0.8, {Sense.FACE: 1.0}, 0.0)
        store.record(Mood(number, RoomId("living_room"), None, mood, clock.monotonic()))
        clock.advance(APART_S)
    for _ in range(DAYS * 24):
        clock.advance(3600)
        await store.tick()
    await store.close()
    async with running(settings) as rig:
        yield rig


async def test_shorter_is_counted_first_and_then_true_at_once(rig: Rig, tmp_path: Path) -> None:
    owner, adult = await rig.as_(Role.OWNER, "ada"), await rig.as_(Role.ADULT, "bob")
    async with adult.get(PATH) as answer:
        shown, tag = await answer.json(), answer.headers["ETag"]
    assert (shown["keep_readings_days"], shown["keep_moods_days"]) == (7, 365)
    short = {"keep_readings_days": 2, "keep_moods_days": 2}
    async with owner.post(f"{PATH}/counts", json=short) as answer:
        assert (await answer.json())["tables"]["mood"] == OLD
    async with owner.post(f"{PATH}/counts", json=short | {"keep_moods_days": 4}) as answer:
        assert (await answer.json())["tables"]["mood"] == 0
    match = {"If-Match": tag}
    async with adult.put(PATH, json=short, headers=match) as answer:
        assert answer.status == 403
    async with owner.put(PATH, json=short | {"keep_moods_days": 0}, headers=match) as answer:
        assert answer.status == 422
    async with owner.put(PATH, json=short, headers={"If-Match": '"old"'}) as answer:
        assert answer.status == 412
    async with owner.put(PATH, json=short, headers=match) as answer:
        assert answer.status == 200, await answer.text()
    async with asyncio.timeout(30):
        while (await rig.hub.store.counts())["mood"]:
            await asyncio.sleep(0.05)
    async with owner.post(f"{API}/edits/undo") as answer:
        assert answer.status in {200, 501}  # this hub was started without a file
    file = tmp_path / "hub.yaml"
    file.write_text(f"store: {{directory: {rig.hub.settings.store.directory}}}\n")
    assert load(file, {}).store.keep_moods_days == 2
    edits = rig.hub.edits.path
    edits.write_text("store: {directory: /elsewhere}\n")
    with pytest.raises(ConfigError, match="holds only keep_readings_days"):
        load(file, {})
