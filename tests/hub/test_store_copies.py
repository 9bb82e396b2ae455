"""The configuration comes back from its daily copies."""

from pathlib import Path

import pytest

from hub.clock import ManualClock
from hub.errors import StoreError
from hub.store import copies
from hub.store.consent import RESTORED
from hub.store.schema import File
from models.types import Sense
from tests.hub.store_support import (
    JON,
    MIRA,
    corrupt,
    new_directory,
    opened,
    rows,
)


async def test_a_broken_configuration_comes_back_from_the_newest_sound_copy(tmp_path: Path) -> None:
    directory = tmp_path / "s"
    async with opened(directory) as store:
        await store.config.set("theme", "dark", "mira")
        await store.consent.give(MIRA, Sense.FACE, "mira")
        await store._upkeep.copy()
        await store.consent.withdraw(MIRA, Sense.FACE, "mira")  # after the copy
        await store.consent.give(JON, Sense.VOICE, "jon")
        await store._upkeep.copy()
        newest = max((directory / "copies").iterdir())
    corrupt(newest, 100, 8000)
    (directory / File.CONFIG).write_bytes(b"\xff" * 9000)
    async with opened(directory) as store:
        assert store.config.get("theme") == "dark"
        problems = store.health()["problems"]
        assert isinstance(problems, list)
        assert "config.db was broken" in problems[0]
        assert "consent is needed anew" in problems[1]
        # The copy says that Mira has agreed; she has withdrawn since. So nobody has.
        assert store.consent.state() == frozenset()
        last = (await store.consent.log())[0]
        assert (last.person, last.given, last.by) == (MIRA, False, RESTORED)
    assert rows(directory, "SELECT count(*) FROM consent", File.CONFIG) == [(2,)]


async def test_a_configuration_that_is_gone_comes_back_too(tmp_path: Path) -> None:
    directory = tmp_path / "s"
    async with opened(directory) as store:
        await store.config.set("theme", "dark", "mira")
        await store._upkeep.copy()
    (directory / File.CONFIG).unlink()
    async with opened(directory) as store:
        assert store.config.get("theme") == "dark"
        assert not store.health()["ok"]


async def test_a_broken_configuration_without_a_copy_is_never_silently_empty(
    tmp_path: Path,
) -> None:
    directory = new_directory(tmp_path / "s")
    (directory / File.CONFIG).write_bytes(b"rubbish" * 1000)
    async with opened(directory) as store:
        problems = store.health()["problems"]
        assert isinstance(problems, list)
        assert "no sound copy" in problems[1]
        assert store.consent.state() == frozenset()
    assert len(list(directory.glob("config.db.broken-*"))) == 1


async def test_a_broken_queue_is_put_aside(tmp_path: Path) -> None:
    directory = new_directory(tmp_path / "s")
    corrupt(directory / File.QUEUE, 0, 4096)
    async with opened(directory) as store:
        assert await store.outbox.size() == (0, 0)
        problems = store.health()["problems"]
        assert isinstance(problems, list)
        assert "queue.db was broken" in problems[0]


async def test_copies_are_made_daily_and_seven_are_kept(tmp_path: Path) -> None:
    clock = ManualClock()
    directory = tmp_path / "s"
    async with opened(directory, clock) as store:
        for _ in range(10):
            clock.advance(86_400)
            await store.tick()
    names = sorted(path.name for path in (directory / "copies").iterdir())
    assert names == [f"config-{number:06}.db" for number in range(5, 12)]
    assert {path.stat().st_mode & 0o777 for path in (directory / "copies").iterdir()} == {0o600}


async def test_a_copy_that_fails_leaves_nothing_half_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(path: Path) -> None:
        raise OSError(5, "Input/output error")

    async with opened(tmp_path / "s") as store:
        before = sorted((tmp_path / "s" / "copies").iterdir())
        monkeypatch.setattr(copies, "_sync", broken)
        with pytest.raises(StoreError, match="Input/output error"):
            await store._upkeep.copy()
        assert sorted((tmp_path / "s" / "copies").iterdir()) == before
