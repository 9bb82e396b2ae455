"""Commands to the components of a Shelly as calls.

Source: the component pages of Shelly's Gen2+ API (shelly-api-docs.shelly.cloud).
"""

from typing import Any, Final

from drivers.colour import rgb_of_xy
from drivers.promises import clamp
from drivers.shelly_parts import THERMOSTAT_C, Shelly
from drivers.shelly_values import Part, whites_of
from drivers.types import (
    Command,
    Covers,
    Device,
    Refused,
    SetCover,
    SetLight,
    SetSwitch,
    SetTemperature,
)
from drivers.wishes import wish

Call = tuple[str, dict[str, Any]]
LIGHTS: Final = {"light": "Light", "rgb": "RGB", "rgbw": "RGBW", "cct": "CCT", "rgbcct": "RGBCCT"}
LEAST_FADE_S: Final = 0.5
"""Shorter ones are refused by the device."""


def call_of(shelly: Shelly, device: Device, command: Command) -> Call:
    """Return the call that carries out a command which the device promised. Raises Refused."""
    key = str(device.id).removeprefix(f"{shelly.id}:")
    component, _, number = key.partition(":")
    base = {"id": int(number)} if number.isdecimal() else {}
    match command:
        case SetSwitch(on=on):
            name = LIGHTS.get(component, "Switch")
            return f"{name}.Set", base | {"on": on}
        case SetLight() if component in LIGHTS:
            return f"{LIGHTS[component]}.Set", base | _light(component, shelly.config(key), command)
        case SetLight():  # a relay with a lamp
            on = command.on is not False and command.level != 0
            return "Switch.Set", base | {"on": on}
        case SetCover(position=position):
            covers = device.capability(Covers)
            if covers is not None and covers.stops_anywhere:
                return "Cover.GoToPosition", base | {"pos": round(position * 100)}
            return ("Cover.Open" if position >= 0.5 else "Cover.Close"), base  # noqa: PLR2004 - half
        case SetTemperature(target_c=target_c):
            target = clamp(target_c, *THERMOSTAT_C)
            return "Thermostat.SetConfig", {"config": base | {"target_C": target}}
        case _:
            raise Refused(f"{device.name} cannot {wish(command)}")


def _light(component: str, config: Part, command: SetLight) -> dict[str, Any]:
    wanted: dict[str, Any] = {}
    if command.transition_s > 0:
        wanted["transition_duration"] = max(LEAST_FADE_S, command.transition_s)
    if command.on is False or command.level == 0:
        return wanted | {"on": False}
    wanted["on"] = True
    if command.level is not None:
        wanted["brightness"] = max(1, round(command.level * 100))
    if command.xy is not None:
        wanted["rgb"] = [round(colour * 255) for colour in rgb_of_xy(command.xy)]
        if component == "rgbw":
            wanted["white"] = 0
        if component == "rgbcct":
            wanted["mode"] = "rgb"
    elif command.kelvin is not None:
        wanted["ct"] = round(clamp(command.kelvin, *whites_of(config)))
        if component == "rgbcct":
            wanted["mode"] = "cct"
    return wanted
