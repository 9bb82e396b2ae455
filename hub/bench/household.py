"""A whole hub at home: time to start, memory, processor time, camera to lamp.

Every figure is of the real processes. The pictures are the demo's: a photograph that moves and is
lit, and the same room while nobody is in it, as MJPEG files in a temporary folder.
"""

import asyncio
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiomqtt
import cv2

from drivers.demo_camera import AWAY_S, ROUND_S, WALK_S, DemoScene
from hub.bench import reaction
from hub.bench.figures import Figure, at_most, plain
from hub.bench.processes import (
    QUIET,
    START_LIMIT_S,
    broker,
    hub,
    hub_command,
    running,
    write_config,
)
from hub.control_client import ControlClient
from hub.errors import HubError
from hub.process_stats import process_stats

WIDTH, HEIGHT = 640, 480
FPS = 10
SETTLE_S = 6.0
SPARE_S = 15.0
VISIT_S = 2.0 + WALK_S
STAYS_S = ROUND_S - AWAY_S - 2 * WALK_S
"""The person is in the picture from 0 until then, and out of it WALK_S later, for AWAY_S."""


def measure(*, quick: bool) -> list[Figure]:
    """Measure start, memory and processor time in four situations."""
    seconds = 8.0 if quick else 30.0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        empty, face, visits = (folder / f"{n}.avi" for n in ("empty", "face", "visits"))
        scene = DemoScene(WIDTH, HEIGHT)
        length = SETTLE_S + seconds + SPARE_S
        _clip(empty, scene, length, since=STAYS_S + WALK_S, lasting=AWAY_S)
        _clip(face, scene, length, since=0.0, lasting=STAYS_S)
        _clip(visits, scene, length * 2, since=STAYS_S - VISIT_S, lasting=2 * VISIT_S)
        with broker(folder) as port:
            return [
                *_start_and_idle(folder / "idle", port, seconds),
                *_camera(folder / "nobody", port, empty, "nobody", 5.0, seconds),
                *_camera(folder / "somebody", port, face, "one_face", 25.0, seconds),
                *_latency(folder / "latency", port, visits, seconds * 2),
            ]


def _start_and_idle(folder: Path, port: int, seconds: float) -> list[Figure]:
    """Start twice: the first time makes the files, the second is every later start."""
    folder.mkdir()
    first = _first_action(folder, port)
    second = _first_action(folder, port)
    with hub(folder, _config(port, None)) as (pid, client):
        time.sleep(SETTLE_S)
        cpu = _cpu_share(pid, client, seconds)
        memory = client.call("status")["rss_mb"]["hub"]
    return [
        plain("very_first_action", first, "s", "makes the state directory too"),
        at_most("first_action", second, "s", 2.0, "process start to first lamp command"),
        at_most("hub_rss", memory, "MB", 80, "MQTT driver, rules, store; no senses"),
        at_most("idle_cpu", cpu, "% of a core", 1.0, "no senses"),
    ]


def _first_action(folder: Path, port: int) -> float:
    """Return seconds from the start of a hub to its first command for a sensor's value."""

    async def wait(started: float) -> float:
        async with aiomqtt.Client("127.0.0.1", port, identifier="bench-start") as client:
            await client.subscribe("hub/out")
            value = 0
            while time.monotonic() - started < START_LIMIT_S:
                value = 100 - value
                await client.publish("hub/in", str(value))
                try:
                    async with asyncio.timeout(0.02):
                        await anext(client.messages)
                except TimeoutError:
                    continue
                return time.monotonic() - started
        raise HubError(f"no command within {START_LIMIT_S:.0f} s of the start")

    file = write_config(folder, reaction.config(port))
    started = time.monotonic()
    with running(*hub_command(file), environment=QUIET):
        return asyncio.run(wait(started))


