"""Fixtures for all tests, and a strict end to each: no task or thread may be left behind."""

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import hypothesis
import pytest

from hub.clock import ManualClock

# The same examples on every run, and no deadline: a slow or unlucky machine never refuses a change
# that has nothing to do with it. `HYPOTHESIS_PROFILE=explore` looks for new examples.
hypothesis.settings.register_profile(
    "steady",
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.register_profile("explore", max_examples=1_000, deadline=None)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))


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
    left = [
        thread
        for thread in threading.enumerate()
        # The loop's own pool ends with the loop.
        if thread not in before and not thread.name.startswith(("asyncio_", "ThreadPool"))
    ]
    for thread in left:
        thread.join(10.0)
    names = [thread.name for thread in left if thread.is_alive()]
    assert not names, f"threads left behind: {names}"


@pytest.fixture(autouse=True)
async def no_leaked_tasks() -> AsyncIterator[None]:
    """Fail a test that leaves a task running."""
    before = asyncio.all_tasks()
    yield
    await asyncio.sleep(0)
    left = asyncio.all_tasks() - before - {asyncio.current_task()}
    if left:  # a task that is just ending is none that was left
        _, left = await asyncio.wait(left, timeout=5.0)
    assert not left, f"tasks left behind: {left}"
