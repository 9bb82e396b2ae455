"""Shelly devices of ours in processes of their own, and the driver at them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from drivers.lan import LanDriver
from drivers.registry import Place
from drivers.shelly import create
from drivers.shelly_settings import ShellySettings
from drivers.types import DeviceId
from tests.drivers.lan_rig import FakeDevice, device

MAC, PASSWORD = "02005E00530B", "open sesame"
OWN_ID = DeviceId(f"shelly:{MAC.lower()}")


def output(key: str) -> DeviceId:
    return DeviceId(f"{OWN_ID}:{key}")


@contextmanager
def shelly(password: str = "") -> Iterator[FakeDevice]:
    with device("shelly_device", MAC, *([password] if password else [])) as ready:
        yield ready


def driver_at(one: FakeDevice, folder: Path | None = None, password: str = "") -> LanDriver:
    where: dict[str, object] = {"host": "127.0.0.1", "port": one.port}
    if folder is not None:
        file = folder / "cellar.password"
        file.write_text(f"{password}\n")
        where["password_file"] = file
    settings = ShellySettings.model_validate({"devices": {"cellar": where}})
    return create(settings, Place(lambda: 0.0, Path("/nonexistent")))