def _camera(
    folder: Path, port: int, clip: Path, name: str, limit: float, seconds: float
) -> list[Figure]:
    folder.mkdir()
    with hub(folder, _config(port, clip)) as (pid, client):
        _consent(client)
        _wait(client, lambda s: s["sense_process"]["frames"] > 0)
        time.sleep(SETTLE_S)
        before = client.call("status")["sense_process"]
        cpu = _cpu_share(pid, client, seconds)
        status = client.call("status")
        now, memory = status["sense_process"], status["rss_mb"]
    frames = (now["frames"] - before["frames"]) / seconds
    return [
        at_most(f"{name}_cpu", cpu, "% of a core", limit, f"hub + sensing, {frames:.1f} frames/s"),
        plain(f"{name}_sense_rss", memory["sense"] or 0, "MB"),
    ]


def _latency(folder: Path, port: int, clip: Path, seconds: float) -> list[Figure]:
    """Someone comes and goes; each coming is a mood that commands the lamp.

    From the capture of the newest picture when it was decided to the command's outcome.
    """
    folder.mkdir()
    config = _config(port, clip, fps=10)
    config["guards"] = {"min_change_interval_s": 0, "confidence_floor": 0}
    config["mood"] = {"tick_s": 0.1, "half_life_s": {"face": 0.15}}
    config["rules"] = {
        "always": {
            "room": "den",
            "when": {"mood": {"valence": [-1, 1], "confidence": 0}},
            "then": {"scene": "dim"},
            "cooldown_s": 0,
        }
    }
    with hub(folder, config) as (_pid, client):
        _consent(client)
        _wait(client, lambda s: s["counts"]["decisions"] > 0)
        time.sleep(seconds)
        status = client.call("status")
        latency, count = status["camera_to_command_ms"], status["counts"]["decisions"]
    if latency["p95"] is None:
        raise HubError("no mood from the camera led to a command")
    return [
        plain("camera_to_command_p50", latency["p50"], "ms", f"10 fps, {count} decisions"),
        at_most("camera_to_command_p95", latency["p95"], "ms", 150, "10 fps"),
    ]


def _config(port: int, clip: Path | None, fps: float = 5) -> dict[str, Any]:
    cameras = {"eye": {"room": "den", "url": str(clip), "max_fps": fps}} if clip else {}
    return {
        "rooms": {"den": {"devices": ["mqtt:lamp"]}},
        "people": {"ada": {}},
        "senses": {"text": {"enabled": False}, "cameras": cameras},
        "drivers": {
            "mqtt": {
                "port": port,
                "devices": {
                    "lamp": {
                        "kind": "light",
                        "dialect": "json_light",
                        "state_topic": "lamp",
                        "command_topic": "lamp/set",
                    }
                },
            }
        },
        "scenes": {"dim": {"lights": {"level": 0.2}}},
    }


def _consent(client: ControlClient) -> None:
    client.call("consent", action="give", person="ada", sense="face")


def _wait(client: ControlClient, ready: Callable[[dict[str, Any]], bool]) -> None:
    deadline = time.monotonic() + 40
    while not ready(client.call("status")):
        if time.monotonic() > deadline:
            raise HubError("the camera did not come up")
        time.sleep(0.2)


def _cpu_share(pid: int, client: ControlClient, seconds: float) -> float:
    """Return the processor time of hub and sensing process together, in percent of a core."""
    pids = [p for p in (pid, client.call("status")["sense_process"]["pid"]) if p]
    before = sum(stats.cpu_s for p in pids if (stats := process_stats(p)))
    time.sleep(seconds)
    after = sum(stats.cpu_s for p in pids if (stats := process_stats(p)))
    return (after - before) / seconds * 100


def _clip(path: Path, scene: DemoScene, length: float, since: float, lasting: float) -> None:
    """Write `length` seconds that go through this part of the scene again and again."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), FPS, (WIDTH, HEIGHT))
    if not writer.isOpened():
        raise HubError("OpenCV cannot write the measurement's clip")
    try:
        for number in range(round(FPS * length)):
            writer.write(scene.picture(since + number / FPS % lasting))
    finally:
        writer.release()
