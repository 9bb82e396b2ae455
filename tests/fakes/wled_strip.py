"""A WLED controller: JSON API and WebSocket. `python -m tests.fakes.wled_strip PORT MAC KIND`

Written from the pages of WLED's documentation on the JSON API and the WebSocket, and talked to by
the real library. KIND: `rgb` (a strip of 30), `rgbcct` (10 LEDs with white and temperature),
`segments` (three of 10 each), `quiet` (a build without WebSocket). What a hand or an app does to it
comes over `/test`.
"""

import asyncio
import json
import sys
from typing import Any

from aiohttp import WSMsgType, web

LIGHT = {"rgb": 1, "rgbcct": 7, "segments": 1, "quiet": 1}
LEDS = {"rgb": 30, "rgbcct": 10, "segments": 30, "quiet": 30}
MOST_CLIENTS = 4


class Strip:
    def __init__(self, mac: str, kind: str) -> None:
        self.kind, self.mac = kind, mac
        self.sockets: list[web.WebSocketResponse] = []
        self.reset()

    def reset(self) -> None:
        self.busy, self.login = 0, False
        kind = self.kind
        self.posts: list[Any] = []
        leds, count = LEDS[kind], 3 if kind == "segments" else 1
        each = leds // count
        self.state: dict[str, Any] = {
            "on": True,
            "bri": 128,
            "transition": 7,
            "ps": -1,
            "pl": -1,
            "ledmap": 0,
            "nl": {"on": False, "dur": 60, "mode": 1, "tbri": 0, "rem": -1},
            "udpn": {"send": False, "recv": True, "sgrp": 1, "rgrp": 1},
            "lor": 0,
            "mainseg": 0,
            "seg": [
                {
                    "id": number,
                    "start": number * each,
                    "stop": (number + 1) * each,
                    "len": each,
                    "on": True,
                    "bri": 255,
                    "cct": 127,
                    "frz": False,
                    "col": [[255, 160, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]],
                    "fx": 9,
                    "pal": 0,
                    "sel": True,
                }
                for number in range(count)
            ],
        }
        self.lit: list[Any] = [None] * leds
        """Colours of single LEDs, as set by `i`."""
        self.info = {
            "ver": "0.15.0",
            "vid": 2412100,
            "brand": "WLED",
            "product": "FOSS",
            "name": f"Strip {kind}",
            "mac": self.mac,
            "arch": "esp32",
            "udpport": 21324,
            "ws": -1 if kind == "quiet" else 0,
            "fxcount": 2,
            "palcount": 1,
            "uptime": 1000,
            "leds": {"count": leds, "lc": LIGHT[kind], "seglc": [LIGHT[kind]] * count},
            "wifi": {"bssid": "00:00:5E:00:53:01", "rssi": -60, "signal": 80, "channel": 6},
            "fs": {"u": 12, "t": 983, "pmt": 0},
        }

    def app(self) -> web.Application:
        app = web.Application(middlewares=[self.guard])
        lists = {"effects": ["Solid", "Blink"], "palettes": ["Default"], "fxdata": ["", "!,!;!;!"]}
        for name, content in {**lists, "cfg": {"hw": {}}}.items():
            app.router.add_get(f"/json/{name}", _answering(content))
        app.router.add_get("/presets.json", _answering({"0": {}}))
        app.router.add_get(
            "/json", lambda _: _json({**lists, "state": self.state, "info": self.info})
        )
        app.router.add_get("/json/si", lambda _: _json({"state": self.state, "info": self.info}))
        app.router.add_post("/json/state", self.post)
        app.router.add_get("/ws", self.socket)
        app.router.add_post("/test/{what}", self.test)
        return app

    @web.middleware
    async def guard(self, request: web.Request, handler: Any) -> web.StreamResponse:
        if not request.path.startswith("/test"):
            if self.login:
                raise web.HTTPUnauthorized
            if self.busy > 0:
                self.busy -= 1
                raise web.HTTPServiceUnavailable
        answer: web.StreamResponse = await handler(request)
        return answer

    async def post(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.posts.append(body)
        self.obey(body)
        await self.tell()
        return await _json(self.state if body.get("v") else {"success": True})

    def obey(self, body: Any) -> None:
        for key in ("on", "bri", "transition", "mainseg"):
            if key in body:
                self.state[key] = body[key]
        asked = body.get("seg", [])
        for wish in asked if isinstance(asked, list) else [asked]:
            for segment in self.state["seg"]:
                if segment["id"] == wish.get("id", segment["id"]):
                    self.obey_segment(segment, wish)

    def obey_segment(self, segment: Any, wish: Any) -> None:
        for key in ("on", "bri", "fx", "frz", "pal"):
            if key in wish:
                segment[key] = wish[key]
        for number, colour in enumerate(wish.get("col", [])):
            segment["col"][number] = [*colour, 0, 0, 0, 0][:4]
        if "cct" in wish:
            kelvin = min(max(wish["cct"], 1900), 10091)
            segment["cct"] = (kelvin - 1900) >> 5 if wish["cct"] > 255 else wish["cct"]
        single = wish.get("i", [])
        if single:
            segment["frz"] = True
        for start, stop, colour in zip(single[::3], single[1::3], single[2::3], strict=True):
            self.lit[start:stop] = [colour] * (stop - start)

    async def tell(self) -> None:
        await self.send(json.dumps({"state": self.state, "info": self.info}))

    async def send(self, text: str) -> None:
        for socket in self.sockets:
            await socket.send_str(text)

    async def socket(self, request: web.Request) -> web.StreamResponse:
        if self.kind == "quiet":
            raise web.HTTPNotFound
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.sockets.append(socket)
        if len(self.sockets) > MOST_CLIENTS:
            await self.sockets.pop(0).close()
        await socket.send_json({"state": self.state, "info": self.info})
        async for message in socket:
            if message.type is WSMsgType.TEXT and json.loads(message.data).get("v"):
                await socket.send_json({"state": self.state, "info": self.info})
        if socket in self.sockets:
            self.sockets.remove(socket)
        return socket

    async def test(self, request: web.Request) -> web.Response:
        body = await request.json()
        match request.match_info["what"]:
            case "change":
                self.obey(body)
                await self.tell()
            case "info":
                self.info.update(body)
                await self.tell()
            case "raw":
                for text in body:
                    await self.send(text)
            case "drop":
                for socket in tuple(self.sockets):
                    await socket.close()
            case "reset":
                self.reset()
            case "busy":
                self.busy = body
            case "login":
                self.login = body
        return await _json(
            {
                "state": self.state,
                "posts": self.posts,
                "lit": self.lit,
                "sockets": len(self.sockets),
                "info": self.info,
            }
        )


def _answering(content: Any) -> Any:
    return lambda _: _json(content)


async def _json(content: Any) -> web.Response:
    return web.json_response(content)


async def main() -> None:
    port, mac, kind = sys.argv[1:]
    runner = web.AppRunner(Strip(mac, kind).app(), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", int(port)).start()
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
