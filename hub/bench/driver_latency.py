"""A command until the device confirms it, for each driver on its peer, beside the bare library.

Rounds of both alternate, so that a change of the machine's speed meets both. A driver adds a line
to PEERS: a function that returns the times of its library alone and of the driver, in
milliseconds, round by round.
"""

import importlib
from typing import Final

from hub.bench.figures import Figure, at_most, median, percentile, plain

PEERS: Final = {
    "bluetooth": "hub.bench.driver_bluetooth",
    "esphome": "hub.bench.driver_esphome",
    "hue": "hub.bench.driver_hue",
    "kasa": "hub.bench.driver_kasa",
    "lifx": "hub.bench.driver_lifx",
    "matter": "hub.bench.driver_matter",
    "mqtt": "hub.bench.driver_mqtt",
    "shelly": "hub.bench.driver_shelly",
    "wled": "hub.bench.driver_wled",
    "zigbee": "hub.bench.driver_zigbee",
    "zwave": "hub.bench.driver_zwave",
}
"""By the driver's name: a module with `pairs(rounds, batch) -> (bare, ours)`."""
MEASURED: Final = {"bluetooth": "a beat -> its sample; nothing there can be commanded"}
"""What is measured where it is not the usual."""
USUAL: Final = "command -> announced state"
MOST_OVERHEAD_MS: Final = 5.0


def measure(*, quick: bool) -> list[Figure]:
    """Measure every driver that has a peer."""
    figures: list[Figure] = []
    for name, module in PEERS.items():
        bare, ours = importlib.import_module(module).pairs(2 if quick else 6, 50)
        overheads = [median(b) - median(a) for a, b in zip(bare, ours, strict=True)]
        all_bare = [x for times in bare for x in times]
        all_ours = [x for times in ours for x in times]
        figures += [
            plain(f"{name}_bare_p50", median(all_bare), "ms", "the library alone, same peer"),
            plain(f"{name}_bare_p95", percentile(all_bare, 0.95), "ms"),
            plain(f"{name}_p50", median(all_ours), "ms", MEASURED.get(name, USUAL)),
            plain(f"{name}_p95", percentile(all_ours, 0.95), "ms"),
            at_most(
                f"{name}_overhead_p50",
                median(overheads),
                "ms",
                MOST_OVERHEAD_MS,
                "median of paired rounds",
            ),
        ]
    return figures
