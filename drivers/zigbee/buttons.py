"""What a remote control's cluster commands mean.

A remote sends the commands that it would send to a lamp. Their numbers are those of the Zigbee
Cluster Library; what a maker adds to it is understood through quirks only.
"""

from collections.abc import Sequence
from typing import Any, Final

from drivers.zigbee.readings import LEVEL, MULTISTATE, ON_OFF

SCENES, WINDOW = 0x0005, 0x0102
CLIENTS: Final = (ON_OFF, LEVEL, SCENES, WINDOW, 0x0300)
"""Clusters that are bound on remotes, so that they talk to the hub."""
_ON_OFF: Final = {0x00: "off", 0x01: "on", 0x02: "single", 0x40: "off", 0x41: "on", 0x42: "on"}
_WINDOW: Final = {0x00: "open", 0x01: "close", 0x02: "stop"}
_MULTISTATE: Final = {
    0: "hold",
    1: "single",
    2: "double",
    3: "triple",
    4: "quadruple",
    255: "release",
}
_MOVES, _STEPS, _STOPS = (0x01, 0x05), (0x02, 0x06), (0x03, 0x07)
_RECALL: Final = 0x05
MULTISTATE_INPUT: Final = (MULTISTATE, 0x0055)
"""Cluster and attribute of a button that reports a number."""


def action(cluster: int, command: int, arguments: Sequence[Any]) -> str | None:
    """Return what the person did, None when it is nothing that a rule could be about."""
    match cluster:
        case 0x0006:
            return _ON_OFF.get(command)
        case 0x0008:
            return _dimming(command, arguments)
        case 0x0005 if command == _RECALL and len(arguments) > 1:
            return f"scene_{int(arguments[1])}"
        case 0x0102:
            return _WINDOW.get(command)
        case _:
            return None


def multistate(value: Any) -> str | None:
    """Return what a button means that reports a number (cluster 0x0012)."""
    try:
        return _MULTISTATE.get(int(value))
    except (TypeError, ValueError):
        return None


def _dimming(command: int, arguments: Sequence[Any]) -> str | None:
    if command in _STOPS:
        return "release"
    if not arguments:
        return None
    down = bool(arguments[0])
    if command in _MOVES:
        return "hold_down" if down else "hold_up"
    if command in _STEPS:
        return "down" if down else "up"
    return None
