"""What a device says of itself, made fit to be shown, stored and passed on.

A name comes from whoever answers at an address: it may hold control characters that rewrite a
terminal, marks that turn the reading direction, or a megabyte; or be no text at all.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from drivers.capabilities import Adjusts, Capability, Selects
from drivers.device import Device, DeviceInfo, DeviceState

LONGEST: Final = 80
LONGEST_TITLE: Final = 300
"""Of what plays: an address or the name of a piece."""
LONGEST_ANSWER: Final = 1000
"""Of a text in an operation's answer, or a line of how it goes."""
_ADDRESS: Final = re.compile(r"[0-9a-f]{12}([0-9a-f]{4})?")
"""EUI-48 or EUI-64."""


def shown(text: object, longest: int = LONGEST) -> str:
    """Return a stranger's text as it may be shown; nothing for what is no text."""
    if not isinstance(text, str):
        return ""
    return text if _is_fit(text, longest) else _cleaned(text[:longest])


def presentable(device: Device, before: Device | None = None) -> Device:
    """Return a device whose texts may be shown: itself when they may already.

    `before` is what this returned for the device last: what is still the same object is not looked
    at again. The hub's port does this to all that drivers announce, so that none need think of it.
    """
    state = _state(device.state)
    if (
        before is not None
        and device.name is before.name
        and device.info is before.info
        and device.capabilities is before.capabilities
    ):
        return device if state is device.state else replace(device, state=state)
    name = shown(device.name) or str(device.id)
    info = None if device.info is None else _info(device.info)
    able = tuple(_capability(one) for one in device.capabilities)
    if (name, info, able) == (device.name, device.info, device.capabilities):
        return device if state is device.state else replace(device, state=state)
    return replace(device, name=name, info=info, capabilities=able, state=state)


def presentable_answer(answer: Any, longest: int = LONGEST_ANSWER) -> Any:
    """Return plain data, as an operation answers with it, whose texts may be shown; keys too."""
    match answer:
        case str():
            return shown(answer, longest)
        case Mapping():
            return {
                shown(str(key), longest): presentable_answer(value, longest)
                for key, value in answer.items()
            }
        case list() | tuple():
            return [presentable_answer(one, longest) for one in answer]
        case _:
            return answer


def hardware_address(text: str) -> str:
    """Return a hardware address as hexadecimal digits alone: it becomes part of the device's id.

    Raises ValueError for what is none.
    """
    digits = text.replace(":", "").replace("-", "").lower()
    if _ADDRESS.fullmatch(digits) is None:
        raise ValueError("the device does not say its hardware address")
    return digits


def _info(info: DeviceInfo) -> DeviceInfo:
    parts = (info.manufacturer, info.model, info.version, info.suggested_room)
    return DeviceInfo(*(shown(part) for part in parts))


def _capability(able: Capability) -> Capability:
    """Return a capability whose words may be shown; its driver then refuses what it cannot mean."""
    match able:
        case Selects():
            return Selects(tuple(shown(option) for option in able.options))
        case Adjusts():
            return replace(able, unit=shown(able.unit))
        case _:
            return able


def _state(state: DeviceState) -> DeviceState:
    """Return a state whose texts may be shown: what plays, an action, a word that was measured."""
    values, playing = state.values, state.playing
    for value in values.values():
        if isinstance(value, str) and not _is_fit(value, LONGEST):
            break
    else:
        if playing is None or _is_fit(playing, LONGEST_TITLE):
            return state
    told = {key: shown(v) if isinstance(v, str) else v for key, v in values.items()}
    return replace(state, values=told, playing=playing and shown(playing, LONGEST_TITLE))


def _is_fit(text: str, longest: int) -> bool:
    return len(text) <= longest and text.isprintable() and text == text.strip()


def _cleaned(text: str) -> str:
    return "".join(char for char in text if char.isprintable()).strip()
