"""What comes often is stored thinned, as documented."""

from dataclasses import replace
from pathlib import Path

import pytest

from drivers.types import (
    DeviceState,
)
from hub.clock import ManualClock
from hub.store.queries import Where
from hub.store.thinning import MAX_KEYS, SKIPPED_MOODS, Thinner
from hub.types import (
    DeviceGone,
    ManualChange,
)
from models.types import Emotion, Sense
from tests.hub.store_support import (
    JON,
    LAMP,
    MIRA,
    ROOM,
    changed,
    decision,
    device,
    held,
    mood,
    opened,
    sensed,
    wave,
)


async def test_readings_are_one_row_every_five_seconds_weighted_by_quality(tmp_path: Path) -> None:
    clock = ManualClock()
    async with opened(tmp_path / "s", clock) as store:
        for _ in range(50):  # 10 s at 5 a second
            store.record(sensed(clock, valence=0.0, quality=0.25, probabilities=wave(0.2)))
            store.record(sensed(clock, valence=0.8, quality=0.75, probabilities=wave(0.6)))
            clock.advance(0.2)
        await store.flush()
        found = await store.readings()
    assert [one.samples for one in found] == [50, 50]
    one = found[0]
    assert one.valence == pytest.approx(0.6, abs=0.001)
    assert one.quality == pytest.approx(0.625, abs=0.001)
    assert (one.valence_sd, one.arousal_sd) == (0.2, 0.3)
    assert one.probabilities[Emotion.ANGER] == pytest.approx(0.5, abs=0.003)
    assert sum(one.probabilities.values()) == pytest.approx(1, abs=0.02)
    assert (one.sense, one.source, one.model) == (Sense.FACE, "camera:living", "face-1")


async def test_streams_are_kept_apart(tmp_path: Path) -> None:
    clock = ManualClock()
    async with opened(tmp_path / "s", clock) as store:
        store.record(sensed(clock))
        store.record(sensed(clock, source="camera:other"))
        store.record(sensed(clock, Sense.BODY, person=MIRA, source="strap", probabilities=()))
        store.record(sensed(clock, Sense.BODY, person=JON, source="strap", probabilities=()))
        await store.flush()
        assert len(await store.readings()) == 4
        (mine,) = await store.readings(Where(person=MIRA))
        assert mine.probabilities == {}
        assert {one.person for one in await store.readings(Where(room_only=True))} == {None}


async def test_a_window_over_is_committed_without_a_next_reading(tmp_path: Path) -> None:
    clock = ManualClock()
    async with opened(tmp_path / "s", clock) as store:
        store.record(sensed(clock))
        clock.advance(61)
        await store.tick()
        assert len(await store.readings()) == 1


async def test_a_steady_mood_is_stored_once_a_minute_and_a_changed_one_soon(tmp_path: Path) -> None:
    clock = ManualClock()
    async with opened(tmp_path / "s", clock) as store:
        number = 0
        for _ in range(600):  # two minutes, five a second, nothing new
            number += 1
            store.record(mood(clock, number))
            clock.advance(0.2)
        assert len(await store.moods(fresh=True)) == 2
        for step in range(50):  # 10 s of slow drift: every 5 s
            number += 1
            store.record(mood(clock, number, valence=0.5 + 0.001 * step))
            clock.advance(0.2)
        assert len(await store.moods(fresh=True)) == 2 + 2
        store.record(mood(clock, number + 1, label=Emotion.SADNESS))
        clock.advance(0.2)
        store.record(mood(clock, number + 2, label=Emotion.ANGER))  # clear, but within the second
        newest = await store.moods(fresh=True)
    assert [one.label for one in newest[:2]] == [Emotion.SADNESS, Emotion.HAPPINESS]


async def test_a_mood_that_a_decision_names_is_stored_though_it_was_thinned(tmp_path: Path) -> None:
    clock = ManualClock()
    async with opened(tmp_path / "s", clock) as store:
        for number in range(1, 4):
            store.record(mood(clock, number))
        store.record(decision(clock, 1, mood_id=3))
        store.record(decision(clock, 2, mood_id=3))
        found = await store.decisions(fresh=True)
        assert [one.senses[Sense.FACE] for one in found] == [0.6, 0.6]
        assert [one.id for one in await store.moods()] == [3, 1]
        store.record_correction("right", mood=mood(clock, 2))
        assert [one.id for one in await store.moods(fresh=True)] == [3, 2, 1]
        assert (await store.corrections())[0].mood == 2


async def test_only_device_changes_that_matter_are_history(tmp_path: Path) -> None:
    clock = ManualClock()
    dark = device(DeviceState(on=False, level=0.0, values={"power": 1.5, "open": True}))
    lit = device(DeviceState(on=True, level=0.5, values={"power": 9.5, "open": True}))
    async with opened(tmp_path / "s", clock) as store:
        store.record(changed(clock, dark, None))
        for watts in range(100):  # measured numbers only
            clock.advance(6)
            meter = device(replace(dark.state, values={"power": watts / 7, "open": True}))
            store.record(changed(clock, meter, dark))
        store.record(changed(clock, lit, dark))
        for level in (0.6, 0.7, 0.8):  # within 5 s: the newest wins
            clock.advance(1)
            store.record(changed(clock, device(replace(lit.state, level=level)), lit))
        clock.advance(30)
        store.record(changed(clock, replace(lit, available=False), lit))
        store.record(DeviceGone(LAMP, clock.monotonic()))
        store.record(ManualChange(ROOM, LAMP, clock.monotonic()))
        await store.flush()
        found = (await store.device_events())[::-1]
    assert [one.what for one in found] == ["new", "changed", "changed", "gone", "manual"]
    assert found[0].state == {
        "available": True,
        "on": False,
        "level": 0.0,
        "values": {"open": True},
    }
    assert found[2].state["available"] is False
    assert (found[3].room, found[4].room) == (None, ROOM)


async def test_a_device_change_that_waited_is_stored_by_the_next_commit(tmp_path: Path) -> None:
    clock = ManualClock()
    lit, brighter = device(DeviceState(level=0.5)), device(DeviceState(level=0.75))
    async with opened(tmp_path / "s", clock) as store:
        store.record(changed(clock, lit, None))
        clock.advance(1)
        store.record(changed(clock, brighter, lit))
        clock.advance(60)
        await store.tick()
        assert [one.state["level"] for one in await store.device_events()] == [0.75, 0.5]


def test_the_thinner_remembers_no_more_than_it_says() -> None:
    clock = ManualClock()
    thinner = Thinner()
    closed = [
        row
        for number in range(MAX_KEYS + 10)
        for row in thinner.reading(sensed(clock, source=f"camera:{number}"), 0)
    ]
    assert len(closed) == 10
    thinner.mood(mood(clock, 0), 0)
    for number in range(1, SKIPPED_MOODS + 10):
        assert thinner.mood(mood(clock, number), 0) == []
    assert thinner.named(9) == []
    assert len(thinner.named(SKIPPED_MOODS + 9)) == 1
    for number in range(MAX_KEYS + 5):
        assert len(thinner.held(held(clock, rule=f"rule_{number}"), 0)) == 1
    assert len(thinner.held(held(clock, rule="rule_0"), 0)) == 1  # long forgotten


def test_a_change_of_models_labels_begins_the_shares_anew() -> None:
    clock = ManualClock()
    thinner = Thinner()
    thinner.reading(sensed(clock, probabilities=()), 0)
    thinner.reading(sensed(clock), 0)
    (row,) = thinner.all()
    assert row.values[5] == 2
    assert isinstance(row.values[-1], bytes)
