"""A Matter server that behaves as a real one was recorded to: tests/fixtures/matter/session.json.

The recording is of python-matter-server 7.0.1 with a virtual node of matter.js 0.17.9;
scripts/matter-live makes it anew and runs the driver's test on that pair. What the fake answers is
held against the recording by tests/drivers/test_matter_recorded.py.

usage: python -m tests.fakes.matter_server PORT
"""

import asyncio
import copy
import http.client
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from aiohttp import web

from tests.fakes.process import Peer, free_port

SESSION = Path(__file__).parents[1] / "fixtures" / "matter" / "session.json"
CODE = "34970112332"
PORT_LIMIT_S = 10.0
NODE = 1

Event = tuple[str, Any]


def recorded() -> list[dict[str, Any]]:
    """Return the session: what the hub, the server and the house did, in order."""
    session: list[dict[str, Any]] = json.loads(SESSION.read_text("utf-8"))
    return session


class ApiError(Exception):
    def __init__(self, code: int, details: str) -> None:
        super().__init__(details)
        self.code = code


class MatterHouse:
    """The node of the recording, and what commands do to it."""

    def __init__(self, *, commissioned: bool = True) -> None:
        session = recorded()
        self.info: dict[str, Any] = session[0]["message"]
        added = (e["message"] for e in session if e.get("message", {}).get("event") == "node_added")
        self._fresh: dict[str, Any] = next(added)["data"]
        self.nodes: dict[int, dict[str, Any]] = {}
        if commissioned:
            self._commission(CODE)

    def answer(self, command: str, args: dict[str, Any]) -> tuple[list[Event], Any, list[Event]]:
        """Return events before the result, the result, and events after it. Raises ApiError."""
        match command:
            case "start_listening":
                return [], list(self.nodes.values()), []
            case "commission_with_code":
                return self._commission(args["code"])
            case "remove_node":
                self._node(args)
                del self.nodes[args["node_id"]]
                return [("node_removed", args["node_id"])], None, []
            case "ping_node":
                self._node(args)
                return [], {"10.9.9.2": True}, []
            case "interview_node":
                return [("node_updated", self._node(args))], None, []
            case "device_command":
                return [], None, list(self._invoke(self._node(args), args))
            case _:
                raise ApiError(9, f"Invalid command: {command}")

    def change(self, attributes: dict[str, Any]) -> list[Event]:
        """Let the house change attributes."""
        node = self.nodes[NODE]
        return [
            event for path, value in attributes.items() for event in self._put(node, path, value)
        ]

    def _commission(self, code: str) -> tuple[list[Event], Any, list[Event]]:
        if code != CODE:
            raise ApiError(1, f"Commission with code failed for node {NODE + 1}.")
        added = copy.deepcopy(self._fresh)
        node = self.nodes[NODE] = added | {"available": True}
        return [("node_added", added), ("node_updated", node)], node, []

    def _node(self, args: dict[str, Any]) -> dict[str, Any]:
        node = self.nodes.get(args["node_id"])
        if node is None:
            raise ApiError(3, f"Node {args['node_id']} is not (yet) available.")
        return node

    def _put(self, node: dict[str, Any], path: str, value: Any) -> Iterator[Event]:
        if node["attributes"].get(path) != value:
            node["attributes"][path] = value
            yield "attribute_updated", [node["node_id"], path, value]

    def _invoke(self, node: dict[str, Any], args: dict[str, Any]) -> Iterator[Event]:
        endpoint, cluster = args["endpoint_id"], args["cluster_id"]
        if f"{endpoint}/{cluster}/65533" not in node["attributes"]:
            raise ApiError(0, "InteractionModelError: UnsupportedCluster (0xc3)")
        changes = _changes(cluster, args["command_name"], args["payload"])
        if changes is None:
            raise ApiError(0, f"type object 'Commands' has no attribute '{args['command_name']}'")
        for path, value in changes.items():
            yield from self._put(node, f"{endpoint}/{path}", value)


def _changes(cluster: int, name: str, fields: dict[str, Any]) -> dict[str, Any] | None:
    match cluster, name:
        case 6, "On":
            return {"6/16384": True, "6/0": True}
        case 6, "Off":
            return {"6/0": False}
        case 8, "MoveToLevelWithOnOff":
            on = fields["level"] > 0
            level = {"8/0": fields["level"]} if on else {}
            return {"6/0": on} | level
        case 768, "MoveToColor":
            return {
                "768/8": 1,
                "768/3": fields["colorX"],
                "768/4": fields["colorY"],
                "768/16385": 1,
            }
        case 768, "MoveToColorTemperature":
            return {"768/7": fields["colorTemperatureMireds"], "768/8": 2, "768/16385": 2}
        case _:
            return None


class _Server:
    def __init__(self, house: MatterHouse) -> None:
        self._house = house
        self._sockets: set[web.WebSocketResponse] = set()

    async def talk(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json(self._house.info)
        self._sockets.add(socket)
        try:
            async for message in socket:
                await self._command(socket, message.json())
        finally:
            self._sockets.discard(socket)
        return socket

    async def house(self, request: web.Request) -> web.Response:
        """Let the house do something, or tell how it is."""
        asked = await request.json()
        await self._tell(self._house.change(asked.get("attributes", {})))
        await self._tell([(name, data) for name, data in asked.get("events", [])])
        node = self._house.nodes.get(NODE, {})
        return web.json_response(node.get("attributes", {}))

    async def _command(self, socket: web.WebSocketResponse, asked: dict[str, Any]) -> None:
        message_id = {"message_id": asked["message_id"]}
        try:
            before, result, after = self._house.answer(asked["command"], asked["args"])
        except ApiError as err:
            await socket.send_json(message_id | {"error_code": err.code, "details": str(err)})
            return
        await self._tell(before)
        await socket.send_json(message_id | {"result": result})
        await self._tell(after)

    async def _tell(self, events: list[Event]) -> None:
        for name, data in events:
            for socket in tuple(self._sockets):
                await socket.send_json({"event": name, "data": data})


class MatterServer(Peer):
    """The fake as a process; the house is asked and changed by `house`."""

    def __init__(self, *, commissioned: bool = True) -> None:
        self.port = free_port()
        self.url = f"ws://127.0.0.1:{self.port}/ws"
        how = "commissioned" if commissioned else "empty"
        super().__init__([sys.executable, "-m", "tests.fakes.matter_server", str(self.port), how])

    def house(self, **attributes: Any) -> dict[str, Any]:
        """Change attributes, named like `a1_6_0`, and return them all."""
        named = {path[1:].replace("_", "/"): value for path, value in attributes.items()}
        return self._ask({"attributes": named})

    def say(self, event: str, data: Any) -> None:
        """Let the server tell of an event."""
        self._ask({"events": [[event, data]]})

    def _ask(self, asked: dict[str, Any]) -> dict[str, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PORT_LIMIT_S)
        try:
            connection.request("POST", "/house", json.dumps(asked))
            found: dict[str, Any] = json.loads(connection.getresponse().read())
        finally:
            connection.close()
        return found


async def _main(port: int, *, commissioned: bool) -> None:
    server = _Server(MatterHouse(commissioned=commissioned))
    app = web.Application()
    app.router.add_get("/ws", server.talk)
    app.router.add_post("/house", server.house)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    sys.stdout.write(f"ready ws://127.0.0.1:{port}/ws\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1]), commissioned=sys.argv[2] == "commissioned"))
