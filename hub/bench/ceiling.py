"""The most events a second: many sensors, each sending its next value when its lamp was told.

One event of a sensor is under way at a time, so that none overtakes another and each is a reaction
of its own, as a flow in Node-RED would see it. Who sends is the driver's own link: aiomqtt at both
ends would measure itself. Turns of the hub and of a bare aiomqtt echo alternate on one broker.
"""

import asyncio
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from drivers.mqtt_client import MqttLink
from drivers.mqtt_connection import Broker
from hub.bench.figures import Figure, median, plain
from hub.bench.processes import START_LIMIT_S, broker, hub, running

LANES: Final = 32
ROUNDS, QUICK_ROUNDS = 5, 1
TURN_S: Final = 2.0
LAST_S: Final = 1.0
"""How long the last answers may take."""
VALUES: Final = (b"10", b"90")


def measure(*, quick: bool) -> list[Figure]:
    """Measure the hub and the echo, round by round."""
    with tempfile.TemporaryDirectory() as name, broker(Path(name)) as port:
        echo = running(sys.executable, "-m", "hub.bench.echo", str(port))
        with echo, hub(Path(name), config(port)) as (_, client):
            hubs, echoes = asyncio.run(_rounds(port, QUICK_ROUNDS if quick else ROUNDS))
            coalesced = float(client.call("status")["coalesced"])
    note = f"{LANES} sensors, one value under way each; coalesced {coalesced:.0f}"
    return [
        plain("reaction_ceiling", median(hubs), "events/s", note),
        plain("reaction_echo_ceiling", median(echoes), "events/s", "bare aiomqtt echo, the same"),
    ]


def config(port: int) -> dict[str, Any]:
    """Return a hub with a sensor, a lamp and two rules for each lane."""
    devices: dict[str, Any] = {}
    rules: dict[str, Any] = {}
    rooms: dict[str, Any] = {}
    for lane in range(LANES):
        devices[f"probe{lane}"] = {
            "kind": "sensor",
            "state_topic": f"hub/in/{lane}",
            "measures": ["value"],
        }
        devices[f"lamp{lane}"] = {
            "kind": "light",
            "dialect": "json_light",
            "state_topic": f"hub/lamp/{lane}",
            "command_topic": f"hub/out/{lane}",
        }
        rooms[f"room{lane}"] = {"devices": [f"mqtt:probe{lane}", f"mqtt:lamp{lane}"]}
        sensor = {"device": f"mqtt:probe{lane}", "kind": "value"}
        for scene, bound in (("bright", {"above": 50}), ("dim", {"below": 50})):
            rules[f"{scene}{lane}"] = {
                "room": f"room{lane}",
                "cooldown_s": 0,
                "when": {"sensor": sensor | bound},
                "then": {"scene": scene},
            }
    return {
        "rooms": rooms,
        "senses": {"text": {"enabled": False}},
        "drivers": {"mqtt": {"port": port, "devices": devices}},
        "scenes": {"bright": {"lights": {"level": 1.0}}, "dim": {"lights": {"level": 0.1}}},
        "rules": rules,
    }


class _Lanes:
    """Receives answers and sends what is next."""

    def __init__(self, topic: str) -> None:
        self.link: MqttLink | None = None
        self.answers = 0
        self.awaited = 0
        self.going = False
        self._topic = topic
        self._next = [0] * LANES

    def send(self, lane: int) -> None:
        """Send a lane's next value."""
        assert self.link is not None
        self._next[lane] ^= 1
        self.awaited += 1
        self.link.send(f"{self._topic}/in/{lane}", VALUES[self._next[lane]])

    def message(self, topic: str, _payload: bytes, _retained: bool) -> None:
        """Count an answer."""
        self.answers += 1
        self.awaited -= 1
        if self.going:
            self.send(int(topic.rpartition("/")[2]))

    def skipped(self) -> None:
        """Nothing is that long."""

    def turn_over(self) -> None:
        """Nothing waits."""


async def _rounds(port: int, rounds: int) -> tuple[list[float], list[float]]:
    per_s: dict[str, list[float]] = {"hub": [], "echo": []}
    for number in range(rounds + 1):
        for topic, found in per_s.items():
            one = await _turn(port, topic)
            if number:  # the first round warms both up
                found.append(one)
    return per_s["hub"], per_s["echo"]


async def _turn(port: int, topic: str) -> float:
    """Return answers a second. Raises TimeoutError when an answer does not come."""
    lanes = _Lanes(topic)
    who = Broker("127.0.0.1", port, f"bench-{topic}", 30, 65_536)
    async with MqttLink.open(who, lanes) as link:
        lanes.link = link
        await link.subscribe([f"{topic}/out/{lane}" for lane in range(LANES)])
        await _wake(lanes)
        lanes.going, lanes.answers, lanes.awaited = True, 0, 0
        started = time.perf_counter()
        for lane in range(LANES):
            lanes.send(lane)
        await asyncio.sleep(TURN_S)
        lanes.going = False
        answers, took = lanes.answers, time.perf_counter() - started
        await asyncio.sleep(LAST_S)
        if lanes.awaited:
            raise TimeoutError(f"{topic} left {lanes.awaited} sensors without an answer")
    return answers / took


async def _wake(lanes: _Lanes) -> None:
    """Send until every lane has answered: whoever answers may still be starting."""
    async with asyncio.timeout(START_LIMIT_S):
        while lanes.answers < LANES:
            lanes.answers = 0
            for _ in VALUES:
                for lane in range(LANES):
                    lanes.send(lane)
                await asyncio.sleep(0.5)
