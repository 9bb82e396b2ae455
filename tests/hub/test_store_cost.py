"""What records cost: bytes kept and written, and the time that recording takes."""

import time
from pathlib import Path

import pytest

from hub.clock import ManualClock
from hub.settings import StoreSettings
from hub.store.simulate import day, decisions, live
from hub.store.store import Store
from tests.hub.store_support import mood, new_directory, opened, sensed

COUNT = 10_000


@pytest.mark.slow
@pytest.mark.timeout(240)
async def test_a_decision_keeps_250_bytes_and_writes_a_kilobyte(tmp_path: Path) -> None:
    settings = StoreSettings(directory=new_directory(tmp_path / "s"))
    cost = await decisions(settings, ManualClock(), COUNT)
    kept, written = cost.kept_bytes / COUNT, cost.written_bytes / COUNT
    print(f"a decision with mood, held and outcome: {kept:.0f} B kept, {written:.0f} B written")
    assert {cost.tables[table] for table in ("decision", "mood", "held", "outcome")} == {COUNT}
    assert kept <= 250
    assert written <= 1000


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_a_day_at_the_usual_rates_writes_less_than_50_megabytes(tmp_path: Path) -> None:
    settings = StoreSettings(directory=new_directory(tmp_path / "s"))
    cost = await day(settings, ManualClock(), 24)
    figures = (cost.written_bytes, cost.disk_bytes, cost.kept_bytes)
    print(
        "a day: {:.1f} MB written, {:.1f} MB to disk, {:.1f} MB kept".format(
            *(figure / 1e6 for figure in figures)
        )
    )
    assert cost.written_bytes <= 50e6
    assert cost.tables["reading"] > 30_000
    assert cost.tables["mood"] > 10_000
    assert cost.tables["reading"] <= 16 * 3600 / 5 * 4  # one a sense and source every 5 s


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_forgetting_costs_no_more_than_the_bound_allows(tmp_path: Path) -> None:
    """The worst hours: as many readings are deleted, and overwritten, as come in."""
    settings = StoreSettings(directory=new_directory(tmp_path / "s"), keep_readings_days=1 / 12)
    clock = ManualClock()
    store = Store(settings, clock)
    await store.open()
    await live(store, clock, 3 * 3600)
    before = written()
    await live(store, clock, 2 * 3600)
    hourly = (written() - before) / 2
    print(f"an hour in which as much is forgotten as recorded: {hourly / 1e6:.2f} MB written")
    assert (await store.counts())["reading"] < 4 * 3600 / 5 * 4
    await store.close()
    assert hourly * 24 <= 50e6


def written() -> int:
    lines = Path("/proc/self/io").read_text(encoding="ascii").splitlines()
    return int(dict(line.split(": ") for line in lines)["wchar"])


async def test_a_few_decisions_are_simulated_in_a_moment(tmp_path: Path) -> None:
    cost = await decisions(StoreSettings(directory=tmp_path / "s"), ManualClock(), 50)
    assert cost.rows == cost.tables["decision"] == 50
    assert 0 < cost.kept_bytes < cost.written_bytes
    assert cost.disk_bytes >= 0
    clock = ManualClock()
    async with opened(tmp_path / "s", clock) as store:
        assert await live(store, clock, 310) == 1
        counts = await store.counts()
    assert counts["decision"] == 51
    assert 165 <= counts["reading"] <= 195
    later = await day(StoreSettings(directory=tmp_path / "s"), ManualClock(), 0)
    assert later.tables["decision"] == 51


async def test_recording_never_waits(tmp_path: Path) -> None:
    clock = ManualClock()
    async with opened(tmp_path / "s", clock) as store:
        longest = 0.0
        began = time.thread_time()
        for number in range(1, 2001):
            clock.advance(0.2)
            start = time.thread_time()
            store.record(sensed(clock))
            store.record(mood(clock, number, valence=number % 7 / 10))
            longest = max(longest, time.thread_time() - start)
        each_us = (time.thread_time() - began) / 4000 * 1e6
        print(f"record: {each_us:.0f} us of CPU each, the longest pair {longest * 1e3:.2f} ms")
        assert each_us < 500
