"""A Shelly: RPC over WebSocket, with a password or without.

`python -m tests.fakes.shelly_device PORT MAC [PASSWORD]`

Written from the pages of Shelly's Gen2+ API on the RPC protocol, its channels, authentication
(digest, SHA-256), notifications and components; talked to by the real library. It has more
components than any one model. What a hand does to it comes over `/test`.
"""

import asyncio
import hashlib
import json
import sys
from typing import Any

from aiohttp import WSMsgType, web

METER = {"apower": 12.5, "voltage": 230.1, "current": 0.05, "aenergy": {"total": 1500.0}}


def status() -> dict[str, Any]:
    return {
        "sys": {"uptime": 100},
        "wifi": {"rssi": -55},
        "switch:0": {"id": 0, "output": False, **METER},
        "switch:1": {"id": 1, "output": False},
        "light:0": {"id": 0, "output": False, "brightness": 50},
        "rgbw:0": {"id": 0, "output": False, "brightness": 50, "rgb": [255, 0, 0], "white": 0},
        "cct:0": {"id": 0, "output": False, "brightness": 50, "ct": 3000},
        "cover:0": {"id": 0, "state": "stopped", "current_pos": 20, "pos_control": True},
        "cover:1": {"id": 1, "state": "closed", "current_pos": None, "pos_control": False},
        "thermostat:0": {"id": 0, "enable": True, "target_C": 19.0, "current_C": 20.5},
        "input:0": {"id": 0, "state": None},
        "input:1": {"id": 1, "state": None},
        "temperature:100": {"id": 100, "tC": 21.5},
        "temperature:101": {"id": 101, "tC": 4.5},
        "flood:0": {"id": 0, "alarm": False},
    }


CONFIG = {
    "sys": {"ui_data": {"consumption_types": ["dishwasher", "lights"]}},
    "switch:0": {"id": 0, "name": "Dishwasher"},
    "cct:0": {"id": 0, "ct_range": [2700, 5000]},
}


class Shelly:
    def __init__(self, mac: str, password: str | None) -> None:
        self.mac, self.id = mac, f"shellyfake-{mac.lower()}"
        self.ha1 = password and _sha(f"admin:{self.id}:{password}")
        self.reset()
        self.sockets: set[web.WebSocketResponse] = set()
        self.refused = 0

    def reset(self) -> None:
        self.status = status()
        self.name = "Cellar"
        self.calls: list[Any] = []

    async def rpc(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.sockets.add(socket)
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                asked = json.loads(message.data)
                answer, news = self.answer(asked)
                frame = {"id": asked["id"], "src": self.id, "dst": asked["src"], **answer}
                await socket.send_json(frame)
                if news:
                    await self.notify("NotifyStatus", news)
        self.sockets.discard(socket)
        return socket

    def answer(self, asked: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        method, params = asked["method"], asked.get("params") or {}
        if method == "Shelly.GetDeviceInfo":
            info = {
                "id": self.id, "mac": self.mac, "name": self.name, "gen": 2, "app": "Fake",
                "ver": "1.5.0", "auth_en": self.ha1 is not None, "auth_domain": None,
            }  # fmt: skip
            return {"result": info}, {}
        if self.ha1 is not None and not self.knows(asked.get("auth")):
            self.refused += 1
            challenge = {
                "auth_type": "digest", "nonce": 1700000000 + self.refused, "nc": 1,
                "realm": self.id, "algorithm": "SHA-256",
            }  # fmt: skip
            return {"error": {"code": 401, "message": json.dumps(challenge)}}, {}
        if method == "Shelly.GetConfig":
            return {"result": CONFIG}, {}
        if method == "Shelly.GetStatus":
            return {"result": self.status}, {}
        self.calls.append([method, params])
        return self.obey(method, params)

    def knows(self, auth: Any) -> bool:
        if not auth:
            return False
        ha2 = _sha("dummy_method:dummy_uri")
        whole = f"{self.ha1}:{auth['nonce']}:{auth['nc']}:{auth['cnonce']}:auth:{ha2}"
        return bool(auth["response"] == _sha(whole))

    def obey(self, method: str, params: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        kind, _, action = method.partition(".")
        given = params.get("config", params)
        key = f"{kind.lower()}:{given.get('id')}"
        if key not in self.status:
            return {"error": {"code": -105, "message": "no such component"}}, {}
        if given.get("transition_duration", 1) < 0.5:
            return {"error": {"code": -103, "message": "transition_duration"}}, {}
        news: dict[str, Any] = {"id": given["id"]}
        names = {"on": "output", "pos": "current_pos"}
        for name, value in given.items():
            if name not in {"id", "transition_duration"}:
                news[names.get(name, name)] = value
        if action in {"Open", "Close"}:
            news["state"] = {"Open": "open", "Close": "closed"}[action]
        self.status[key].update(news)
        return {"result": {"was_on": False}}, {key: news}

    async def notify(self, method: str, params: dict[str, Any]) -> None:
        frame = {"src": self.id, "dst": "user", "method": method, "params": {"ts": 1.5, **params}}
        await self.send(json.dumps(frame))

    async def send(self, text: str) -> None:
        for socket in tuple(self.sockets):
            await socket.send_str(text)

    async def test(self, request: web.Request) -> web.Response:
        body = await request.json()
        match request.match_info["what"]:
            case "change":
                for key, news in body.items():
                    self.status[key].update(news)
                await self.notify("NotifyStatus", body)
            case "silently":
                for key, news in body.items():
                    self.status[key].update(news)
            case "name":
                self.name = body
            case "add":
                self.status.update(body)
            case "event":
                await self.notify("NotifyEvent", {"events": body})
            case "raw":
                for text in body:
                    await self.send(text)
            case "drop":
                for socket in tuple(self.sockets):
                    await socket.close()
            case "reset":
                self.reset()
        told = {"status": self.status, "calls": self.calls, "refused": self.refused}
        return web.json_response(told)


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


async def main() -> None:
    port, mac, *password = sys.argv[1:]
    shelly = Shelly(mac, password[0] if password else None)
    app = web.Application()
    app.router.add_get("/rpc", shelly.rpc)
    app.router.add_post("/test/{what}", shelly.test)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", int(port)).start()
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
