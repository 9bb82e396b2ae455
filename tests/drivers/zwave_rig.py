"""The Z-Wave driver on the network that the tests of a session share, and names for its devices."""

import asyncio

import aiohttp

from drivers.operations import Answer
from drivers.zwave import ZwaveDriver
from drivers.zwave_settings import ZwaveSettings
from tests.fakes.zwave_server import HOME


def device(node: int, endpoint: int = 0) -> str:
    return f"zwave:{HOME}-{node}" + (f"-{endpoint}" if endpoint else "")


LAMP, PLUG, SENSOR, LOCK = device(2), device(3), device(4), device(5)
DOOR, BLIND, STRIP_1, STRIP_2 = device(6), device(7), device(8, 1), device(8, 2)
BUTTON, VALVE = device(9), device(10)


def driver_at(url: str) -> ZwaveDriver:
    return ZwaveDriver(ZwaveSettings(url=url))


async def operate(driver: ZwaveDriver, name: str, said: list[str], **given: object) -> Answer:
    operation = next(known for known in driver.operations() if known.name == name)
    async with asyncio.timeout(operation.limit_s):
        return await operation.run(operation.arguments.model_validate(given), said.append)


async def name_node(url: str, node: int, name: str) -> None:
    """Name a node as another program at the same server may."""
    async with aiohttp.ClientSession() as web, web.ws_connect(url) as server:
        version = await server.receive_json()
        asked = {"command": "set_api_schema", "schemaVersion": version["maxSchemaVersion"]}
        named = {"command": "node.set_name", "nodeId": node, "name": name, "updateCC": False}
        for number, command in enumerate((asked, named)):
            await server.send_json(command | {"messageId": str(number)})
            assert (await server.receive_json())["success"]
