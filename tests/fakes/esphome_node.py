"""An ESPHome node: its native API, plain or encrypted.

`python -m tests.fakes.esphome_node PORT TEST_PORT MAC [KEY]`

The frames are written here from ESPHome's description of the protocol (plain: 0, length, type;
encrypted: Noise_NNpsk0_25519_ChaChaPoly_SHA256); the messages are those of its api.proto, as the
library brings them. Talked to by the real library. What a hand does to the node comes over `/test`.
"""

import asyncio
import base64
import contextlib
import random
import sys
from typing import Any

from aioesphomeapi import api_pb2
from aioesphomeapi.core import MESSAGE_TYPE_TO_PROTO
from aiohttp import web
from cryptography.exceptions import InvalidTag
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import DecodeError, Message
from noise.connection import NoiseConnection

pb: Any = api_pb2  # made by protoc: mypy sees no messages in it
NUMBERS = {kind: number for number, kind in MESSAGE_TYPE_TO_PROTO.items()}
LIGHT, WHITES, PLUG, FAN, COVER, HEAT, NUMBER, SELECT, BUTTON, TEMP, DOOR, LOCK, EVENT, RESTART = (
    range(1, 15)
)
RGB_COLD_WARM, COLOR_TEMP = 47, 19


def entities() -> list[Message]:
    """Return what the node says that it has."""
    return [
        pb.ListEntitiesLightResponse(
            key=LIGHT, object_id="lamp", name="Lamp", supported_color_modes=[3, 35, RGB_COLD_WARM],
            min_mireds=153, max_mireds=500,
        ),
        pb.ListEntitiesLightResponse(
            key=WHITES, object_id="whites", name="Whites", supported_color_modes=[COLOR_TEMP],
            min_mireds=153, max_mireds=370,
        ),
        pb.ListEntitiesSwitchResponse(key=PLUG, object_id="plug", name="Plug"),
        pb.ListEntitiesFanResponse(
            key=FAN, object_id="fan", name="Fan", supports_speed=True, supported_speed_count=4
        ),
        pb.ListEntitiesCoverResponse(
            key=COVER, object_id="blind", name="Blind", supports_position=True
        ),
        pb.ListEntitiesClimateResponse(
            key=HEAT, object_id="heat", name="Heat", feature_flags=1, supported_modes=[0, 3],
            visual_min_temperature=7, visual_max_temperature=30, visual_target_temperature_step=0.5,
        ),
        pb.ListEntitiesNumberResponse(
            key=NUMBER, object_id="number", name="Number", min_value=0, max_value=10, step=1
        ),
        pb.ListEntitiesSelectResponse(
            key=SELECT, object_id="choice", name="Choice", options=["calm", "lively"]
        ),
        pb.ListEntitiesButtonResponse(key=BUTTON, object_id="chime", name="Chime"),
        pb.ListEntitiesButtonResponse(
            key=RESTART, object_id="restart", name="Restart", entity_category=1
        ),
        pb.ListEntitiesSensorResponse(
            key=TEMP, object_id="air", name="Air", device_class="temperature",
            unit_of_measurement="°C",
        ),
        pb.ListEntitiesBinarySensorResponse(
            key=DOOR, object_id="door", name="Door", device_class="door"
        ),
        pb.ListEntitiesLockResponse(key=LOCK, object_id="lock", name="Lock"),
        pb.ListEntitiesEventResponse(key=EVENT, object_id="knob", name="Knob"),
    ]  # fmt: skip


