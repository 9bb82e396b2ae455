"""How the values of Home Assistant's entities become states."""

import re
from collections.abc import Callable
from dataclasses import replace

from drivers.mqtt_values import spoken
from drivers.types import BadPayload, DeviceState

_SLUG = re.compile(r"[^a-z0-9]+")


def on_off(yes: str, no: str) -> Callable[[object, DeviceState], DeviceState]:
    """Return what takes a value for on or off; raises BadPayload for others."""

    def take(value: object, before: DeviceState) -> DeviceState:
        return replace(before, on=either(value, yes, no))

    return take


def either(value: object, yes: str, no: str) -> bool:
    """Return which of two words a value is. Raises BadPayload for a third."""
    text = spoken(value)
    if text == yes:
        return True
    if text == no:
        return False
    raise BadPayload("neither of its two states")


def measured(kind: str, value: float | bool | str, before: DeviceState) -> DeviceState:
    """Return the state with one more value."""
    return before.measuring({**before.values, kind: value})


def kind_of(text: str) -> str:
    """Return what to call a value that has no kind of drivers.measures."""
    return _SLUG.sub("_", text.lower()).strip("_")[:40] or "value"
