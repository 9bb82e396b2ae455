"""ESPHome nodes of ours in processes of their own, and the driver at them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from drivers.esphome import create
from drivers.esphome_settings import EsphomeSettings
from drivers.lan import LanDriver
from drivers.registry import Place
from drivers.types import DeviceId
from tests.drivers.lan_rig import FakeDevice, device

MAC, KEY = "02:00:5E:00:53:0A", "kd3+sC9yZAbK8Gz3ZrZ9q9F8T2bA7mK5xW1vN4cQ0hE="
OTHER_KEY = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
NODE_ID = DeviceId("esphome:02005e00530a")


def entity(kind: str, name: str) -> DeviceId:
    return DeviceId(f"{NODE_ID}:{kind}:{name}")


@contextmanager
def node(key: str = "") -> Iterator[FakeDevice]:
    with device("esphome_node", MAC, *([key] if key else []), own_test_port=True) as ready:
        yield ready


def driver_at(one: FakeDevice, folder: Path | None = None, key: str = "") -> LanDriver:
    where: dict[str, object] = {"host": "127.0.0.1", "port": one.port}
    if folder is not None:
        file = folder / "hall.key"
        file.write_text(f"{key}\n")
        where["key_file"] = file
    settings = EsphomeSettings.model_validate({"devices": {"hall": where}})
    return create(settings, Place(lambda: 0.0, Path("/nonexistent")))
