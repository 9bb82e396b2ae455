"""What the records of a day cost on disk: written and kept, from /proc and the files' sizes.

An accelerated day on a clock that is moved by hand, at the hub's default rates.
"""

import asyncio
import tempfile
from pathlib import Path

from hub.bench.figures import Figure, at_most, plain
from hub.clock import ManualClock
from hub.settings import StoreSettings
from hub.store.simulate import day, decisions


def measure(*, quick: bool) -> list[Figure]:
    """Measure one decision, then a whole day (an hour when quick, scaled up)."""
    return asyncio.run(_measure(hours=1 if quick else 24))


async def _measure(hours: int) -> list[Figure]:
    with tempfile.TemporaryDirectory() as name:
        one = await decisions(StoreSettings(directory=Path(name) / "a"), ManualClock(), 10_000)
        all_day = await day(StoreSettings(directory=Path(name) / "b"), ManualClock(), hours)
    scale = 24 / hours
    return [
        at_most("decision_kept", one.kept_bytes / one.rows, "B", 250, "10,000 decisions"),
        at_most("decision_written", one.written_bytes / one.rows, "B", 1000),
        at_most("day_written", all_day.written_bytes * scale / 1e6, "MB", 50, f"{hours} h"),
        plain("day_kept", all_day.kept_bytes * scale / 1e6, "MB"),
    ]
