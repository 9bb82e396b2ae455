"""TP-Link devices of ours in processes of their own, and the driver at them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from drivers.kasa import create
from drivers.kasa_settings import KasaSettings
from drivers.lan import LanDriver
from drivers.registry import Place
from drivers.types import DeviceId
from tests.drivers.lan_rig import FakeDevice, device

LOGIN = ("someone@example.org", "open sesame")
OWN_ID = DeviceId("kasa:02005e00530c")


@contextmanager
def thing(kind: str, protocol: str = "xor") -> Iterator[FakeDevice]:
    login = LOGIN if protocol != "xor" else ()
    wire = "xor" if protocol == "xor" else "klap"
    with device("kasa_device", kind, wire, *login, own_test_port=True) as ready:
        yield ready


def driver_at(
    one: FakeDevice,
    folder: Path | None = None,
    protocol: str = "xor",
    login: tuple[str, ...] = LOGIN,
    poll_s: float = 0.2,
) -> LanDriver:
    where: dict[str, Any] = {"host": "127.0.0.1", "port": one.port, "protocol": protocol}
    if folder is not None:
        file = folder / "tplink.login"
        file.write_text("\n".join(login) + "\n")
        where["login_file"] = file
    settings = KasaSettings.model_validate({"devices": {"one": where}, "poll_s": poll_s})
    return create(settings, Place(lambda: 0.0, Path("/nonexistent")))
