"""One sentence, ten networks: a hub with all its drivers, and every peer asked what it did."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from tests.e2e.running import RunningHub, running_hub
from tests.fakes.demo_peers import CONFIG, Peers, demo_peers

pytestmark = [pytest.mark.slow, pytest.mark.peer, pytest.mark.timeout(600)]
LIMIT_S = 180.0
LAMPS = {
    "esphome",
    "hue",
    "kasa",
    "lifx",
    "matter",
    "mqtt",
    "shelly",
    "wled",
    "zigbee",
    "zwave",
}


def until(what: Callable[[], Any], is_so: Callable[[Any], bool]) -> Any:
    """Ask until the answer is right; return it."""
    deadline = time.monotonic() + LIMIT_S
    while not is_so(answer := what()):
        assert time.monotonic() < deadline, answer
        time.sleep(0.3)
    return answer


def listed(hub: RunningHub) -> dict[str, Any]:
    return {device["id"]: device for device in hub.cli("devices", "list")["devices"]}


def test_one_mood_changes_lamps_on_all_networks_at_once(tmp_path: Path) -> None:
    with demo_peers(tmp_path) as peers, patch.dict(os.environ, peers.environment):
        with running_hub(tmp_path / "hub", {"drivers": peers.drivers}, CONFIG) as hub:
            _let_in(hub, peers)
            devices = until(lambda: listed(hub), lambda known: _with_lamps(known) >= LAMPS)
            assert "bluetooth:c0ffee000001" in devices
            assert not any(_is_bright(level) for level in peers.lamps().values())
            hub.cli("consent", "give", "ada", "text")
            hub.cli("say", "what a wonderful, lovely day, I am so happy!")
            until(peers.lamps, lambda lamps: all(map(_is_bright, lamps.values())))
            (room,) = hub.cli("moods", "--once")["rooms"]
            assert [decision["rule"] for decision in room["decisions"]][:1] == ["share_the_joy"]


def _is_bright(level: float) -> bool:
    """Return whether a lamp is as the scene has it."""
    return level == pytest.approx(0.8, abs=0.02)


def _let_in(hub: RunningHub, peers: Peers) -> None:
    """Do what a person does once: press the bridge's button, open the Zigbee network."""
    peers.press_link_button()
    until(lambda: _done(hub, "pair", "hue"), bool)
    until(lambda: _done(hub, "permit-join", "zigbee", "seconds=5"), bool)


def _done(hub: RunningHub, *what: str) -> bool:
    """Return whether it was done; until its driver has connected it cannot be."""
    try:
        hub.cli("devices", *what)
    except AssertionError as err:
        assert "Traceback" not in str(err)  # noqa: PT017 - what else there is, is waited for
        return False
    return True


def _with_lamps(devices: dict[str, Any]) -> set[str]:
    return {
        device["driver"]
        for device in devices.values()
        if device["available"] and device["room"] == "living_room"
    }
