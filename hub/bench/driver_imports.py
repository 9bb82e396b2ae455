"""What a driver's import costs a hub: for how long the loop has no turn, and the memory."""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any, Final

import hub.api.server
import hub.app  # noqa: F401 - a hub that starts has them already
from drivers import registry
from hub.act.workshop import Workshop
from hub.bench.driver_dead import sections
from hub.bench.figures import Figure, at_most, median
from hub.process_stats import process_stats

BLOCK_MS: Final = 50.0
TURN_S: Final = 0.001
RSS_MB: Final = 25.0


def measure(*, quick: bool) -> list[Figure]:
    """Measure each driver's longest block and its memory: the medians of several fresh processes.

    Their first run is not counted: it compiles what an installed hub has compiled. Drivers share
    packages, so that all of them take less than the sum (see devices.dead).
    """
    figures = []
    for driver, section in sorted(sections().items()):
        _cost_of(driver, section)
        runs = [_cost_of(driver, section) for _ in range(1 if quick else 3)]
        blocks, took, memory = zip(*runs, strict=True)
        note = f"import took {median(took):.1f} s"
        figures.append(at_most(f"import_block_{driver}", median(blocks), "ms", BLOCK_MS, note))
        figures.append(at_most(f"import_rss_{driver}", median(memory), "MB", RSS_MB, "alone"))
    return figures


def _cost_of(driver: str, section: dict[str, Any]) -> tuple[float, float, float]:
    """Return the loop's longest block (ms) while the driver is made, how long (s), memory (MB)."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-m", "hub.bench.driver_imports", driver, json.dumps(section)],
        stdout=subprocess.PIPE,
        env=environment,
        check=True,
        timeout=120,
    )
    block, took, memory = json.loads(done.stdout.splitlines()[-1])  # after what drivers log
    return float(block), float(took), float(memory)


async def _blocked(driver: str, section: dict[str, Any]) -> tuple[float, float, float]:
    settings = registry.KNOWN[driver].settings.model_validate(section)
    place = registry.Place(time.monotonic, Path(tempfile.gettempdir()))
    make = partial(registry.create, driver, settings, place)
    before = _memory_mb()
    making = asyncio.create_task(Workshop().make(make))
    started = last = time.perf_counter()
    longest = 0.0
    while not making.done():
        await asyncio.sleep(TURN_S)
        now = time.perf_counter()
        longest, last = max(longest, now - last - TURN_S), now
    await making
    return longest * 1000, last - started, _memory_mb() - before


def _memory_mb() -> float:
    stats = process_stats(os.getpid())
    assert stats
    return stats.rss_mb


if __name__ == "__main__":
    json.dump(asyncio.run(_blocked(sys.argv[1], json.loads(sys.argv[2]))), sys.stdout)
