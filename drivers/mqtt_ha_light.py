"""Home Assistant's MQTT lights, in the JSON and the default schema.

Source: home-assistant.io/integrations/light.mqtt. The template schema is refused.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from drivers.colour import hs_of_xy, rgb_of_xy, xy_of_hs, xy_of_rgb
from drivers.mqtt_ha_config import Fields, Unusable
from drivers.mqtt_ha_parts import Made, writer
from drivers.mqtt_payload import compact, number, number_in, object_of, within
from drivers.mqtt_talk import Message
from drivers.mqtt_values import spoken
from drivers.types import (
    BadPayload,
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

MIRED = 1_000_000
COLOURS = ("xy", "hs", "rgb", "rgbw", "rgbww")


@dataclass(frozen=True, slots=True)
class _Lamp:
    dims: bool
    scale: float
    white: tuple[int, int] | None
    kelvin: bool
    colour: str
    """Which of COLOURS commands are given in; empty for none."""

    def checked(self, command: Command) -> SetLight | None:
        """Return what a lamp is asked, None if it is nothing for lamps. Raises Refused."""
        match command:
            case SetSwitch(device=device, on=on):
                return SetLight(device, on=on)
            case SetLight():
                lacking = (
                    ("be dimmed", command.level is not None and not self.dims),
                    ("change its white", command.kelvin is not None and self.white is None),
                    ("change its colour", command.xy is not None and not self.colour),
                )
                for what, lacks in lacking:
                    if lacks:
                        raise Refused(f"this lamp cannot {what}")
                return command
            case _:
                return None

    def capabilities(self, *, fades: bool) -> list[Any]:
        have: list[Any] = [Switchable(light=True)]
        if self.dims:
            have.append(Dimmable(round(self.scale), fades))
        if self.white is not None:
            have.append(Tunable(*self.white))
        if self.colour:
            have.append(Colorful())
        return have

    def warmth(self, kelvin: float) -> int:
        return round(kelvin if self.kelvin else MIRED / kelvin)

    def kelvins(self, warmth: float) -> int:
        return round(warmth if self.kelvin else MIRED / warmth)

    def brightness(self, level: float) -> int:
        return max(1, round(min(level, 1.0) * self.scale))

    def level(self, value: object) -> float:
        return min(1.0, within(number_in(value), 0, 1e6, "a brightness") / self.scale)


def light(fields: Fields, _key: str) -> Made:
    """Make a light."""
    match fields.text("schema", "basic"):
        case "json":
            return _json_light(fields)
        case "basic" | "default":
            return _basic_light(fields)
        case schema:
            raise Unusable(f"lights of the schema {schema}")


def is_off(command: SetLight) -> bool:
    """Return True for what turns a lamp off."""
    return command.on is False or command.level == 0


def _white(fields: Fields) -> tuple[int, int]:
    cold, warm = fields.number("min_mireds", 153), fields.number("max_mireds", 500)
    if not 1 <= cold < warm:
        raise Unusable("an empty range of white")
    low = fields.number("min_kelvin", MIRED / warm)
    return round(low), round(fields.number("max_kelvin", MIRED / cold))


def _scale(fields: Fields) -> float:
    scale = fields.number("brightness_scale", 255)
    if scale < 1:
        raise Unusable("an empty range of brightness")
    return scale


# JSON ---------------------------------------------------------------------------------------


def _json_light(fields: Fields) -> Made:
    modes = fields.texts("supported_color_modes")
    dims = fields.flag("brightness") or bool({*modes} - {"onoff"})
    lamp = _Lamp(
        dims, _scale(fields), _white(fields) if "color_temp" in modes else None,
        fields.flag("color_temp_kelvin"), next((m for m in COLOURS if m in modes), ""),
    )  # fmt: skip
    topic = fields.must_topic("command_topic")
    fades = fields.flag("transition", default=True)
    made = Made([*lamp.capabilities(fades=fades)])

    def read(payload: bytes, before: DeviceState) -> DeviceState:
        return _read_json(lamp, object_of(payload), before)

    if (state_topic := fields.topic("state_topic")) is not None:
        made.reads[state_topic] = [read]

    def write(command: Command) -> tuple[Message, ...] | None:
        wanted = lamp.checked(command)
        if wanted is None:
            return None
        return (Message(topic, compact(_write_json(lamp, wanted, fades=fades))),)

    made.write = write
    return made


def _read_json(lamp: _Lamp, said: dict[str, Any], before: DeviceState) -> DeviceState:
    on, level, kelvin, xy = before.on, before.level, before.kelvin, before.xy
    if (state := said.get("state")) is not None:
        on = {"ON": True, "OFF": False}.get(str(state))
        if on is None:
            raise BadPayload("`state` is neither ON nor OFF")
    if (brightness := said.get("brightness")) is not None and lamp.dims:
        level = lamp.level(brightness)
    mode = mode if isinstance(mode := said.get("color_mode"), str) else None
    warmth = said.get("color_temp")
    if warmth is not None and lamp.white is not None and mode in {None, "color_temp"}:
        kelvin, xy = lamp.kelvins(within(number(warmth), 1, 1e5, "`color_temp`")), None
    colour = said.get("color")
    if isinstance(colour, dict) and lamp.colour and mode != "color_temp":
        xy = _colour(colour, before.xy)
        kelvin = None if mode is not None else kelvin
    return replace(before, on=on, level=level, kelvin=kelvin, xy=xy)


def _colour(said: dict[str, Any], before: tuple[float, float] | None) -> tuple[float, float] | None:
    def parts(names: str, low: float, high: float) -> list[float] | None:
        if not all(name in said for name in names):
            return None
        return [within(number(said[name]), low, high, f"`{name}`") for name in names]

    if (xy := parts("xy", 0, 1)) is not None:
        return xy[0], xy[1]
    if (hs := parts("hs", 0, 360)) is not None:
        return xy_of_hs((hs[0], within(hs[1], 0, 100, "`s`") / 100))
    if (rgb := parts("rgb", 0, 255)) is not None:
        return xy_of_rgb((rgb[0] / 255, rgb[1] / 255, rgb[2] / 255))
    return before


def _write_json(lamp: _Lamp, command: SetLight, *, fades: bool) -> dict[str, Any]:
    body: dict[str, Any] = {"state": "OFF" if is_off(command) else "ON"}
    if body["state"] == "ON":
        if command.level is not None:
            body["brightness"] = lamp.brightness(command.level)
        if command.kelvin is not None:
            body["color_temp"] = lamp.warmth(command.kelvin)
        if command.xy is not None:
            body["color"] = _spelled(lamp.colour, command.xy)
    if command.transition_s and fades:
        body["transition"] = round(command.transition_s, 2)
    return body


def _spelled(colour: str, xy: tuple[float, float]) -> dict[str, float]:
    match colour:
        case "xy":
            return {"x": round(xy[0], 4), "y": round(xy[1], 4)}
        case "hs":
            hue, saturation = hs_of_xy(xy)
            return {"h": round(hue, 2), "s": round(saturation * 100, 2)}
        case _:
            rgb = dict(zip("rgb", (round(part * 255) for part in rgb_of_xy(xy)), strict=True))
            return {**rgb, **dict.fromkeys({"rgbw": "w", "rgbww": "cw"}.get(colour, ""), 0)}


# The default schema -------------------------------------------------------------------------


def _basic_light(fields: Fields) -> Made:
    def commands(name: str) -> Callable[[object], Message] | None:
        return writer(fields, f"{name}_command") if fields.has(f"{name}_command_topic") else None

    bright, warm = commands("brightness"), commands("color_temp")
    tint = {name: to for name in ("xy", "hs", "rgb") if (to := commands(name)) is not None}
    lamp = _Lamp(
        bright is not None, _scale(fields), None if warm is None else _white(fields),
        fields.flag("color_temp_kelvin"), next(iter(tint), ""),
    )  # fmt: skip
    switch = writer(fields, "command")
    yes, no = fields.text("payload_on", "ON"), fields.text("payload_off", "OFF")
    order = fields.text("on_command_type", "last")
    made = Made([*lamp.capabilities(fades=False)])
    _listen_basic(fields, lamp, made, yes, no)

    def write(command: Command) -> tuple[Message, ...] | None:
        wanted = lamp.checked(command)
        if wanted is None:
            return None
        if is_off(wanted):
            return (switch(no),)
        parts: list[Message] = []
        if wanted.level is not None and bright is not None:
            parts.append(bright(lamp.brightness(wanted.level)))
        if wanted.kelvin is not None and warm is not None:
            parts.append(warm(lamp.warmth(wanted.kelvin)))
        if wanted.xy is not None:
            parts.append(tint[lamp.colour](_listed(lamp.colour, wanted.xy)))
        if order == "brightness" and wanted.level is not None:
            return tuple(parts)
        return (switch(yes), *parts) if order == "first" else (*parts, switch(yes))

    made.write = write
    return made


def _listed(colour: str, xy: tuple[float, float]) -> str:
    return ",".join(f"{part:g}" for part in _spelled(colour, xy).values())


def _listen_basic(fields: Fields, lamp: _Lamp, made: Made, yes: str, no: str) -> None:
    def take_on(value: object, before: DeviceState) -> DeviceState:
        on = {yes: True, no: False}.get(spoken(value))
        if on is None:
            raise BadPayload("neither on nor off")
        return replace(before, on=on)

    def take_level(value: object, before: DeviceState) -> DeviceState:
        return replace(before, level=lamp.level(value))

    def take_warmth(value: object, before: DeviceState) -> DeviceState:
        return replace(before, kelvin=lamp.kelvins(within(number_in(value), 1, 1e5, "a white")))

    def take_colour(value: object, before: DeviceState) -> DeviceState:
        parts = spoken(value).split(",")
        if len(parts) != len(lamp.colour):
            raise BadPayload("a colour with a part too many or too few")
        said = dict(zip(lamp.colour, (number_in(part) for part in parts), strict=True))
        return replace(before, xy=_colour(said, before.xy))

    state = fields.template("state_value_template", "value_template")
    made.listen(fields.topic("state_topic"), state, take_on)
    names = [("brightness", take_level), ("color_temp", take_warmth)]
    if lamp.colour:
        names.append((lamp.colour, take_colour))
    for name, take in names:
        template = fields.template(f"{name}_value_template")
        made.listen(fields.topic(f"{name}_state_topic"), template, take)
