"""Records a session with a real Matter server; run by `scripts/matter-live record`.

What differs between two runs or tells of the machine is left out or made constant: certificates,
addresses, times.
"""

import asyncio
import contextlib
import json
from typing import Any

import aiohttp

from tests.drivers.live_matter import URL, house
from tests.fakes.matter_server import CODE, SESSION

LIMIT_S, QUIET_S = 120.0, 3.0
LEFT_OUT = {31, 48, 49, 51, 52, 60, 62, 63, 70}
"""Clusters about access, commissioning, network and certificates."""
NOW = {"optionsMask": 0, "optionsOverride": 0}
ALSO_OFF = {"optionsMask": 1, "optionsOverride": 1}
COMMANDS: list[tuple[int, int, str, dict[str, int]]] = [
    (1, 6, "On", {}),
    (1, 8, "MoveToLevelWithOnOff", {"level": 127, "transitionTime": 0} | NOW),
    (1, 768, "MoveToColor", {"colorX": 20000, "colorY": 20000, "transitionTime": 0} | ALSO_OFF),
    (
        1,
        768,
        "MoveToColorTemperature",
        {"colorTemperatureMireds": 333, "transitionTime": 0} | ALSO_OFF,
    ),
    (1, 8, "MoveToLevelWithOnOff", {"level": 20, "transitionTime": 20} | NOW),
    (1, 6, "Off", {}),
    (2, 6, "On", {}),
    (2, 6, "Off", {}),
    (3, 6, "On", {}),  # it has no such cluster
    (1, 6, "NoSuch", {}),
]
DEEDS: list[tuple[str, dict[str, Any]]] = [
    ("temperature", {"temperatureMeasurement": {"measuredValue": 2290}}),
    ("occupancy", {"occupancySensing": {"occupancy": {"occupied": True}}}),
    ("contact", {"booleanState": {"stateValue": False}}),
    ("plug", {"electricalPowerMeasurement": {"activePower": 60000}}),
    ("lamp", {"onOff": {"onOff": True}}),
]


class _Recorder:
    def __init__(self, server: aiohttp.ClientWebSocketResponse) -> None:
        self.session: list[dict[str, Any]] = []
        self._server = server
        self._count = 0

    async def take(self, limit_s: float) -> dict[str, Any]:
        async with asyncio.timeout(limit_s):
            message: dict[str, Any] = await self._server.receive_json()
        self.session.append({"from": "server", "message": message})
        return message

    async def ask(self, command: str, **args: Any) -> dict[str, Any]:
        self._count += 1
        asked = {"message_id": str(self._count), "command": command, "args": args}
        shown = asked | {"args": args | ({"code": "0" * 11} if "code" in args else {})}
        self.session.append({"from": "hub", "message": shown})
        await self._server.send_json(asked)
        while (answer := await self.take(LIMIT_S)).get("message_id") != asked["message_id"]:
            pass
        await self.settle()
        return answer

    async def settle(self) -> None:
        with contextlib.suppress(TimeoutError):
            while True:
                await self.take(QUIET_S)


async def _main() -> None:
    async with aiohttp.ClientSession() as web, web.ws_connect(URL, max_msg_size=0) as server:
        recorder = _Recorder(server)
        await recorder.take(LIMIT_S)
        await recorder.ask("start_listening")
        answer = await recorder.ask("commission_with_code", code=CODE, network_only=True)
        node = answer["result"]["node_id"]
        for endpoint, cluster, name, payload in COMMANDS:
            where = {"node_id": node, "endpoint_id": endpoint, "cluster_id": cluster}
            await recorder.ask("device_command", **where, command_name=name, payload=payload)
        nobody = {"node_id": 99, "endpoint_id": 1, "cluster_id": 6, "payload": {}}
        await recorder.ask("device_command", **nobody, command_name="On")
        await recorder.ask("ping_node", node_id=node)
        await recorder.ask("no_such_command")
        for part, changes in DEEDS:
            house(part, **changes)
            recorder.session.append({"from": "house", "part": part, "set": changes})
            await recorder.settle()
        await recorder.ask("remove_node", node_id=node)
    _clean(recorder.session)
    lines = [json.dumps(entry, separators=(",", ":"), sort_keys=True) for entry in recorder.session]
    SESSION.write_text("[\n" + ",\n".join(lines) + "\n]\n", "utf-8")


def _clean(part: Any) -> None:
    if isinstance(part, list):
        for item in part:
            _clean(item)
    if not isinstance(part, dict):
        return
    if "attributes" in part:
        kept = {k: v for k, v in part["attributes"].items() if int(k.split("/")[1]) not in LEFT_OUT}
        part |= {"attributes": kept, "attribute_subscriptions": []}
    constant = {
        "date_commissioned": "2026-01-01T00:00:00.000000",
        "last_interview": "2026-01-01T00:00:00.000000",
        "compressed_fabric_id": 0x0123456789ABCDEF,
        "timestamp": 0,
    }
    part |= {key: value for key, value in constant.items() if key in part}
    if isinstance(result := part.get("result"), dict) and "attributes" not in result:
        part["result"] = {"10.9.9.2": True}  # the answer to the ping
    for item in part.values():
        _clean(item)


if __name__ == "__main__":
    asyncio.run(_main())
