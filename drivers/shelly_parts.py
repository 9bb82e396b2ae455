"""The components of a Shelly as devices, and the calls that command them.

Source: the component pages of Shelly's Gen2+ API (shelly-api-docs.shelly.cloud). `status` has one
entry a component, `switch:0`; what is told later is laid over it.
"""

from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any, Final

from drivers.colour import rgb_of_xy, xy_of_rgb
from drivers.promises import clamp
from drivers.shown import hardware_address
from drivers.types import (
    Capability,
    Colorful,
    Command,
    Covers,
    Device,
    DeviceId,
    DeviceInfo,
    DeviceState,
    Dimmable,
    Heats,
    Measures,
    Refused,
    SetCover,
    SetLight,
    SetSwitch,
    SetTemperature,
    Switchable,
    Tunable,
)
from drivers.wishes import wish

Part = Mapping[str, Any]
Call = tuple[str, dict[str, Any]]
Value = float | bool
OUTPUTS: Final = frozenset(
    {"switch", "light", "rgb", "rgbw", "cct", "rgbcct", "cover", "thermostat"}
)
LIGHTS: Final = {"light": "Light", "rgb": "RGB", "rgbw": "RGBW", "cct": "CCT", "rgbcct": "RGBCCT"}
COLOURED: Final = frozenset({"rgb", "rgbw", "rgbcct"})
WHITES: Final = (2700, 6500)
LEAST_FADE_S: Final = 0.5
"""Shorter ones are refused by the device."""
THERMOSTAT_C: Final = (5.0, 35.0)
ACTIONS: Final = {
    "single_push": "single", "double_push": "double", "triple_push": "triple", "long_push": "hold",
}  # fmt: skip
METERED: Final[dict[str, tuple[tuple[str, ...], float]]] = {
    "power": (("apower",), 1.0), "voltage": (("voltage",), 1.0), "current": (("current",), 1.0),
    "frequency": (("freq",), 1.0), "energy": (("aenergy", "total"), 0.001),
}  # fmt: skip
SENSED: Final[dict[str, dict[str, tuple[tuple[str, ...], float]]]] = {
    "temperature": {"temperature": (("tC",), 1.0)},
    "humidity": {"humidity": (("rh",), 1.0)},
    "illuminance": {"illuminance": (("lux",), 1.0)},
    "devicepower": {"battery": (("battery", "percent"), 1.0)},
    "smoke": {"smoke": (("alarm",), 1.0)},
    "flood": {"leak": (("alarm",), 1.0)},
    "pm1": METERED,
    "em1": {
        "power": (("act_power",), 1.0),
        "voltage": (("voltage",), 1.0),
        "current": (("current",), 1.0),
    },
    "em": {"power": (("total_act_power",), 1.0), "current": (("total_current",), 1.0)},
    "wifi": {"rssi": (("rssi",), 1.0)},
}
"""By component: the kind of drivers.measures, where it stands, and what it is multiplied by."""


