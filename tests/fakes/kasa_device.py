"""A TP-Link device: plug, bulb, strip of two sockets, or Tapo bulb, on the wire.

`python -m tests.fakes.kasa_device PORT TEST_PORT KIND PROTOCOL [EMAIL PASSWORD]`

KIND is `plug`, `bulb`, `strip` or `tapo`; PROTOCOL is `xor` (TCP, autokey cipher) or `klap` (http,
handshakes, AES-CBC; the first version for Kasa, the second for Tapo). Written from public
descriptions of the protocols; talked to by the real library. What a hand does to it comes over
`/test`.
"""

import asyncio
import hashlib
import json
import os
import sys
from typing import Any

from aiohttp import web
from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

MAC = "02:00:5E:00:53:0C"
LIGHTS = "smartlife.iot.smartbulb.lightingservice"
NO_MODULE = {"err_code": -1, "err_msg": "module not support"}
MODELS = {"plug": "HS110(EU)", "bulb": "KL130(EU)", "strip": "HS300(US)", "tapo": "L530"}
INFO = {
    "sw_ver": "1.0.4 Build 1", "hw_ver": "1.0", "mac": MAC, "rssi": -50, "err_code": 0,
    "deviceId": "D", "oemId": "O", "hwId": "H", "dev_name": "Smart thing",
}  # fmt: skip


