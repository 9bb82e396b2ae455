"""What people forbid is forbidden at once: while the disk is slow, and when it refuses."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from drivers.types import DeviceId, HeartSample
from hub.app import Hub
from hub.clock import ManualClock
from hub.errors import StoreError
from hub.settings import Settings
from hub.store.erase import Erased, Eraser
from hub.types import PersonId, SourceId
from tests.hub.store_support import new_directory

ADA = PersonId("ada")
STRAP = SourceId("wearable:strap")


@asynccontextmanager
async def home(directory: Path) -> AsyncIterator[Hub]:
    """Build a hub, none of whose services runs, in which Ada's strap may be listened to."""
    new_directory(directory)
    strap = {"device": "bluetooth:strap", "person": "ada", "room": "den"}
    settings = Settings.model_validate(
        {
            "rooms": {"den": {}},
            "people": {"ada": {}},
            "senses": {"wearables": {"strap": strap}},
            "store": {"directory": str(directory)},
        }
    )
    hub = await Hub.create(settings, ManualClock(), 0.0)
    hub.permission.refresh()
    try:
        await hub.operations.ask("consent", action="give", person="ada", sense="body")
        assert hub.permission.is_allowed(STRAP)
        yield hub
    finally:
        await hub.stop()


async def refuse_writes(hub: Hub, *, refuse: bool) -> None:
    await hub.store.config.writer.run(lambda conn: conn.execute(f"PRAGMA query_only = {refuse:d}"))


async def test_a_withdrawal_that_cannot_be_stored_switches_the_sense_off(tmp_path: Path) -> None:
    async with home(tmp_path / "s") as hub:
        await refuse_writes(hub, refuse=True)
        with pytest.raises(StoreError):
            await hub.operations.ask("consent", action="withdraw", person="ada", sense="body")
        assert not hub.permission.is_allowed(STRAP)
        await refuse_writes(hub, refuse=False)


async def test_privacy_that_cannot_be_stored_counts(tmp_path: Path) -> None:
    async with home(tmp_path / "s") as hub:
        told: list[bool] = []
        hub.permission.on_change(lambda: told.append(hub.permission.privacy))
        await refuse_writes(hub, refuse=True)
        with pytest.raises(StoreError):
            await hub.operations.ask("privacy", on=True)
        assert told == [True]
        await refuse_writes(hub, refuse=False)


async def test_nothing_is_sensed_of_a_person_while_they_are_being_erased(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    erasing = Eraser.person

    async def person(self: Eraser, who: PersonId, **how: Any) -> Erased:
        hub.body.feed(HeartSample(DeviceId(strap), 75, (0.8,), True, now))
        allowed.append(hub.permission.is_allowed(STRAP))
        return await erasing(self, who, **how)

    monkeypatch.setattr(Eraser, "person", person)
    allowed: list[bool] = []
    async with home(tmp_path / "s") as hub:
        strap, now = hub.settings.senses.wearables["strap"].device, hub.clock.monotonic()
        await hub.operations.ask("erase", person="ada")
        assert allowed == [False]
        assert hub.body.refused["not_allowed"] == 1


async def test_senses_stay_off_when_the_erasing_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def person(_self: Eraser, _who: PersonId, **_how: Any) -> Erased:
        raise StoreError("the disk is worn out")

    monkeypatch.setattr(Eraser, "person", person)
    async with home(tmp_path / "s") as hub:
        with pytest.raises(StoreError, match="worn out"):
            await hub.operations.ask("erase", person="ada")
        assert not hub.permission.is_allowed(STRAP)


async def test_a_hub_that_cannot_save_what_it_learned_in_time_still_closes_its_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.app.SAVE_LIMIT_S", 0.05)
    async with home(tmp_path / "s") as hub:

        async def never() -> None:
            await asyncio.Event().wait()

        monkeypatch.setattr(hub.learned, "save", never)
    assert not hub.store.config.writer.is_open
