"""A device as plain data, with what the hub knows of it besides."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from drivers.types import Device, DeviceId, DeviceInfo
from hub.act.known_devices import Given
from hub.words import what_plays

if TYPE_CHECKING:
    from hub.app import Hub


def device_view(device: Device) -> dict[str, Any]:
    """Return a device as its driver and the registry tell of it."""
    playing = device.state.playing
    return {
        "id": device.id,
        "name": device.name,
        "driver": device.driver,
        "room": device.room,
        "available": device.available,
        "simulated": device.simulated,
        "capabilities": [
            {"kind": type(c).__name__.lower()} | asdict(c) for c in device.capabilities
        ],
        "state": asdict(device.state) | {"playing": playing and what_plays(playing)},
        "info": asdict(device.info or DeviceInfo()),
    }


def full_view(hub: "Hub", device: Device) -> dict[str, Any]:
    """Return a device that is there, with what people gave it and when it was seen."""
    return device_view(device) | _known(hub, device.id)


def away_view(hub: "Hub", device: DeviceId) -> dict[str, Any]:
    """Return a device that is known but not there: disabled, or not seen since the start."""
    known = hub.devices.told(device) or _remembered(hub, device)
    return full_view(hub, hub.devices.settled(known))


def _remembered(hub: "Hub", device: DeviceId) -> Device:
    """Return a device that was not told of since the start, as the hub remembers it."""
    seen = hub.known_devices.seen(device)
    name, model = ("", "") if seen is None else (seen.name, seen.model)
    info = DeviceInfo(model=model)
    return Device(device, name, device.partition(":")[0], (), available=False, info=info)


def _known(hub: "Hub", device: DeviceId) -> dict[str, Any]:
    given = hub.known_devices.given(device) or Given()
    seen = hub.known_devices.seen(device)
    return {
        "given": {"name": given.name, "room": given.room},
        "hidden": given.hidden,
        "disabled": given.disabled,
        "first_seen_ms": None if seen is None else seen.first_ms,
        "last_seen_ms": None if seen is None else seen.last_ms,
    }
