"""What a device says of itself, made fit to be shown, stored and passed on.

A name comes from whoever answers at an address: it may hold control characters that rewrite a
terminal, marks that turn the reading direction, or a megabyte; or be no text at all.
"""

import re
from dataclasses import replace
from typing import Final

from drivers.device import Device, DeviceInfo

LONGEST: Final = 80
_ADDRESS: Final = re.compile(r"[0-9a-f]{12}([0-9a-f]{4})?")
"""EUI-48 or EUI-64."""


def shown(text: object) -> str:
    """Return a stranger's text as it may be shown; nothing for what is no text."""
    if not isinstance(text, str):
        return ""
    return text if len(text) <= LONGEST and _is_clean(text) else _cleaned(text[:LONGEST])


def presentable(device: Device) -> Device:
    """Return a device whose texts may be shown: itself when they may already."""
    info = device.info
    clean = DeviceInfo(
        shown((info or DeviceInfo()).manufacturer),
        shown((info or DeviceInfo()).model),
        shown((info or DeviceInfo()).version),
        shown((info or DeviceInfo()).suggested_room),
    )
    name = shown(device.name) or str(device.id)
    if name == device.name and (info is None or clean == info):
        return device
    return replace(device, name=name, info=None if info is None else clean)


def hardware_address(text: str) -> str:
    """Return a hardware address as hexadecimal digits alone: it becomes part of the device's id.

    Raises ValueError for what is none.
    """
    digits = text.replace(":", "").replace("-", "").lower()
    if _ADDRESS.fullmatch(digits) is None:
        raise ValueError("the device does not say its hardware address")
    return digits


def _is_clean(text: str) -> bool:
    return text.isprintable() and text == text.strip()


def _cleaned(text: str) -> str:
    return "".join(char for char in text if char.isprintable()).strip()
