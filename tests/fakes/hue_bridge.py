"""A Hue bridge: CLIP v2 over https, event stream, link button. `python -m tests.fakes.hue_bridge`

Arguments: PORT CERTIFICATE KEY_FILE APP_KEY. What a hand or an app does to it comes over `/test`.
Written from the public API description; lamps obey at once and tell so in the stream.
"""

import asyncio
import json
import ssl
import sys
from typing import Any

from aiohttp import web

from drivers.hue_resources import merge

SINCE = "2026-01-01T00:00:00Z"
BRIDGE_ID = "ecb5fafffe000001"
LIVING, COLOUR, STRIP, PLUG, MOTION, REMOTE = (
    f"00000000-0000-4000-8000-00000000000{n}" for n in "123456"
)


def owned(device: str, kind: str, number: int = 0) -> str:
    return f"{device[:-12]}{kind.encode().hex()[:8]:0<10}{number}{device[-1]}"


def device(own: str, name: str, kinds: tuple[str, ...], archetype: str = "sultan_bulb") -> Any:
    names = [(kind.partition("#")[0], owned(own, *_split(kind))) for kind in kinds]
    return {
        "type": "device",
        "id": own,
        "metadata": {"name": name, "archetype": archetype},
        "product_data": {
            "manufacturer_name": "Signify Netherlands B.V.",
            "model_id": "LCT001",
            "product_name": f"Hue {name}",
            "software_version": "1.104.2",
            "product_archetype": archetype,
            "certified": True,
        },
        "services": [{"rid": rid, "rtype": kind} for kind, rid in names],
    }


def _split(kind: str) -> tuple[str, int]:
    name, _, number = kind.partition("#")
    return name, int(number or 0)


def part(own: str, kind: str, **more: Any) -> Any:
    name, number = _split(kind)
    owner = {"rid": own, "rtype": "device"}
    return {"type": name, "id": owned(own, name, number), "owner": owner, **more}


def house() -> list[Any]:
    off, white = {"on": {"on": False}}, {"mirek_minimum": 153, "mirek_maximum": 500}
    lamp = {
        **off,
        "mode": "normal",
        "dimming": {"brightness": 100.0, "min_dim_level": 0.2},
        "color_temperature": {"mirek": 366, "mirek_valid": True, "mirek_schema": white},
        "color": {"xy": {"x": 0.45, "y": 0.41}, "gamut_type": "C"},
    }
    gradient = {"gradient": {"points": [], "points_capable": 5}}
    here = {"status": "connected", "mac_address": "00:17:88:01:00:00:00:01"}
    return [
        {
            "type": "bridge",
            "id": "00000000-0000-4000-8000-0000000000ff",
            "bridge_id": BRIDGE_ID,
            "time_zone": {"time_zone": "Europe/Berlin"},
        },
        device(COLOUR, "Ceiling", ("light", "zigbee_connectivity")),
        part(COLOUR, "light", **json.loads(json.dumps(lamp))),
        part(COLOUR, "zigbee_connectivity", **here),
        device(STRIP, "Strip", ("light",)),
        part(STRIP, "light", **json.loads(json.dumps(lamp | gradient))),
        device(PLUG, "Plug", ("light",), "plug"),
        part(PLUG, "light", **off, mode="normal"),
        device(MOTION, "Motion", ("motion", "temperature", "light_level", "device_power")),
        part(
            MOTION,
            "motion",
            enabled=True,
            motion={"motion_report": {"changed": SINCE, "motion": False}},
        ),
        part(
            MOTION,
            "temperature",
            enabled=True,
            temperature={"temperature_report": {"changed": SINCE, "temperature": 21.37}},
        ),
        part(
            MOTION,
            "light_level",
            enabled=True,
            light={"light_level_report": {"light_level": 20001}},
        ),
        part(MOTION, "device_power", power_state={"battery_level": 80}),
        device(REMOTE, "Remote", ("button#1", "button#2")),
        part(REMOTE, "button#1", metadata={"control_id": 1}),
        part(REMOTE, "button#2", metadata={"control_id": 2}),
        {
            "type": "room",
            "id": LIVING,
            "metadata": {"name": "Living room", "archetype": "living_room"},
            "children": [{"rid": one, "rtype": "device"} for one in (COLOUR, STRIP, MOTION)],
            "services": [{"rid": owned(LIVING, "grouped_light"), "rtype": "grouped_light"}],
        },
        part(LIVING, "grouped_light", on={"on": False}),
    ]


