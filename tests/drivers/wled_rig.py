"""WLED strips of ours in processes of their own, and the driver at them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from drivers.lan import LanDriver
from drivers.registry import Place
from drivers.types import DeviceId
from drivers.wled import create
from drivers.wled_settings import WledSettings
from tests.drivers.lan_rig import FakeDevice, device

MACS = {kind: f"a0b1c2d3e4f{n}" for n, kind in enumerate(("rgb", "rgbcct", "segments", "quiet"))}
IDS = {kind: DeviceId(f"wled:{mac}") for kind, mac in MACS.items()}


@contextmanager
def controller(kind: str) -> Iterator[FakeDevice]:
    with device("wled_strip", MACS[kind], kind) as ready:
        yield ready


def driver_at(*strips: FakeDevice) -> LanDriver:
    devices = {
        f"strip_{n}": {"host": "127.0.0.1", "port": one.port} for n, one in enumerate(strips)
    }
    settings = WledSettings.model_validate({"devices": devices})
    return create(settings, Place(lambda: 0.0, Path("/nonexistent")))
