"""Lights of ESPHome: which colour modes they have, and the one that a command needs.

A mode is a set of channels (aioesphomeapi's LightColorCapability); a light is in one at a time.
Temperatures are mireds (1,000,000 / kelvin) there.
"""

from collections.abc import Callable, Sequence
from typing import Any

from aioesphomeapi.client import APIClient
from aioesphomeapi.model import (
    APIVersion,
    EntityState,
    LightColorCapability,
    LightInfo,
    LightState,
)

from drivers.colour import rgb_of_xy, xy_of_rgb
from drivers.promises import clamp
from drivers.types import (
    Capability,
    Colorful,
    Command,
    DeviceState,
    Dimmable,
    SetLight,
    SetSwitch,
    Switchable,
    Tunable,
)

BRIGHTNESS, RGB = LightColorCapability.BRIGHTNESS, LightColorCapability.RGB
TEMPERATURE, TWO_WHITES = (
    LightColorCapability.COLOR_TEMPERATURE,
    LightColorCapability.COLD_WARM_WHITE,
)
WHITE = LightColorCapability.WHITE
MIREDS = 1_000_000
Made = tuple[
    tuple[Capability, ...],
    Callable[[EntityState, DeviceState], DeviceState],
    Callable[[APIClient, Command, DeviceState], bool],
]


def light_entity(info: LightInfo, version: APIVersion) -> Made:
    """Return a light's capabilities, its reader and its sender; see esphome_entities.Entity."""
    modes = [int(mode) for mode in info.supported_color_modes_compat(version)]
    has = 0
    for mode in modes:
        has |= mode
    warm, cold = info.max_mireds, info.min_mireds
    tunable = bool(has & (TEMPERATURE | TWO_WHITES)) and 0 < cold < warm
    capabilities: list[Capability] = [Switchable(light=True)]
    if has & BRIGHTNESS or (has and has != LightColorCapability.ON_OFF):
        capabilities.append(Dimmable(255))
    if tunable:
        capabilities.append(Tunable(round(MIREDS / warm), round(MIREDS / cold)))
    if has & RGB:
        capabilities.append(Colorful())

    def read(state: EntityState, before: DeviceState) -> DeviceState:
        if not isinstance(state, LightState):
            return before
        kelvin, xy = _colour(state, cold, warm) if tunable or has & RGB else (None, None)
        return DeviceState(
            on=state.state,
            level=round(clamp(state.brightness, 0, 1), 4) if len(capabilities) > 1 else None,
            kelvin=kelvin if tunable else None,
            xy=xy,
        )

    def send(client: APIClient, command: Command, _before: DeviceState) -> bool:
        match command:
            case SetSwitch(on=on):
                wanted: dict[str, Any] = {"state": on}
            case SetLight():
                wanted = _wanted(command, modes, cold, warm)
            case _:
                return False
        client.light_command(info.key, device_id=info.device_id, **wanted)
        return True

    return tuple(capabilities), read, send


def _colour(
    state: LightState, cold: float, warm: float
) -> tuple[int | None, tuple[float, float] | None]:
    mode = int(state.color_mode)
    rgb = (state.red, state.green, state.blue)
    if mode & RGB and any(rgb) and state.color_brightness > 0:
        return None, xy_of_rgb(rgb)
    if mode & TEMPERATURE and state.color_temperature > 0:
        return round(MIREDS / clamp(state.color_temperature, cold, warm)), None
    whites = state.cold_white + state.warm_white
    if mode & TWO_WHITES and whites > 0:
        return round(MIREDS / (cold + (warm - cold) * state.warm_white / whites)), None
    return None, None


def _wanted(command: SetLight, modes: Sequence[int], cold: float, warm: float) -> dict[str, Any]:
    wanted: dict[str, Any] = {"transition_length": command.transition_s}
    if command.on is False or command.level == 0:
        return wanted | {"state": False}
    wanted["state"] = True
    if command.level is not None:
        wanted["brightness"] = command.level
    if command.xy is not None:
        mode = _mode(modes, RGB)
        wanted |= {"color_mode": mode, "rgb": rgb_of_xy(command.xy), "color_brightness": 1.0}
        if mode & WHITE:
            wanted["white"] = 0.0
        if mode & TWO_WHITES:
            wanted |= {"cold_white": 0.0, "warm_white": 0.0}
    elif command.kelvin is not None:
        mired = clamp(MIREDS / command.kelvin, cold, warm)
        if any(mode & TEMPERATURE for mode in modes):
            mode = _mode(modes, TEMPERATURE)
            wanted |= {"color_mode": mode, "color_temperature": mired}
            if mode & WHITE:
                wanted["white"] = 1.0
        else:
            mode = _mode(modes, TWO_WHITES)
            share = (mired - cold) / (warm - cold)
            most = max(share, 1 - share)
            wanted |= {
                "color_mode": mode,
                "warm_white": share / most,
                "cold_white": (1 - share) / most,
            }
        if mode & RGB:
            wanted |= {"rgb": (0.0, 0.0, 0.0), "color_brightness": 0.0}
    return wanted


def _mode(modes: Sequence[int], channel: int) -> int:
    """Return the mode with this channel and the fewest others."""
    return min((mode for mode in modes if mode & channel), key=int.bit_count)
