"""A Shelly's relay is switched: by aioshelly alone, and by the driver, on the same device.

The device tells both over their WebSocket what changed.
"""

import asyncio
from typing import Any

from drivers import web
from hub.bench.driver_lan import HOST, MAC, lan_pairs
from hub.bench.driver_round import switch


def pairs(rounds: int, batch: int) -> tuple[list[list[float]], list[list[float]]]:
    """Return the times of aioshelly alone and of the driver (ms), round by round."""
    return lan_pairs("shelly", ("shelly_device", MAC), _alone, rounds, batch, light=False)


async def _alone(port: int, batch: int) -> list[float]:
    from aioshelly.rpc_device.wsrpc import RPCSource, WsRPC  # noqa: PLC0415 - an optional package

    on_now = False
    news = asyncio.Event()

    def told(_source: RPCSource, _method: str, params: dict[str, Any] | None) -> None:
        nonlocal on_now
        on_now = (params or {}).get("switch:0", {}).get("output", on_now)
        news.set()

    async def changed() -> None:
        news.clear()
        await news.wait()

    async with web.session() as http:
        rpc = WsRPC(HOST, told, port=port)
        await rpc.connect(http)
        try:
            on_now = (await rpc.call("Shelly.GetStatus"))["switch:0"]["output"]
            return await switch(
                batch,
                lambda on: rpc.call("Switch.Set", {"id": 0, "on": on}),
                lambda on: on_now is on,
                changed,
            )
        finally:
            await rpc.disconnect()