class Shelly:
    """One device as it is now. Raises ValueError, KeyError for what its protocol does not allow."""

    def __init__(self, driver: str, info: Part, config: Part, status: Part) -> None:
        self.id = DeviceId(f"{driver}:{hardware_address(info['mac'])}")
        self._driver = driver
        self._name = str(info.get("name") or info["id"])
        self._about = DeviceInfo("Shelly", str(info.get("app") or ""), str(info.get("ver") or ""))
        self._config = config
        self._status = {key: dict(part) for key, part in status.items() if isinstance(part, dict)}

    def replace(self, status: Part) -> None:
        """Take the whole state of the components that it had at first; others need a new start."""
        for key, part in status.items():
            if key in self._status and isinstance(part, dict):
                self._status[key] = dict(part)

    def merge(self, news: Part) -> frozenset[str]:
        """Lay news over the state; return the components that they are of."""
        told = set()
        for key, part in news.items():
            if key in self._status and isinstance(part, dict):
                told.add(key)
                self._status[key] = _over(self._status[key], part)
        return frozenset(told)

    def devices(self, of: frozenset[str] | None = None) -> Iterator[Device]:
        """Yield every output, and what is sensed; `of` names the components that matter."""
        for key in self._status if of is None else of:
            component, _, number = key.partition(":")
            if component in OUTPUTS and number.isdecimal():
                yield self._output(key, component, int(number), self._status[key])
        if of is None or any(key.partition(":")[0] in SENSED for key in of):
            yield from self._own()

    def _own(self) -> Iterator[Device]:
        sensed: dict[str, Value] = {}
        buttons = False
        for key, part in self._status.items():
            component, _, number = key.partition(":")
            buttons |= component == "input"
            for kind, value in _values(SENSED.get(component, {}), part):
                sensed[kind if kind not in sensed else f"{kind}_{number}"] = value
        if buttons or sensed:
            yield Device(
                self.id,
                self._name,
                self._driver,
                (Measures(tuple(sensed)),),
                DeviceState(values=sensed),
                info=self._about,
            )

    def action(self, event: Part) -> str | None:
        """Return what a person did at an input, `single` or `single_2` for the second button."""
        component, _, number = str(event["component"]).partition(":")
        action = ACTIONS.get(str(event["event"]))
        if component != "input" or action is None or not number.isdecimal():
            return None
        return action if number == "0" else f"{action}_{int(number) + 1}"

    def config(self, key: str) -> Part:
        """Return the configuration of a component."""
        part = self._config.get(key)
        return part if isinstance(part, dict) else {}

    def _output(self, key: str, component: str, number: int, part: Part) -> Device:
        own = self.config(key).get("name")
        can = [*self._capabilities(key, component, number, part)]
        values: dict[str, Any] = dict(_values(METERED, part))
        if component == "thermostat":
            values |= dict(_values({"temperature": (("current_C",), 1.0)}, part))
        if values:
            can.append(Measures(tuple(values)))
        return Device(
            DeviceId(f"{self.id}:{key}"),
            str(own) if own else f"{self._name} {component} {number + 1}",
            self._driver,
            tuple(can),
            _state(component, part, values),
            info=self._about,
        )

    def _capabilities(
        self, key: str, component: str, number: int, part: Part
    ) -> Iterator[Capability]:
        config = self.config(key)
        if component == "cover":
            yield Covers(part.get("pos_control") is True)
        elif component == "thermostat":
            yield Heats(*THERMOSTAT_C)
        elif component == "switch":
            yield Switchable(light=self._is_lamp(number))
        else:
            yield Switchable(light=True)
            yield Dimmable(100)
            if component in COLOURED:
                yield Colorful()
            if component in {"cct", "rgbcct"}:
                yield Tunable(*_whites(config))

    def _is_lamp(self, number: int) -> bool:
        """True for a relay of which its owner said in Shelly's app that a lamp hangs on it."""
        shown = self.config("sys").get("ui_data")
        kinds = shown.get("consumption_types") if isinstance(shown, dict) else None
        return (
            isinstance(kinds, list)
            and number < len(kinds)
            and str(kinds[number]).lower().startswith("light")
        )


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
        wanted["ct"] = round(clamp(command.kelvin, *_whites(config)))
        if component == "rgbcct":
            wanted["mode"] = "cct"
    return wanted


def _state(component: str, part: Part, values: dict[str, Any]) -> DeviceState:
    if component == "cover":
        position = _number(part.get("current_pos"))
        if position is None:
            position = {"open": 100.0, "closed": 0.0}.get(str(part.get("state")))
        if position is not None:
            values["position"] = clamp(position / 100, 0, 1)
        return DeviceState(values=values)
    if component == "thermostat":
        on = part.get("enable")
        return DeviceState(
            on=on if isinstance(on, bool) else None,
            target_c=_number(part.get("target_C")),
            values=values,
        )
    on, level = part.get("output"), _number(part.get("brightness"))
    ct, rgb = _number(part.get("ct")), part.get("rgb")
    coloured = component in COLOURED and part.get("mode") != "cct"
    return DeviceState(
        on=on if isinstance(on, bool) else None,
        level=None if level is None or component == "switch" else clamp(level / 100, 0, 1),
        kelvin=round(ct) if ct is not None and not coloured and component != "switch" else None,
        xy=_xy(rgb) if coloured else None,
        values=values,
    )


def _xy(rgb: Any) -> tuple[float, float] | None:
    if not isinstance(rgb, list) or len(rgb) != 3:  # noqa: PLR2004 - red, green, blue
        return None
    red, green, blue = (_number(colour) for colour in rgb)
    if red is None or green is None or blue is None:
        return None
    return xy_of_rgb((red / 255, green / 255, blue / 255))


def _whites(config: Part) -> tuple[int, int]:
    given = config.get("ct_range")
    if isinstance(given, list) and len(given) == 2:  # noqa: PLR2004 - from, to
        low, high = _number(given[0]), _number(given[1])
        if low is not None and high is not None and 0 < low < high:
            return round(low), round(high)
    return WHITES


def _values(
    wanted: Mapping[str, tuple[tuple[str, ...], float]], part: Part
) -> Iterator[tuple[str, Value]]:
    for kind, (path, factor) in wanted.items():
        value: Any = part
        for step in path:
            value = value.get(step) if isinstance(value, dict) else None
        if isinstance(value, bool):
            yield kind, value
        elif (number := _number(value)) is not None:
            yield kind, round(number * factor, 6)


def _number(value: Any) -> float | None:
    known = isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
    return float(value) if known else None


def _over(below: Part, above: Part) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        merged[key] = (
            _over(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
        )
    return merged