class Bridge:
    def __init__(self, key: str) -> None:
        self.keys = {key}
        self.pressed = False
        self.resources = {one["id"]: one for one in house()}
        self.puts: list[Any] = []
        self.busy = 0
        self.streams: set[asyncio.Queue[bytes]] = set()

    def app(self) -> web.Application:
        app = web.Application()
        app.add_routes(
            [
                web.get("/api/config", self.config),
                web.post("/api", self.create_user),
                web.get("/clip/v2/resource", self.everything),
                web.get("/clip/v2/resource/{kind}", self.everything),
                web.put("/clip/v2/resource/{kind}/{id}", self.put),
                web.get("/eventstream/clip/v2", self.stream),
                web.post("/test/{what}", self.test),
            ]
        )
        return app

    async def config(self, _request: web.Request) -> web.Response:
        return web.json_response({"name": "Hue", "bridgeid": BRIDGE_ID.upper()})

    async def create_user(self, request: web.Request) -> web.Response:
        assert "#" in (await request.json())["devicetype"]
        if not self.pressed:
            error = {"type": 101, "address": "", "description": "link button not pressed"}
            return web.json_response([{"error": error}])
        self.keys.add("fresh-key")
        return web.json_response([{"success": {"username": "fresh-key"}}])

    def check(self, request: web.Request) -> None:
        if request.headers.get("hue-application-key") not in self.keys:
            raise web.HTTPForbidden(text="{}", content_type="application/json")
        if self.busy:
            self.busy -= 1
            raise web.HTTPTooManyRequests

    async def everything(self, request: web.Request) -> web.Response:
        self.check(request)
        kind = request.match_info.get("kind")
        data = [one for one in self.resources.values() if kind in {None, one["type"]}]
        return web.json_response({"errors": [], "data": data})

    async def put(self, request: web.Request) -> web.Response:
        self.check(request)
        key, body = request.match_info["id"], await request.json()
        self.puts.append([request.path, body])
        one = self.resources.get(key)
        if one is None or one["type"] != request.match_info["kind"]:
            error = {"description": "Not Found"}
            return web.json_response({"errors": [error], "data": []}, status=404)
        if one["type"] == "grouped_light":
            room = self.resources[one["owner"]["rid"]]
            for child in room["children"]:
                for service in self.resources[child["rid"]]["services"]:
                    if service["rtype"] == "light":
                        self.obey(self.resources[service["rid"]], body)
        else:
            self.obey(one, body)
        return web.json_response({"errors": [], "data": [{"rid": key, "rtype": one["type"]}]})

    def obey(self, light: Any, body: Any) -> None:
        news = {key: body[key] for key in body if key != "dynamics" and key in light}
        if "color_temperature" in news:
            news["color_temperature"] = {**news["color_temperature"], "mirek_valid": True}
        elif "color" in news and "color_temperature" in light:
            news["color_temperature"] = {"mirek": None, "mirek_valid": False}
        merge(light, news)
        self.tell(
            "update", [{"id": light["id"], "type": light["type"], "owner": light["owner"], **news}]
        )

    def tell(self, kind: str, data: list[Any]) -> None:
        event = {"creationtime": "2026-01-01T00:00:00Z", "id": "e", "type": kind, "data": data}
        self.send(b"id: 1:0\ndata: " + json.dumps([event]).encode() + b"\n\n")

    def send(self, raw: bytes) -> None:
        for stream in self.streams:
            stream.put_nowait(raw)

    async def stream(self, request: web.Request) -> web.StreamResponse:
        self.check(request)
        answer = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await answer.prepare(request)
        await answer.write(b": hi\n\n")
        queue: asyncio.Queue[bytes] = asyncio.Queue(100_000)
        self.streams.add(queue)
        try:
            while raw := await queue.get():
                await answer.write(raw)
        except ConnectionError:
            pass
        finally:
            self.streams.discard(queue)
        return answer

    async def test(self, request: web.Request) -> web.Response:
        body = await request.json()
        match request.match_info["what"]:
            case "press":
                self.pressed = True
            case "change":
                merge(self.resources[body["id"]], body)
                self.tell("update", [body])
            case "add":
                self.resources[body["id"]] = body
                self.tell("add", [body])
            case "delete":
                one = self.resources.pop(body["id"])
                if not body.get("silently"):
                    self.tell("delete", [{"id": one["id"], "type": one["type"]}])
            case "raw":
                self.send(bytes.fromhex(body))
            case "drop":
                self.send(b"")
            case "busy":
                self.busy = body
            case "forget_keys":
                self.keys.clear()
            case _:
                return web.json_response({"resources": self.resources, "puts": self.puts})
        return web.json_response({})


async def main() -> None:
    port, certificate, key_file, app_key = sys.argv[1:]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key_file)
    runner = web.AppRunner(Bridge(app_key).app(), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", int(port), ssl_context=context).start()
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
