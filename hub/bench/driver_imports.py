"""For how long a driver's import keeps the loop from its turn, as the hub imports it."""

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

import hub.app  # noqa: F401 - a hub that starts has it already
from drivers import registry
from hub.act.workshop import Workshop
from hub.bench.driver_dead import sections
from hub.bench.figures import Figure, at_most, median

BLOCK_MS: Final = 50.0
TURN_S: Final = 0.001


def measure(*, quick: bool) -> list[Figure]:
    """Measure each driver's longest block, the median of several fresh processes.

    Their first run is not counted: it compiles what an installed hub has compiled.
    """
    figures = []
    for driver, section in sorted(sections().items()):
        _block_of(driver, section)
        runs = [_block_of(driver, section) for _ in range(1 if quick else 3)]
        blocks, took = zip(*runs, strict=True)
        note = f"import took {median(took):.1f} s"
        figures.append(at_most(f"import_block_{driver}", median(blocks), "ms", BLOCK_MS, note))
    return figures


def _block_of(driver: str, section: dict[str, Any]) -> tuple[float, float]:
    """Return the loop's longest block (ms) while the driver is made, and how long it took (s)."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-m", "hub.bench.driver_imports", driver, json.dumps(section)],
        stdout=subprocess.PIPE,
        env=environment,
        check=True,
        timeout=120,
    )
    block, took = json.loads(done.stdout.splitlines()[-1])  # after what drivers log
    return float(block), float(took)


async def _blocked(driver: str, section: dict[str, Any]) -> tuple[float, float]:
    settings = registry.KNOWN[driver].settings.model_validate(section)
    place = registry.Place(time.monotonic, Path(tempfile.gettempdir()))
    make = partial(registry.create, driver, settings, place)
    making = asyncio.create_task(Workshop().make(make))
    started = last = time.perf_counter()
    longest = 0.0
    while not making.done():
        await asyncio.sleep(TURN_S)
        now = time.perf_counter()
        longest, last = max(longest, now - last - TURN_S), now
    await making
    return longest * 1000, last - started


if __name__ == "__main__":
    json.dump(asyncio.run(_blocked(sys.argv[1], json.loads(sys.argv[2]))), sys.stdout)
