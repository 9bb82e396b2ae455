"""`moodsync check` remarks on devices that nobody knows."""

import argparse
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from drivers.types import Device, DeviceId
from hub.act.known_devices import KnownDevices
from hub.cli.local import check
from hub.clock import SystemClock
from hub.store.schema import File
from hub.unseen_devices import Unseen
from tests.hub.store_support import opened

ROOMS = {"den": {"devices": ["mqtt:lamp", "mqtt:lmap", "mqtt:0x000b57fffedbb9f4", "hue:x"]}}
CONFIG: dict[str, Any] = {
    "rooms": ROOMS,
    "drivers": {"mqtt": {"devices": {"lamp": {"kind": "switch", "state_topic": "a",
                                              "command_topic": "b"}}}, "hue": {}},
    "rules": {"r": {"room": "den", "then": {"restore": True}, "when": {"sensor": {
        "device": "mqtt:0x000b57fffedbb9f3", "kind": "motion", "is": True}}}},
}  # fmt: skip


def checked(folder: Path, capsys: pytest.CaptureFixture[str], config: Any, *, js: bool) -> str:
    file = folder / "hub.yaml"
    file.write_text(yaml.safe_dump({**config, "store": {"directory": str(folder)}}))
    assert check(argparse.Namespace(config=file, json=js)) == 0
    return capsys.readouterr().out


async def test_ids_that_were_never_seen_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = json.loads(checked(tmp_path, capsys, CONFIG, js=True))["unseen_devices"]
    assert [one["device"] for one in before] == [
        "mqtt:lmap", "mqtt:0x000b57fffedbb9f4", "hue:x", "mqtt:0x000b57fffedbb9f3",
    ]  # fmt: skip
    assert before[0]["meant"] == "mqtt:lamp"
    clock = SystemClock()
    async with opened(tmp_path, clock) as store:
        known = KnownDevices(store.config, clock)
        for device in ("mqtt:0x000b57fffedbb9f3", "hue:x"):
            known.here(Device(DeviceId(device), "Lamp", device.partition(":")[0], ()))
        await known.save()
        told = checked(tmp_path, capsys, CONFIG, js=False)
    assert told.splitlines() == [
        "rooms.den.devices: no device mqtt:lmap was ever seen; did you mean mqtt:lamp?",
        (
            "rooms.den.devices: no device mqtt:0x000b57fffedbb9f4 was ever seen; "
            "did you mean mqtt:0x000b57fffedbb9f3?"
        ),
        "ok",
    ]


def test_nothing_is_said_where_every_id_is_known(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = {**CONFIG, "rooms": {"den": {"devices": ["mqtt:lamp"]}}, "rules": {}}
    assert checked(tmp_path, capsys, config, js=False) == "ok\n"
    (tmp_path / File.CONFIG).write_bytes(b"no database")
    assert checked(tmp_path, capsys, config, js=False) == "ok\n"
    assert str(Unseen("a", "mqtt:b", None)) == "a: no device mqtt:b was ever seen"
