"""Shelly devices of the second generation on MQTT: they answer to RPC and tell what changes.

Written from shelly-api-docs.shelly.cloud/gen2/; the shapes are those of firmware 1.4.
"""

import asyncio
import copy
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiomqtt

from tests.fakes.process import ROOT

DEVICES: dict[str, Any] = json.loads(
    (ROOT / "tests" / "fixtures" / "mqtt" / "shelly.json").read_text()
)
"""By prefix: `info`, `config`, `status`."""


class Shelly:
    """One device; `calls` are the commands that it was given."""

    def __init__(self, client: aiomqtt.Client, prefix: str, *, deaf: bool = False) -> None:
        made = copy.deepcopy(DEVICES[prefix])
        self.prefix = prefix
        self.info, self.config, self.status = made["info"], made["config"], made["status"]
        self.calls: list[tuple[str, Any]] = []
        self.deaf = deaf
        self.refusing = False
        self._client = client

    async def come(self) -> None:
        """Tell that it is there, as when it connects."""
        await self._client.publish(f"{self.prefix}/online", "true", qos=1, retain=True)

    async def leave(self) -> None:
        """Be gone as its will says."""
        await self._client.publish(f"{self.prefix}/online", "false", qos=1, retain=True)

    async def change(self, component: str, method: str = "NotifyStatus", **values: Any) -> None:
        """Change by itself, or by a hand on it."""
        self.status[component].update(values)
        params = {"ts": 1700000000.1, component: {"id": 0, **values}}
        await self._tell(method, params)

    async def event(self, component: str, event: str) -> None:
        """Tell of a button."""
        told = {"component": component, "id": 0, "event": event, "ts": 1700000000.1}
        await self._tell("NotifyEvent", {"ts": 1700000000.1, "events": [told]})

    async def answer(self, request: dict[str, Any]) -> None:
        """Carry a request out, and answer."""
        if self.deaf:
            return
        method, params = request["method"], request.get("params", {})
        body: dict[str, Any] = {"id": request["id"], "src": self.info["id"], "dst": request["src"]}
        match method:
            case "Shelly.GetDeviceInfo":
                body["result"] = self.info
            case "Shelly.GetConfig":
                body["result"] = self.config
            case "Shelly.GetStatus":
                body["result"] = self.status
            case _ if self.refusing:
                body["error"] = {"code": -103, "message": "Invalid argument"}
            case _:
                self.calls.append((method, params))
                body["result"] = {"was_on": False} if method == "Switch.Set" else None
        await self._client.publish(f"{request['src']}/rpc", json.dumps(body), qos=1)
        if method == "Switch.Set" and not self.refusing:
            await self.change(f"switch:{params['id']}", output=params["on"], source="MQTT")

    async def _tell(self, method: str, params: dict[str, Any]) -> None:
        body = {"src": self.info["id"], "dst": f"{self.prefix}/events", "method": method,
                "params": params}  # fmt: skip
        await self._client.publish(f"{self.prefix}/events/rpc", json.dumps(body), qos=1)


@asynccontextmanager
async def shellies(port: int, *prefixes: str) -> AsyncIterator[dict[str, Shelly]]:
    """Run these devices, or all, on a broker; all are there."""
    async with aiomqtt.Client("127.0.0.1", port, identifier="shellies") as client:
        found = {prefix: Shelly(client, prefix) for prefix in prefixes or DEVICES}
        for prefix in found:
            await client.subscribe(f"{prefix}/rpc", qos=1)

        async def serve() -> None:
            async for message in client.messages:
                assert isinstance(message.payload, bytes)
                one = found[message.topic.value.removesuffix("/rpc")]
                await one.answer(json.loads(message.payload))

        task = asyncio.create_task(serve(), name="shellies")
        try:
            for one in found.values():
                await one.come()
            yield found
        finally:
            task.cancel()
            await asyncio.wait({task}, timeout=5)
    await asyncio.get_running_loop().shutdown_default_executor()  # aiomqtt connects in a thread
