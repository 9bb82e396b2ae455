"""The Z-Wave driver on the network that the tests of a session share, and names for its devices."""

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
from zwave_js_server.const import InclusionState

from drivers.operations import Answer
from drivers.zwave import ZwaveDriver
from drivers.zwave_settings import ZwaveSettings
from tests.fakes.zwave_server import HOME, own_folder


def device(node: int, endpoint: int = 0) -> str:
    return f"zwave:{HOME}-{node}" + (f"-{endpoint}" if endpoint else "")


LAMP, PLUG, SENSOR, LOCK = device(2), device(3), device(4), device(5)
DOOR, BLIND, STRIP_1, STRIP_2 = device(6), device(7), device(8, 1), device(8, 2)
BUTTON, VALVE = device(9), device(10)


def driver_at(url: str, folder: Path | None = None) -> ZwaveDriver:
    return ZwaveDriver(ZwaveSettings(url=url), folder or own_folder())


async def operate(driver: ZwaveDriver, name: str, said: list[str], **given: object) -> Answer:
    operation = next(known for known in driver.operations() if known.name == name)
    async with asyncio.timeout(operation.limit_s):
        return await operation.run(operation.arguments.model_validate(given), said.append)


async def name_node(url: str, node: int, name: str) -> None:
    await other_program(url, "node.set_name", nodeId=node, name=name, updateCC=False)


async def open_for(url: str) -> InclusionState:
    """Return what the network is open for."""
    state = (await other_program(url, "controller.get_state"))["state"]["inclusionState"]
    return InclusionState(state)


async def other_program(url: str, command: str, **more: Any) -> Any:
    """Ask the server as another program does, and return its result."""
    async with aiohttp.ClientSession() as web, web.ws_connect(url) as server:
        version = await server.receive_json()
        schema = {"command": "set_api_schema", "schemaVersion": version["maxSchemaVersion"]}
        for number, asked in enumerate((schema, {"command": command, **more})):
            await server.send_json(asked | {"messageId": str(number)})
            answer = await server.receive_json()
            assert answer["success"], answer
    return answer["result"]
