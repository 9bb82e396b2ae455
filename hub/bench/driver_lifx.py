"""A LIFX light is switched: by lifx-async alone, and by the driver, on the same emulator.

These lights do not tell what changed: both ask the light for its state after each command.
"""

import asyncio
import socket
import sys
import time
from pathlib import Path

from drivers import registry
from drivers.lifx_settings import LifxSettings
from hub.bench.driver_round import switch, with_driver
from hub.bench.processes import running

SERIAL = "d073d5000001"


def pairs(rounds: int, batch: int) -> tuple[list[list[float]], list[list[float]]]:
    """Return the times of lifx-async alone and of the driver (ms), round by round."""
    with socket.socket(type=socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    program = str(Path(sys.executable).with_name("lifx-emulator"))
    with running(program, "--color", "1", "--color-temperature", "0", "--port", str(port)):
        return asyncio.run(_pairs(port, rounds, batch))


async def _pairs(port: int, rounds: int, batch: int) -> tuple[list[list[float]], list[list[float]]]:
    settings = LifxSettings(broadcast="127.0.0.1", port=port)
    driver = registry.create("lifx", settings, registry.Place(time.monotonic, Path()))
    await with_driver(driver, 0, light=True)  # waits until the emulator answers
    bare, ours = [], []
    for _ in range(rounds):
        bare.append(await _alone(port, batch))
        ours.append(await with_driver(driver, batch, light=True))
    return bare, ours


async def _alone(port: int, batch: int) -> list[float]:
    from lifx import Light  # noqa: PLC0415 - an optional package

    light = Light(SERIAL, "127.0.0.1", port)
    try:
        on_now = bool((await light.get_color())[1])

        async def changed() -> None:
            nonlocal on_now
            on_now = bool((await light.get_color())[1])

        return await switch(batch, light.set_power, lambda on: on_now is on, changed)
    finally:
        await light.close()
