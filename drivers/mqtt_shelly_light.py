"""A Shelly's lights: `Light` (dimmed), `CCT` (two whites), `RGB` and `RGBW` (colour).

Source: shelly-api-docs.shelly.cloud/gen2/ComponentsAndServices/. Brightness is percent.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from drivers.colour import rgb_of_xy, xy_of_rgb
from drivers.mqtt_ha_light import is_off
from drivers.mqtt_payload import number, within
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

PERCENT: Final = 100
BRIGHTEST: Final = 255


@dataclass(frozen=True, slots=True)
class Lamp:
    """What one light can do besides being dimmed."""

    white: tuple[int, int] | None
    colour: bool

    @classmethod
    def of(cls, name: str, setup: Mapping[str, Any]) -> "Lamp":
        """Return the lamp of a component by its name and configuration."""
        given = setup.get("ct_range")
        white = (2700, 6500)
        if isinstance(given, list) and len(given) == len(white):
            low, high = given
            if isinstance(low, int) and isinstance(high, int) and 0 < low < high:
                white = low, high
        return cls(white if name == "CCT" else None, name in {"RGB", "RGBW"})

    def capabilities(self) -> list[Capability]:
        """Return what it can do; the hub steps fades, of which it knows only short ones."""
        have: list[Capability] = [Switchable(light=True), Dimmable(PERCENT, fades=False)]
        if self.white is not None:
            have.append(Tunable(*self.white))
        if self.colour:
            have.append(Colorful())
        return have

    def take(self, told: Mapping[str, Any], before: DeviceState) -> DeviceState:
        """Return the state after what was told. Raises BadPayload."""
        on, level, kelvin, xy = before.on, before.level, before.kelvin, before.xy
        if isinstance(said := told.get("output"), bool):
            on = said
        if (value := told.get("brightness")) is not None:
            level = within(number(value), 0, PERCENT, "a brightness") / PERCENT
        if self.white is not None and (value := told.get("ct")) is not None:
            kelvin = round(within(number(value), 1, 1e5, "a white"))
        if self.colour and (value := told.get("rgb")) is not None:
            xy = _colour(value)
        return replace(before, on=on, level=level, kelvin=kelvin, xy=xy)

    def params(self, command: Command) -> dict[str, Any] | None:
        """Return what `Set` takes; None for what is not a light's. Raises Refused."""
        match command:
            case SetSwitch(on=on):
                return {"on": on}
            case SetLight():
                pass
            case _:
                return None
        if command.kelvin is not None and self.white is None:
            raise Refused("this lamp cannot change its white")
        if command.xy is not None and not self.colour:
            raise Refused("this lamp cannot change its colour")
        if is_off(command):
            return {"on": False}
        params: dict[str, Any] = {"on": True}
        if command.level is not None:
            params["brightness"] = max(1, round(min(command.level, 1.0) * PERCENT))
        if command.kelvin is not None and self.white is not None:
            low, high = self.white
            params["ct"] = min(max(command.kelvin, low), high)
        if command.xy is not None:
            params["rgb"] = [round(part * BRIGHTEST) for part in rgb_of_xy(command.xy)]
        return params


def _colour(value: object) -> tuple[float, float]:
    if not isinstance(value, list) or len(value) != len("rgb"):
        raise BadPayload("a colour with a part too many or too few")
    red, green, blue = (within(number(p), 0, BRIGHTEST, "a part") / BRIGHTEST for p in value)
    return xy_of_rgb((red, green, blue))
