"""A device with an address of its own is switched: by its library alone, and by the driver.

The devices are the tests' own, each a process that answers at once: what is measured is the
driver's share.
"""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, Final

from drivers import registry
from hub.bench.driver_round import with_driver
from hub.bench.processes import free_port, peer

HOST: Final = "127.0.0.1"
MAC: Final = "02005E005310"

Alone = Callable[[int, int], Awaitable[list[float]]]
"""(port, batch) -> the times of the library alone (ms)."""


def lan_pairs(
    name: str,
    fake: Sequence[str],
    alone: Alone,
    rounds: int,
    batch: int,
    *,
    light: bool,
    **more: Any,
) -> tuple[list[list[float]], list[list[float]]]:
    """Return the times of a library alone and of its driver (ms), round by round.

    `fake` is the device's module in tests.fakes and its arguments after the port; "TEST_PORT" among
    them becomes a free one. `more` goes into the driver's section.
    """
    port = free_port()
    arguments = [str(free_port()) if one == "TEST_PORT" else one for one in fake[1:]]
    section = {"devices": {"one": {"host": HOST, "port": port}}, **more}
    with peer(sys.executable, "-m", f"tests.fakes.{fake[0]}", str(port), *arguments):
        return asyncio.run(_rounds(name, section, port, alone, rounds, batch, light))


async def _rounds(
    name: str,
    section: dict[str, Any],
    port: int,
    alone: Alone,
    rounds: int,
    batch: int,
    light: bool,
) -> tuple[list[list[float]], list[list[float]]]:
    settings = registry.KNOWN[name].settings.model_validate(section)
    driver = registry.create(name, settings, registry.Place(time.monotonic, Path("/nonexistent")))
    bare, ours = [], []
    for _ in range(rounds):
        bare.append(await alone(port, batch))
        ours.append(await with_driver(driver, batch, light=light))
    return bare, ours
