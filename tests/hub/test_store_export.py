"""A person's right to a copy: everything about them, in their hands."""

import csv
import hashlib
import json
from pathlib import Path

import pytest

from hub.clock import ManualClock
from hub.errors import StoreError
from hub.settings import Person
from hub.types import PersonId
from models.types import Sense
from tests.hub.store_household import live
from tests.hub.store_support import (
    MIRA,
    mood,
    opened,
    sensed,
)


async def test_an_export_holds_everything_about_a_person_and_their_rooms(tmp_path: Path) -> None:
    clock = ManualClock()
    out = tmp_path / "out" / "mira"
    async with opened(tmp_path / "s", clock) as store:
        await live(store, clock)
        manifest = await store.export(MIRA, out, by="mira")
        assert (await store.config.audit_log())[0].action == "person's data exported"
    for file in manifest.files:
        assert hashlib.sha256((out / file.name).read_bytes()).hexdigest() == file.sha256
        assert (out / file.name).stat().st_size == file.bytes
        assert (out / file.name).stat().st_mode & 0o777 == 0o600
    written = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert {one["name"] for one in written["files"]} == {
        path.name for path in out.iterdir() if path.name != "manifest.json"
    }
    assert (written["format"], written["rooms"]) == (1, ["bedroom"])
    tables = {
        path.stem: json.loads(path.read_text(encoding="utf-8"))
        for path in out.glob("*.json")
        if path.stem != "manifest"
    }
    profile = tables.pop("profile")
    assert (profile["name"], profile["consents"]) == ("Mira Zöll", ["face"])
    assert len(profile["consent_log"]) == 1
    assert {row["room"] for row in tables["readings"] if row["person"] is None} == {"bedroom"}
    assert {row["person"] for row in tables["moods"]} == {None, "mira"}
    # Her own mood in each room, and what the bedroom decided, whoever was in it.
    assert sorted(row["id"] for row in tables["decisions"]) == [1, 2, 3, 5, 8]
    assert sorted(row["decision"] for row in tables["outcomes"]) == [1, 2, 3, 5, 8]
    assert len(tables["corrections"]) == 5
    assert {row["room"] for row in tables["device_events"]} == {"bedroom"}
    assert {row["room"] for row in tables["sense_events"]} == {"bedroom"}
    assert tables["held"] == []
    assert {(row["room"], row["person"]) for row in tables["rollups_hour"]} == {
        *(("bedroom", None), ("bedroom", "mira"), ("living_room", "mira"), ("attic", "mira"))
    }
    assert "Jonathan" not in (out / "moods.csv").read_text(encoding="utf-8")
    for table, found in tables.items():
        if found:
            with (out / f"{table}.csv").open(encoding="utf-8", newline="") as lines:
                assert len(list(csv.DictReader(lines))) == len(found)
    counted = {file.name: file.rows for file in manifest.files}
    assert counted["decisions.csv"] == 5


async def test_an_export_takes_any_number_of_rows(tmp_path: Path) -> None:
    clock = ManualClock()
    async with opened(tmp_path / "s", clock) as store:
        await store.remember_people({"mira": Person(name="Mira")})
        for number in range(1, 2202):
            store.record(mood(clock, number, valence=number % 9 / 10))
            clock.advance(6)
            await store.tick()
        manifest = await store.export(MIRA, tmp_path / "out")
    ids = [row["id"] for row in json.loads((tmp_path / "out" / "moods.json").read_text())]
    assert ids == list(range(2201, 0, -1))
    assert manifest.rooms is None
    minutes = json.loads((tmp_path / "out" / "rollups_minute.json").read_text())
    assert len({row["at_ms"] for row in minutes}) == len(minutes) > 100


async def test_nobody_and_full_directories_are_refused(tmp_path: Path) -> None:
    clock = ManualClock()
    async with opened(tmp_path / "s", clock) as store:
        await live(store, clock)
        with pytest.raises(StoreError, match="nobody called 'anna'"):
            await store.export(PersonId("anna"), tmp_path / "a")
        (tmp_path / "full").mkdir()
        (tmp_path / "full" / "x").touch()
        with pytest.raises(StoreError, match="is not empty"):
            await store.export(MIRA, tmp_path / "full")
        with pytest.raises(StoreError, match="cannot be used"):
            await store.export(MIRA, Path("/proc/nowhere"))


async def test_someone_known_by_a_reading_alone_can_be_exported(tmp_path: Path) -> None:
    clock = ManualClock()
    async with opened(tmp_path / "s", clock) as store:
        store.record(sensed(clock, Sense.BODY, person=MIRA))
        store.record(sensed(clock))
        manifest = await store.export(MIRA, tmp_path / "out")
        assert manifest.rooms == ()
    (row,) = json.loads((tmp_path / "out" / "readings.json").read_text())
    assert row["person"] == "mira"
