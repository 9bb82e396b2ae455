"""Fixtures for all tests, and a strict end to each: no task or thread may be left behind."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from hub.clock import ManualClock


@pytest.fixture
def clock() -> ManualClock:
    """A clock that stands still until told."""
    return ManualClock()


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """An empty state directory."""
    directory = tmp_path / "state"
    directory.mkdir(mode=0o700)
    return directory


@pytest.fixture(autouse=True)
def no_leaked_threads() -> Iterator[None]:
    """Fail a test that leaves a thread running."""
    before = set(threading.enumerate())
    yield
    left = [t for t in threading.enumerate() if t not in before and t.is_alive()]
    for thread in left:
        thread.join(2.0)
    names = [
        t.name for t in left if t.is_alive() and not t.name.startswith(("asyncio_", "ThreadPool"))
    ]
    assert not names, f"threads left behind: {names}"


@pytest.fixture(autouse=True)
async def no_leaked_tasks() -> AsyncIterator[None]:
    """Fail a test that leaves a task running."""
    before = asyncio.all_tasks()
    yield
    await asyncio.sleep(0)
    mine = asyncio.current_task()
    left = [t for t in asyncio.all_tasks() - before if not t.done() and t is not mine]
    assert not left, f"tasks left behind: {left}"
