"""A hub with every driver configured and every peer dead."""

import json
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any, Final

from hub.bench.figures import Figure, at_most, plain
from hub.bench.processes import free_port, hub_command, running_logged, wait_for_hub, write_config

SETTLE_S: Final = 8.0
"""Until all drivers are imported and have given their peers up once."""
READY_S: Final = 3.0
RSS_MB: Final = 80.0
"""A hub's, without what its drivers' packages take."""
ALL_RSS_MB: Final = 150.0
"""A hub's with all drivers at once, which no home has."""


def sections() -> dict[str, dict[str, Any]]:
    """Return settings for every driver whose peer is a port that nobody listens on."""
    port = free_port()
    url = f"ws://127.0.0.1:{port}"
    one = {"devices": {"one": {"host": "127.0.0.1", "port": port}}}
    return {
        "bluetooth": {},
        "esphome": one,
        "hue": {"host": "127.0.0.1", "port": port},
        "kasa": one,
        "lifx": {"broadcast": "127.0.0.1", "port": port},
        "matter": {"url": url},
        "mqtt": {"port": port},
        "shelly": one,
        "wled": one,
        "zigbee": {"path": f"socket://127.0.0.1:{port}"},
        "zwave": {"url": url},
    }


def measure(*, quick: bool) -> list[Figure]:
    """Measure start, memory and warnings."""
    del quick
    drivers = sections()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        none, _, memory_none = _start(folder / "none", {})
        ready, warnings, memory = _start(folder / "all", drivers)
    return [
        plain("dead_ready_no_driver", none, "s", "the same hub without drivers"),
        at_most("dead_ready", ready, "s", READY_S, f"{len(drivers)} drivers, every peer dead"),
        at_most("dead_rss_no_driver", memory_none, "MB", RSS_MB, "the API is on"),
        at_most("dead_rss", memory, "MB", ALL_RSS_MB, f"all {len(drivers)} drivers imported"),
        plain(
            "dead_warned", len(warnings), "drivers", "unpaired Hue waits without a warning of loss"
        ),
        at_most("dead_warnings_most", max(warnings.values(), default=0), "of one driver", 1),
    ]


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
