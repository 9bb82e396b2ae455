"""Zigbee2MQTT's lights and their groups: exposes to capabilities, messages to states and back.

Source: zigbee2mqtt.io/guide/usage/exposes.html#light. Colour temperature is in mired.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from drivers.colour import hs_of_xy, xy_of_hs
from drivers.mqtt_ha_config import Fields, Unusable
from drivers.mqtt_ha_light import MIRED, is_off
from drivers.mqtt_ha_parts import Made
from drivers.mqtt_payload import compact, number, object_of, within
from drivers.mqtt_talk import Message
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

Features = Mapping[str, Fields]
"""An expose's features by name."""
COLOURS = {"color_xy": "xy", "color_hs": "hs"}


@dataclass(frozen=True, slots=True)
class Lamp:
    """How one light on a bridge speaks; a name is None where it has no such thing."""

    state: str = "state"
    brightness: str | None = "brightness"
    brightest: float = 254
    warmth: str | None = "color_temp"
    mireds: tuple[float, float] = (153, 500)
    colour: str | None = "color"
    system: str = "xy"
    mode: str = "color_mode"
    fades: bool = True

    def capabilities(self) -> list[Capability]:
        """Return what it can do."""
        have: list[Capability] = [Switchable(light=True)]
        if self.brightness is not None:
            have.append(Dimmable(round(self.brightest), self.fades))
        if self.warmth is not None:
            cold, warm = self.mireds
            have.append(Tunable(round(MIRED / warm), round(MIRED / cold)))
        if self.colour is not None:
            have.append(Colorful())
        return have

    def body(self, command: SetLight) -> dict[str, Any]:
        """Return what to send. Raises Refused."""
        lacking = (
            ("be dimmed", command.level is not None and self.brightness is None),
            ("change its white", command.kelvin is not None and self.warmth is None),
            ("change its colour", command.xy is not None and self.colour is None),
        )
        for what, lacks in lacking:
            if lacks:
                raise Refused(f"this lamp cannot {what}")
        off = is_off(command)
        body: dict[str, Any] = {self.state: "OFF" if off else "ON"}
        if not off:
            if command.level is not None and self.brightness is not None:
                level = round(min(command.level, 1.0) * self.brightest)
                body[self.brightness] = max(1, level)
            if command.kelvin is not None and self.warmth is not None:
                body[self.warmth] = round(MIRED / command.kelvin)
            if command.xy is not None and self.colour is not None:
                body[self.colour] = self._spelled(command.xy)
        if command.transition_s and self.fades:
            body["transition"] = round(command.transition_s, 2)
        return body

    def read(self, said: Mapping[str, Any], before: DeviceState) -> DeviceState:
        """Return the state after a message. Raises BadPayload."""
        on, level, kelvin, xy = before.on, before.level, before.kelvin, before.xy
        if (state := said.get(self.state)) is not None:
            on = {"ON": True, "OFF": False}.get(str(state).upper())
            if on is None:
                raise BadPayload("a state that is neither ON nor OFF")
        if self.brightness is not None and (value := said.get(self.brightness)) is not None:
            level = min(1.0, within(number(value), 0, 255, "a brightness") / self.brightest)
        mode = mode if isinstance(mode := said.get(self.mode), str) else None
        value = None if self.warmth is None else said.get(self.warmth)
        if value is not None and mode in {None, "color_temp"}:
            kelvin = round(MIRED / within(number(value), 1, 1e5, "a white"))
            xy = None if mode is not None else xy
        said_colour = None if self.colour is None else said.get(self.colour)
        if isinstance(said_colour, dict) and mode != "color_temp":
            found = _colour(said_colour)
            xy = found or xy
            kelvin = None if mode is not None and found is not None else kelvin
        return replace(before, on=on, level=level, kelvin=kelvin, xy=xy)

    def _spelled(self, xy: tuple[float, float]) -> dict[str, float]:
        if self.system == "xy":
            return {"x": round(xy[0], 4), "y": round(xy[1], 4)}
        hue, saturation = hs_of_xy(xy)
        return {"hue": round(hue), "saturation": round(saturation * 100)}


ANY_LAMP = Lamp()
"""How a group is spoken to: the bridge leaves out what a member cannot."""


def lamp_of(features: Features, endpoint: str, *, fades: bool) -> Lamp:
    """Return a light from its features. Raises Unusable."""
    if "state" not in features:
        raise Unusable("a light that cannot be switched")
    dims, white = features.get("brightness"), features.get("color_temp")
    colours = [name for name in COLOURS if name in features]
    mireds = (153.0, 500.0)
    if white is not None:
        mireds = white.number("value_min", 153), white.number("value_max", 500)
        if not 1 <= mireds[0] < mireds[1]:
            raise Unusable("an empty range of white")
    brightest = 254.0 if dims is None else dims.number("value_max", 254)
    if brightest < 1:
        raise Unusable("an empty range of brightness")
    return Lamp(
        features["state"].text("property", "state"),
        None if dims is None else dims.text("property", "brightness"),
        brightest,
        None if white is None else white.text("property", "color_temp"),
        mireds,
        features[colours[0]].text("property", "color") if colours else None,
        COLOURS[colours[0]] if colours else "xy",
        f"color_mode_{endpoint}" if endpoint else "color_mode",
        fades,
    )


def light(topic: str, lamp: Lamp) -> Made:
    """Make a light of what tells and takes at `topic`."""
    made = Made(lamp.capabilities())
    made.reads[topic] = [lambda payload, before: lamp.read(object_of(payload), before)]
    made.write = light_writer(topic, lamp)
    return made


def light_writer(topic: str, lamp: Lamp) -> Callable[[Command], tuple[Message, ...] | None]:
    """Return what carries commands to a light or group out."""

    def write(command: Command) -> tuple[Message, ...] | None:
        match command:
            case SetSwitch(device=device, on=on):
                wanted = SetLight(device, on=on)
            case SetLight():
                wanted = command
            case _:
                return None
        return (sending(topic, lamp.body(wanted)),)

    return write


def sending(topic: str, body: Mapping[str, Any]) -> Message:
    """Return the message that sets something on a device or group."""
    return Message(f"{topic}/set", compact(body))


def _colour(said: Mapping[str, Any]) -> tuple[float, float] | None:
    if said.get("x") is not None and said.get("y") is not None:
        return within(number(said["x"]), 0, 1, "`x`"), within(number(said["y"]), 0, 1, "`y`")
    if said.get("hue") is not None and said.get("saturation") is not None:
        hue = within(number(said["hue"]), 0, 360, "a hue")
        return xy_of_hs((hue, within(number(said["saturation"]), 0, 100, "a saturation") / 100))
    return None
