"""A hub with every driver configured and every peer dead; and what an import does to its loop."""

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any, Final

from drivers import registry
from hub.bench.figures import Figure, at_most, plain
from hub.bench.processes import free_port, hub_command, running_logged, wait_for_hub, write_config

SETTLE_S: Final = 8.0
"""Until all drivers are imported and have given their peers up once."""
READY_S: Final = 3.0
BLOCK_MS: Final = 50.0
LEFT_OUT: Final = ("simulated",)


def sections() -> dict[str, dict[str, Any]]:
    """Return settings for every driver whose peer is a port that nobody listens on."""
    port = free_port()
    url = f"ws://127.0.0.1:{port}"
    return {
        "bluetooth": {},
        "hue": {"host": "127.0.0.1", "port": port},
        "lifx": {"broadcast": "127.0.0.1", "port": port},
        "matter": {"url": url},
        "mqtt": {"port": port},
        "zigbee": {"path": f"socket://127.0.0.1:{port}"},
        "zwave": {"url": url},
    }


def measure(*, quick: bool) -> list[Figure]:
    """Measure start, memory and warnings, and the longest block of the loop for each import."""
    del quick
    drivers = sections()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        none, _, memory_none = _start(folder / "none", {})
        ready, warnings, memory = _start(folder / "all", drivers)
    figures = [
        plain("dead_ready_no_driver", none, "s", "the same hub without drivers"),
        at_most("dead_ready", ready, "s", READY_S, f"{len(drivers)} drivers, every peer dead"),
        plain("dead_rss_no_driver", memory_none, "MB"),
        plain("dead_rss", memory, "MB", "all drivers imported; the 80 MB are for the default set"),
        plain(
            "dead_warned", len(warnings), "drivers", "unpaired Hue waits without a warning of loss"
        ),
        at_most("dead_warnings_most", max(warnings.values(), default=0), "of one driver", 1),
    ]
    for driver in sorted(set(registry.KNOWN) & set(drivers)):
        block, took = _block_of(driver, drivers[driver])
        figures.append(
            at_most(f"import_block_{driver}", block, "ms", BLOCK_MS, f"import took {took:.1f} s")
        )
    return figures


def _start(folder: Path, drivers: dict[str, Any]) -> tuple[float, Counter[str], float]:
    """Return seconds until the hub answers, warnings by driver, and its memory in MB."""
    folder.mkdir()
    config = {
        "rooms": {"den": {}},
        "senses": {"text": {"enabled": False}},
        "api": {"port": 0, "http_port": 0},
        "drivers": drivers,
    }
    log = folder / "log"
    started = time.monotonic()
    environment = {"DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={folder}/none"}
    with running_logged(log, *hub_command(write_config(folder, config)), environment=environment):
        client = wait_for_hub(folder / "state" / "control.sock")
        ready = time.monotonic() - started
        try:
            time.sleep(SETTLE_S)
            memory = client.call("status")["rss_mb"]["hub"]
        finally:
            client.close()
    said = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    lost = Counter(one["service"] for one in said if one["event"] == "service_lost")
    return ready, lost, float(memory)


def _block_of(driver: str, section: dict[str, Any]) -> tuple[float, float]:
    """Return the loop's longest block (ms) while the driver is made in a thread, and the time."""
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-m", "hub.bench.driver_dead", driver, json.dumps(section)],
        stdout=subprocess.PIPE,
        check=True,
        timeout=120,
    )
    block, took = json.loads(done.stdout.splitlines()[-1])  # after what drivers log
    return float(block), float(took)


async def _blocked(driver: str, section: dict[str, Any]) -> tuple[float, float]:
    settings = registry.KNOWN[driver].settings.model_validate(section)
    place = registry.Place(time.monotonic, Path(tempfile.gettempdir()))
    making = asyncio.create_task(asyncio.to_thread(registry.create, driver, settings, place))
    started = last = time.perf_counter()
    longest = 0.0
    while not making.done():
        await asyncio.sleep(0.001)
        now = time.perf_counter()
        longest, last = max(longest, now - last), now
    await making
    return longest * 1000, last - started


if __name__ == "__main__":
    json.dump(asyncio.run(_blocked(sys.argv[1], json.loads(sys.argv[2]))), sys.stdout)
