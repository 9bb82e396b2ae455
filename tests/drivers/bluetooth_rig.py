"""A house with Bluetooth devices, and the driver that is to use some of them."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from drivers.bluetooth import BluetoothDriver
from drivers.bluetooth_settings import BluetoothSettings
from drivers.types import DeviceId
from tests.fakes.bluez import Bluez
from tests.fakes.bluez_on_bus import bluez
from tests.fakes.bluez_peripheral import Peripheral, strap

STRAP, OTHER, NEIGHBOUR = (f"C0:FF:EE:00:00:0{n}" for n in (1, 2, 3))
THERMOMETER, AIR = "A4:C1:38:00:00:01", "D0:00:00:00:00:01"
STRAP_ID, OTHER_ID = DeviceId("bluetooth:c0ffee000001"), DeviceId("bluetooth:c0ffee000002")
THERMOMETER_ID = DeviceId("bluetooth:a4c138000001")
AIR_ID = DeviceId("bluetooth:d00000000001")

DEVICES: dict[str, Any] = {
    "strap": {"address": STRAP, "kind": "heart_rate"},
    "thermometer": {"address": THERMOMETER, "kind": "bthome", "name": "Balcony"},
}


def thermometer() -> Peripheral:
    one = Peripheral(THERMOMETER, "ATC")
    one.service_data[0xFCD2] = bytes.fromhex("40000102ca0903bf13")
    return one


def air() -> Peripheral:
    return Peripheral(
        AIR,
        "Air",
        (0x181A,),
        services={
            0x181A: {
                0x2A6E: (b"\x66\x08", ("read", "notify")),
                0x2A6F: (b"\x88\x13", ("read",)),
                0x2B8C: (b"\xff\xff", ("read", "notify")),
            }
        },
    )


SETTINGS: dict[str, Any] = {"devices": DEVICES, "scan_s": 0.4, "pause_s": 0.05}


@contextmanager
def house(folder: Path) -> Iterator[Bluez]:
    """A service with a strap that is worn and a thermometer."""
    with bluez(folder) as service:
        service.bring(strap(STRAP), thermometer())
        yield service


def driver_for(devices: dict[str, Any] | None = None, **more: Any) -> BluetoothDriver:
    given = SETTINGS | ({} if devices is None else {"devices": devices}) | more
    return BluetoothDriver(BluetoothSettings.model_validate(given), time.monotonic)
