"""The operation that lists straps and sensors in reach, with what the configuration needs."""

from collections.abc import Awaitable, Callable

from bleak.backends.scanner import AdvertisementData
from pydantic import Field

from drivers import bthome
from drivers.bluetooth_gatt import ENVIRONMENTAL_SENSING, HEART_RATE
from drivers.bluetooth_settings import BluetoothKind
from drivers.operations import Answer, Operation, Progress
from drivers.settings import Strict
from drivers.shown import shown
from drivers.types import DeviceId

Nearby = Callable[[str, DeviceId, AdvertisementData], None]
"""Takes what was heard: the address, the id it would have, what it said."""
Listen = Callable[[Nearby, float], Awaitable[None]]
LONGEST_NAME = 40
MOST_DEVICES = 100


class NearbyArguments(Strict):
    """How long to listen."""

    seconds: float = Field(default=10.0, ge=1, le=60, description="for how long to listen")


def nearby_operation(listen: Listen) -> Operation:
    """Return the operation; `listen` calls back for everything that is heard."""

    async def run(arguments: NearbyArguments, tell: Progress) -> Answer:
        found: dict[DeviceId, dict[str, object]] = {}

        def heard(address: str, device: DeviceId, said: AdvertisementData) -> None:
            kind = kind_of(said)
            if kind is None or (device not in found and len(found) >= MOST_DEVICES):
                return
            name = shown(said.local_name, LONGEST_NAME)
            if device not in found:
                tell(f"{device}  {kind}  {name}  {said.rssi} dBm")
            found[device] = {
                "id": device,
                "address": address,
                "kind": kind.value,
                "name": name,
                "rssi": said.rssi,
            }

        await listen(heard, arguments.seconds)
        return {"devices": sorted(found.values(), key=lambda one: str(one["id"]))}

    return Operation(
        "nearby",
        "List heart-rate straps and sensors in reach, with their addresses and ids",
        NearbyArguments,
        run,
        limit_s=90.0,
    )


def kind_of(said: AdvertisementData) -> BluetoothKind | None:
    """Return what kind of device speaks so; None for what the hub has no use for."""
    if HEART_RATE in said.service_uuids:
        return BluetoothKind.HEART_RATE
    if ENVIRONMENTAL_SENSING in said.service_uuids:
        return BluetoothKind.ENVIRONMENT
    return BluetoothKind.BTHOME if bthome.SERVICE in said.service_data else None