def states() -> dict[int, Message]:
    """Return how everything is at first."""
    return {
        LIGHT: pb.LightStateResponse(
            key=LIGHT, state=True, brightness=0.5, color_mode=RGB_COLD_WARM, color_temperature=370
        ),
        WHITES: pb.LightStateResponse(
            key=WHITES, state=True, brightness=1, color_mode=COLOR_TEMP, cold_white=1
        ),
        PLUG: pb.SwitchStateResponse(key=PLUG, state=False),
        FAN: pb.FanStateResponse(key=FAN, state=False),
        COVER: pb.CoverStateResponse(key=COVER, position=0.0),
        HEAT: pb.ClimateStateResponse(
            key=HEAT, mode=3, current_temperature=20.5, target_temperature=19
        ),
        NUMBER: pb.NumberStateResponse(key=NUMBER, state=3),
        SELECT: pb.SelectStateResponse(key=SELECT, state="calm"),
        TEMP: pb.SensorStateResponse(key=TEMP, state=21.5),
        DOOR: pb.BinarySensorStateResponse(key=DOOR, state=False),
        LOCK: pb.LockStateResponse(key=LOCK, state=1),
    }


class Wire:
    """One connection: frames in and out, plain or encrypted."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._in, self.out = reader, writer
        self._noise: NoiseConnection | None = None

    async def shake_hands(self, key: bytes, name: str, mac: str) -> None:
        """Be the responder of the handshake. Raises InvalidTag for another key."""
        await self._frame()
        hello = await self._frame()
        self._send_frame(b"\x01" + name.encode() + b"\0" + mac.encode() + b"\0")
        noise = NoiseConnection.from_name(b"Noise_NNpsk0_25519_ChaChaPoly_SHA256")
        noise.set_as_responder()
        noise.set_psks(key)
        noise.set_prologue(b"NoiseAPIInit\x00\x00")
        noise.start_handshake()
        try:
            noise.read_message(hello[1:])
        except InvalidTag:
            self._send_frame(b"\x01Handshake MAC failure")
            raise
        self._send_frame(b"\x00" + bytes(noise.write_message()))
        self._noise = noise

    async def read(self) -> tuple[int, bytes]:
        if self._noise is not None:
            data = bytes(self._noise.decrypt(await self._frame()))
            return int.from_bytes(data[:2], "big"), data[4:]
        if (await self._in.readexactly(1)) != b"\0":
            self.out.write(b"\0Bad indicator byte")
            raise ConnectionError
        length, number = await self._varint(), await self._varint()
        return number, await self._in.readexactly(length)

    def send(self, number: int, data: bytes) -> None:
        if self._noise is not None:
            head = number.to_bytes(2, "big") + len(data).to_bytes(2, "big")
            self._send_frame(bytes(self._noise.encrypt(head + data)))
        else:
            self.out.write(b"\0" + _varint(len(data)) + _varint(number) + data)

    async def _frame(self) -> bytes:
        head = await self._in.readexactly(3)
        if head[0] != 1:
            self._send_frame(b"\x01Bad indicator byte")
            raise ConnectionError
        return await self._in.readexactly(int.from_bytes(head[1:], "big"))

    def _send_frame(self, data: bytes) -> None:
        self.out.write(b"\x01" + len(data).to_bytes(2, "big") + data)

    async def _varint(self) -> int:
        value = shift = 0
        while True:
            (byte,) = await self._in.readexactly(1)
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value


def _varint(value: int) -> bytes:
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


class Node:
    def __init__(self, mac: str, key: bytes | None) -> None:
        self.mac, self.key = mac, key
        self.wires: set[Wire] = set()
        self.reset()

    def reset(self) -> None:
        self.states = states()
        self.friendly_name = "Hall"
        self.commands: list[Any] = []
        self.connections = 0

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        wire = Wire(reader, writer)
        self.connections += 1
        try:
            if self.key is not None:
                await wire.shake_hands(self.key, "hall", self.mac.replace(":", ""))
            while True:
                number, data = await wire.read()
                message = MESSAGE_TYPE_TO_PROTO[number].FromString(data)
                for answer in self.answers(wire, message):
                    wire.send(NUMBERS[type(answer)], answer.SerializeToString())
                await writer.drain()
        except (OSError, EOFError, InvalidTag):
            pass
        finally:
            self.wires.discard(wire)
            with contextlib.suppress(OSError):
                await writer.drain()
            writer.close()

    def answers(self, wire: Wire, message: Message) -> list[Message]:
        told: list[Message] = []
        match type(message).__name__:
            case "HelloRequest":
                told = [
                    pb.HelloResponse(
                        api_version_major=1, api_version_minor=14, server_info="ESPHome",
                        name="hall",
                    )
                ]  # fmt: skip
            case "DeviceInfoRequest":
                told = [
                    pb.DeviceInfoResponse(
                        name="hall", friendly_name=self.friendly_name, mac_address=self.mac,
                        esphome_version="2026.5.1", model="esp32dev", manufacturer="Espressif",
                        suggested_area="Corridor",
                    )
                ]  # fmt: skip
            case "ListEntitiesRequest":
                told = [*entities(), pb.ListEntitiesDoneResponse()]
            case "SubscribeStatesRequest":
                self.wires.add(wire)
                told = list(self.states.values())
            case "PingRequest":
                told = [pb.PingResponse()]
            case "DisconnectRequest":
                told = [pb.DisconnectResponse()]
            case "AuthenticationRequest":
                pass
            case _:
                self.obey(message)
        return told

    def obey(self, message: Any) -> None:
        asked = MessageToDict(message, preserving_proto_field_name=True)
        self.commands.append({"message": type(message).__name__, **asked})
        if message.key not in self.states:
            return
        state = self.states[message.key]
        fields = {field.name for field, _ in message.ListFields()}
        if "has_rgb" in fields:
            fields |= {"has_red", "has_green", "has_blue"}
        for field in state.DESCRIPTOR.fields_by_name:
            if field not in ("key", "device_id") and (
                f"has_{field}" in fields or (field == "state" and field in fields)
            ):
                setattr(state, field, getattr(message, field))
        if type(message).__name__ == "SwitchCommandRequest":
            state.state = message.state
        self.tell(state)

    def tell(self, state: Message) -> None:
        self.raw(NUMBERS[type(state)], state.SerializeToString())

    def raw(self, number: int, data: bytes) -> None:
        for wire in self.wires:
            wire.send(number, data)

    async def test(self, request: web.Request) -> web.Response:
        body = await request.json()
        match request.match_info["what"]:
            case "change":
                state = self.states[body.pop("key")]
                for name, value in body.items():
                    setattr(state, name, value)
                self.tell(state)
            case "press":
                self.tell(pb.EventResponse(key=EVENT, event_type=body))
            case "raw":
                self.raw(body[0], bytes.fromhex(body[1]))
            case "name":
                self.friendly_name = body
            case "rubbish":
                self.rubbish(body)
            case "reset":
                self.reset()
            case "drop":
                for wire in tuple(self.wires):
                    wire.out.close()
        told = {
            key: MessageToDict(state, preserving_proto_field_name=True)
            for key, state in self.states.items()
        }
        return web.json_response(
            {"states": told, "commands": self.commands, "connections": self.connections}
        )

    def rubbish(self, count: int) -> None:
        """Send damaged states that can still be decoded; any other ends the connection."""
        dice, sent = random.Random(5), 0
        every = list(self.states.values())
        while sent < count:
            state = dice.choice(every)
            data = bytearray(state.SerializeToString())
            for _ in range(dice.randint(1, 4)):
                data[dice.randrange(len(data))] = dice.randrange(256)
            number = dice.choice([NUMBERS[type(state)], dice.randint(21, 27), 500])
            with contextlib.suppress(DecodeError):
                if number in MESSAGE_TYPE_TO_PROTO:
                    MESSAGE_TYPE_TO_PROTO[number].FromString(bytes(data))
                self.raw(number, bytes(data))
                sent += 1


async def main() -> None:
    port, test_port, mac, *key = sys.argv[1:]
    node = Node(mac, base64.b64decode(key[0]) if key else None)
    app = web.Application()
    app.router.add_post("/test/{what}", node.test)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", int(test_port)).start()
    async with await asyncio.start_server(node.talk, "127.0.0.1", int(port)):
        print("ready", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