class Thing:
    """What the device is, whatever the wire."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.reset()

    def reset(self) -> None:
        self.alias = f"My {self.kind}"
        self.asked: list[Any] = []
        self.garbage: list[str] = []
        self.on = [False, True] if self.kind == "strip" else [False]
        self.light = {"hue": 0, "saturation": 0, "color_temp": 2700, "brightness": 50}
        self.power_mw = 12_500

    def answer(self, text: str) -> str:
        if self.garbage:
            return self.garbage.pop()
        asked = json.loads(text)
        answer = self.smart(asked) if self.kind == "tapo" else self.iot(asked)
        return json.dumps(answer)

    # The older language: {module: {method: arguments}}

    def iot(self, asked: Any) -> Any:
        children = asked.pop("context", {}).get("child_ids")
        answer: dict[str, Any] = {}
        for module, methods in asked.items():
            answer[module] = {}
            for method, given in methods.items():
                told = self.iot_method(module, method, given or {}, children)
                if told is None:
                    answer[module] = NO_MODULE
                    break
                answer[module][method] = told
        return answer

    def iot_method(self, module: str, method: str, given: Any, children: Any) -> Any:
        told: Any = None
        match module, method:
            case "system", "get_sysinfo":
                told = self.sysinfo()
            case "system", "set_relay_state":
                self.asked.append([method, given, children])
                for number in range(len(self.on)):
                    if children is None or f"C0{number}" in str(children):
                        self.on[number] = bool(given["state"])
                told = {"err_code": 0}
            case (("emeter" | "smartlife.iot.common.emeter"), "get_realtime"):
                told = {"power_mw": self.power_mw, "err_code": 0}
                if self.kind != "bulb":
                    told |= {"voltage_mv": 230_100, "current_ma": 54, "total_wh": 1500}
            case (("emeter" | "smartlife.iot.common.emeter"), "get_daystat"):
                told = {"day_list": [], "err_code": 0}
            case (("emeter" | "smartlife.iot.common.emeter"), "get_monthstat"):
                told = {"month_list": [], "err_code": 0}
            case str(), "transition_light_state" if module == LIGHTS:
                self.asked.append([method, given, children])
                self.on[0] = bool(given.get("on_off", 1))
                self.light.update({k: v for k, v in given.items() if k in self.light})
                told = {"err_code": 0, **self.light_state()}
        return told

    def sysinfo(self) -> Any:
        info = {**INFO, "model": MODELS[self.kind], "alias": self.alias}
        if self.kind == "bulb":
            return info | {
                "mic_type": "IOT.SMARTBULB", "is_color": 1, "is_dimmable": 1,
                "is_variable_color_temp": 1, "is_factory": False, "preferred_state": [],
                "light_state": self.light_state(),
            }  # fmt: skip
        info |= {"type": "IOT.SMARTPLUGSWITCH", "feature": "TIM:ENE", "led_off": 0}
        if self.kind == "plug":
            return info | {"relay_state": int(self.on[0]), "on_time": 0}
        children = [
            {"id": f"C0{number}", "state": int(on), "alias": f"Socket {number}", "on_time": 0}
            for number, on in enumerate(self.on)
        ]
        return info | {"children": children, "child_num": len(children)}

    def light_state(self) -> Any:
        if self.on[0]:
            return {"on_off": 1, "mode": "normal", **self.light}
        return {"on_off": 0, "dft_on_state": {"mode": "normal", **self.light}}

    # The newer language: {"method": ..., "params": ...}

    def smart(self, asked: Any) -> Any:
        if asked["method"] == "multipleRequest":
            parts = asked["params"]["requests"]
            told = [{"method": one["method"], **self.smart(one)} for one in parts]
            return {"error_code": 0, "result": {"responses": told}}
        result: Any = {}
        match asked["method"]:
            case "component_nego":
                names = ("device", "brightness", "color", "color_temperature")
                result = {"component_list": [{"id": name, "ver_code": 1} for name in names]}
            case "get_device_info":
                result = {
                    **INFO, **self.light, "device_on": self.on[0], "model": "L530", "nickname": "",
                    "type": "SMART.TAPOBULB", "device_id": "T", "fw_ver": "1.0.4", "specs": "EU",
                    "color_temp_range": [2500, 6500], "hw_ver": "1.0", "fw_id": "F", "hw_id": "H",
                    "oem_id": "O",
                }  # fmt: skip
            case "set_device_info":
                given = asked["params"]
                self.asked.append(["set_device_info", given, None])
                self.on[0] = given.get("device_on", self.on[0])
                self.light.update({k: v for k, v in given.items() if k in self.light})
            case "get_connect_cloud_state":
                result = {"status": 1}
            case _:
                return {"error_code": -1008}
        return {"error_code": 0, "result": result}

    async def test(self, request: web.Request) -> web.Response:
        body = await request.json()
        match request.match_info["what"]:
            case "change":
                self.on = body.get("on", self.on)
                self.alias = body.get("alias", self.alias)
                self.light.update(body.get("light", {}))
                self.power_mw = body.get("power_mw", self.power_mw)
            case "garbage":
                self.garbage += body
            case "reset":
                self.reset()
        told = {"on": self.on, "light": self.light, "asked": self.asked}
        return web.json_response({**told, "garbage": len(self.garbage)})


class Xor:
    """TCP: length, then each byte xored with the one before it, the first with 171."""

    def __init__(self, thing: Thing) -> None:
        self._thing = thing

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                length = int.from_bytes(await reader.readexactly(4), "big")
                text = _decode(await reader.readexactly(length)).decode()
                answer = _encode(self._thing.answer(text).encode())
                writer.write(len(answer).to_bytes(4, "big") + answer)
                await writer.drain()
        except (OSError, EOFError):
            pass
        finally:
            writer.close()


class Klap:
    """http: two handshakes, then requests in AES-CBC with a signature and a sequence number."""

    def __init__(self, thing: Thing, email: str, password: str) -> None:
        self._thing, self.handshakes = thing, 0
        name, secret = email.encode(), password.encode()
        self._second = thing.kind == "tapo"
        if self._second:
            self._login = _sha256(hashlib.sha1(name).digest() + hashlib.sha1(secret).digest())
        else:
            both = hashlib.md5(name).digest() + hashlib.md5(secret).digest()
            self._login = hashlib.md5(both).digest()
        self._seeds = (b"", b"")

    async def first(self, request: web.Request) -> web.Response:
        self.handshakes += 1
        local, remote = await request.read(), os.urandom(16)
        self._seeds = local, remote
        mark = _sha256(local + (remote if self._second else b"") + self._login)
        answer = web.Response(body=remote + mark)
        answer.set_cookie("TP_SESSIONID", "S")
        answer.set_cookie("TIMEOUT", "86400")
        return answer

    async def second(self, request: web.Request) -> web.Response:
        local, remote = self._seeds
        mark = _sha256(remote + (local if self._second else b"") + self._login)
        if await request.read() != mark or request.cookies.get("TP_SESSIONID") != "S":
            raise web.HTTPForbidden
        return web.Response()

    async def request(self, request: web.Request) -> web.Response:
        seq = int(request.query["seq"]).to_bytes(4, "big", signed=True)
        body = await request.read()
        if body[:32] != _sha256(self._derive(b"ldk")[:28] + seq + body[32:]):
            raise web.HTTPForbidden
        cipher = Cipher(
            algorithms.AES(self._derive(b"lsk")[:16]), modes.CBC(self._derive(b"iv")[:12] + seq)
        )
        opened, unpad = cipher.decryptor(), padding.PKCS7(128).unpadder()
        plain = unpad.update(opened.update(body[32:]) + opened.finalize()) + unpad.finalize()
        answer, pad = self._thing.answer(plain.decode()).encode(), padding.PKCS7(128).padder()
        sealed, padded = cipher.encryptor(), pad.update(answer) + pad.finalize()
        return web.Response(body=bytes(32) + sealed.update(padded) + sealed.finalize())

    def _derive(self, purpose: bytes) -> bytes:
        return _sha256(purpose + b"".join(self._seeds) + self._login)


def _sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def _encode(plain: bytes) -> bytes:
    key, coded = 171, bytearray()
    for byte in plain:
        key ^= byte
        coded.append(key)
    return bytes(coded)


def _decode(coded: bytes) -> bytes:
    return bytes(byte ^ before for byte, before in zip(coded, b"\xab" + coded, strict=False))


async def _serve(app: web.Application, port: int) -> None:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()


async def main() -> None:
    port, test_port, kind, protocol, *login = sys.argv[1:]
    thing = Thing(kind)
    tests = web.Application()
    tests.router.add_post("/test/{what}", thing.test)
    await _serve(tests, int(test_port))
    if protocol == "xor":
        server = await asyncio.start_server(Xor(thing).talk, "127.0.0.1", int(port))
        print("ready", flush=True)
        await server.serve_forever()
    klap = Klap(thing, *login)
    app = web.Application()
    app.router.add_post("/app/handshake1", klap.first)
    app.router.add_post("/app/handshake2", klap.second)
    app.router.add_post("/app/request", klap.request)
    await _serve(app, int(port))
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
