"""Tasmota's lights: dimmers, white of two kinds, colour, and the two halves of split ones.

Sources: tasmota.github.io/docs/Lights, .../Commands#light. Commands go out as one `Backlog`, so
that nothing comes between; brightness is percent, colour temperature mired.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from drivers.colour import hs_of_xy, xy_of_hs
from drivers.mqtt_ha_light import MIRED, is_off
from drivers.mqtt_ha_parts import Made
from drivers.mqtt_payload import number, number_in, within
from drivers.mqtt_talk import Message, Read
from drivers.types import (
    BadPayload,
    Capability,
    Colorful,
    Command,
    DeviceState,
    Dimmable,
    Refused,
    SetLight,
    SetSwitch,
    Switchable,
    Tunable,
)

NONE, SINGLE, TWO_WHITES, RGB, RGBW, RGBCW = range(6)
"""Its `lt_st`."""
PERCENT: Final = 100
SLOWEST: Final = 40
"""Of `Speed`, in half seconds."""
MULTI_CHANNEL, REDUCED_WHITE, FIXED_FADE = "68", "82", "117"
Take = Callable[[Mapping[str, Any], DeviceState], DeviceState]


@dataclass(frozen=True, slots=True)
class _Lamp:
    at: int
    kind: int
    dimmer: str
    """The command, and the key of what it says."""
    said_dimmer: str
    mireds: tuple[int, int]
    fades: bool

    @property
    def white(self) -> bool:
        return self.kind in {TWO_WHITES, RGBCW}

    @property
    def colour(self) -> bool:
        return self.kind >= RGB

    def capabilities(self) -> list[Capability]:
        have: list[Capability] = [Switchable(light=True)]
        if self.kind != NONE:
            have.append(Dimmable(PERCENT, self.fades))
        if self.white:
            cold, warm = self.mireds
            have.append(Tunable(round(MIRED / warm), round(MIRED / cold)))
        if self.colour:
            have.append(Colorful())
        return have

    def read(self, said: Mapping[str, Any], before: DeviceState) -> DeviceState:
        on, level, kelvin, xy = power(said, self.at), before.level, before.kelvin, before.xy
        if on is None:
            on = before.on
        if self.kind != NONE and (value := said.get(self.said_dimmer)) is not None:
            # A lamp that is off says 0; what it had stays known, to come back to.
            level = within(number(value), 0, PERCENT, "a dimmer") / PERCENT or level
        colour = said.get("HSBColor")
        hue, saturation = _hue(colour) if self.colour and colour is not None else (0.0, 0.0)
        if saturation:
            kelvin, xy = None, xy_of_hs((hue, saturation))
        elif self.white and (value := said.get("CT")) is not None:
            kelvin, xy = round(MIRED / within(number(value), 1, 1e5, "a white")), None
        elif self.colour and colour is not None:
            xy = xy_of_hs((hue, saturation))
        return replace(before, on=on, level=level, kelvin=kelvin, xy=xy)

    def commands(self, wanted: SetLight) -> list[str]:
        lacking = (
            ("be dimmed", wanted.level is not None and self.kind == NONE),
            ("change its white", wanted.kelvin is not None and not self.white),
            ("change its colour", wanted.xy is not None and not self.colour),
        )
        for what, lacks in lacking:
            if lacks:
                raise Refused(f"this lamp cannot {what}")
        said: list[str] = []
        if self.fades and wanted.transition_s:
            half_seconds = min(max(round(wanted.transition_s * 2), 1), SLOWEST)
            said += ["Fade 1", f"Speed {half_seconds}"]
        elif self.fades:
            said.append("Fade 0")
        if is_off(wanted):
            return [*said, f"{power_name(self.at)} OFF"]
        if wanted.xy is not None:
            hue, saturation = hs_of_xy(wanted.xy)
            said += [f"HSBColor1 {round(hue)}", f"HSBColor2 {round(saturation * 100)}"]
        if wanted.kelvin is not None:
            cold, warm = self.mireds
            said.append(f"CT {min(max(round(MIRED / wanted.kelvin), cold), warm)}")
        if wanted.level is not None:
            said.append(f"{self.dimmer} {max(1, round(min(wanted.level, 1.0) * PERCENT))}")
        return [*said, f"{power_name(self.at)} ON"]


def light(
    config: Mapping[str, Any],
    at: int,
    which: int,
    takes: str,
    listening: Callable[[Take], dict[str, list[Read]]],
) -> Made:
    """Make a light: `at` counts all relays, `which` the lights alone."""
    lamp = _lamp(config, at, which)

    def write(command: Command) -> tuple[Message, ...] | None:
        match command:
            case SetSwitch(device=device, on=on):
                wanted = SetLight(device, on=on)
            case SetLight():
                wanted = command
            case _:
                return None
        said = ";".join(f"NoDelay;{one}" for one in lamp.commands(wanted))
        return (Message(f"{takes}Backlog", said.encode()),)

    return Made(lamp.capabilities(), listening(lamp.read), write)


def power_name(at: int) -> str:
    """Return the command that switches a relay."""
    return f"POWER{at + 1}"


def power(said: Mapping[str, Any], at: int) -> bool | None:
    """Return whether a relay is on, None if nothing is said of it. Raises BadPayload."""
    value = said.get(power_name(at))
    if value is None and at == 0:
        value = said.get("POWER")  # the only one has no number
    if value is None:
        return None
    on = {"ON": True, "OFF": False}.get(str(value).upper())
    if on is None:
        raise BadPayload("neither ON nor OFF")
    return on


def _lamp(config: Mapping[str, Any], at: int, which: int) -> _Lamp:
    given, options = config.get("lt_st"), config.get("so")
    kind = given if isinstance(given, int) and NONE <= given <= RGBCW else NONE
    set_ = options if isinstance(options, dict) else {}
    dimmer = said_dimmer = "Dimmer"
    if set_.get(MULTI_CHANNEL) == 1:
        kind, dimmer, said_dimmer = SINGLE, f"Channel{at + 1}", f"Channel{at + 1}"
    elif config.get("lk") == 0 and kind >= RGBW:
        # Split: the first lamp is the colour, the second the white.
        dimmer = said_dimmer = f"Dimmer{which + 1}"
        kind = RGB if which == 0 else SINGLE if kind == RGBW else TWO_WHITES
    if config.get("ty") == 1:
        dimmer = "Dimmer3"
    # Without SetOption117 a fade takes as long as its part of the whole range: not what is asked.
    fades = kind != NONE and config.get("ty") != 1 and set_.get(FIXED_FADE) == 1
    mireds = (200, 380) if set_.get(REDUCED_WHITE) == 1 else (153, 500)
    return _Lamp(at, kind, dimmer, said_dimmer, mireds, fades)


def _hue(value: object) -> tuple[float, float]:
    parts = str(value).split(",")
    if len(parts) != len("hsb"):
        raise BadPayload("a colour with a part too many or too few")
    hue = within(number_in(parts[0]), 0, 360, "a hue")
    return hue, within(number_in(parts[1]), 0, 100, "a saturation") / 100
