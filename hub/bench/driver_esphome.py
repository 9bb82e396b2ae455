"""A lamp of an ESPHome node is switched: by aioesphomeapi alone, and by the driver.

The node confirms no command but tells its states; both wait for that of the lamp.
"""

import asyncio
from typing import Any

from hub.bench.driver_lan import HOST, lan_pairs
from hub.bench.driver_round import switch

MAC = "02:00:5E:00:53:10"


def pairs(rounds: int, batch: int) -> tuple[list[list[float]], list[list[float]]]:
    """Return the times of aioesphomeapi alone and of the driver (ms), round by round."""
    fake = ("esphome_node", "TEST_PORT", MAC)
    return lan_pairs("esphome", fake, _alone, rounds, batch, light=True)


async def _alone(port: int, batch: int) -> list[float]:
    from aioesphomeapi.client import APIClient  # noqa: PLC0415 - an optional package
    from aioesphomeapi.model import LightInfo, LightState  # noqa: PLC0415

    on_now: bool | None = None
    lamp = 0
    news = asyncio.Event()

    def told(state: Any) -> None:
        nonlocal on_now
        if isinstance(state, LightState) and state.key == lamp:
            on_now = state.state
            news.set()

    async def changed() -> None:
        news.clear()
        await news.wait()

    async def command(on: bool) -> None:
        client.light_command(lamp, state=on)

    client = APIClient(HOST, port)
    await client.connect(login=True)
    try:
        _, entities, _ = await client.device_info_and_list_entities()
        lamp = next(one.key for one in entities if isinstance(one, LightInfo))
        client.subscribe_states(told)
        while on_now is None:
            await changed()
        return await switch(batch, command, lambda on: on_now is on, changed)
    finally:
        await client.disconnect(force=True)
