"""A Shelly's components as actors, measured values and buttons.

Sources: shelly-api-docs.shelly.cloud/gen2/ComponentsAndServices/ (Switch, Light, RGB, RGBW, CCT,
Cover, Thermostat, Input, PM1, EM, Temperature, Humidity, Illuminance, DevicePower, Smoke, Flood).
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from drivers.mqtt_ha_parts import Made
from drivers.mqtt_parts import Actor, Parts
from drivers.mqtt_payload import compact, number, object_of, within
from drivers.mqtt_shelly_light import Lamp
from drivers.mqtt_talk import Message, Read
from drivers.types import (
    Capability,
    Command,
    Covers,
    DeviceState,
    Heats,
    Measures,
    SetCover,
    SetSwitch,
    SetTemperature,
    Switchable,
)

WH: Final = 1000
PRESSES: Final = {
    "single_push": "single", "double_push": "double", "triple_push": "triple",
    "long_push": "hold", "btn_up": "release",
}  # fmt: skip
LIGHTS: Final = {"light": "Light", "rgb": "RGB", "rgbw": "RGBW", "cct": "CCT"}
MEASURED: Final[Mapping[str, Mapping[str, str]]] = {
    "temperature": {"tC": "temperature"}, "humidity": {"rh": "humidity"},
    "illuminance": {"lux": "illuminance"}, "devicepower": {"battery.percent": "battery"},
    "smoke": {"alarm": "smoke"}, "flood": {"alarm": "leak"}, "em": {"total_act_power": "power"},
    "em1": {"act_power": "power", "voltage": "voltage", "current": "current"},
    "pm1": {}, "wifi": {"rssi": "rssi"},
}  # fmt: skip
METERED: Final = {
    "apower": "power", "voltage": "voltage", "current": "current", "freq": "frequency",
    "aenergy.total": "energy",
}  # fmt: skip
"""What pm1 tells, and every actor that can."""
_NUMBER: Final = re.compile("[0-9]{1,3}")
Take = Callable[[Mapping[str, Any], DeviceState], DeviceState]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a device listens and tells, and where it answers to us."""

    prefix: str
    source: str
    """The name under which we ask; the answer comes at `<source>/rpc`."""
    next_number: Callable[[], int]

    def asking(self, method: str) -> Message:
        """Return a question whose answer is known by its method."""
        return Message(f"{self.prefix}/rpc", self._request(method, method, None))

    def calling(self, method: str, **params: Any) -> Message:
        """Return a command to whose answer the sender waits."""
        call = self.next_number()
        return Message(
            f"{self.prefix}/rpc", self._request(call, method, params), reply=f"shelly {call}"
        )

    def reading(self, component: str, take: Take) -> dict[str, list[Read]]:
        """Return how a component's status is read wherever it is told."""

        def read(payload: bytes, before: DeviceState) -> DeviceState:
            said = object_of(payload)
            whole = said.get("params" if "method" in said else "result")
            told = whole.get(component) if isinstance(whole, dict) else None
            return take(told, before) if isinstance(told, dict) else before

        return {f"{self.prefix}/events/rpc": [read], f"{self.source}/rpc": [read]}

    def _request(self, number_: int | str, method: str, params: Mapping[str, Any] | None) -> bytes:
        body: dict[str, Any] = {"id": number_, "src": self.source, "method": method}
        if params is not None:
            body["params"] = params
        return compact(body)


def parts_of(status: Mapping[str, Any], config: Mapping[str, Any], place: Place) -> Parts:
    """Return what a device is made of, by its whole status and configuration."""
    parts = Parts()
    buttons: dict[str, int] = {}
    for component, told in status.items():
        kind, _, which = component.partition(":")
        if not isinstance(told, dict) or not (_NUMBER.fullmatch(which) or component == "wifi"):
            continue
        given = config.get(component)
        setup: Mapping[str, Any] = given if isinstance(given, dict) else {}
        made = _actor(kind, component, int(which or 0), told, setup, place)
        if made is not None:
            _meter(made, component, told, place)
            name = setup.get("name")
            parts.actors.append(
                Actor(component.replace(":", "_"), made, name if isinstance(name, str) else "")
            )
        elif kind == "input" and setup.get("type") == "button":
            buttons[component] = int(which) + 1
        elif kind == "input":
            _measure(parts.rest, component, {"state": f"input_{which}"}, place)
        elif kind in MEASURED:
            wanted = dict(METERED if kind == "pm1" else MEASURED[kind])
            _measure(parts.rest, component, _said(wanted, told), place)
    if buttons:
        parts.rest.presses[f"{place.prefix}/events/rpc"] = _presses(buttons)
        for topic, reads in place.reading("", lambda _, before: before).items():
            parts.rest.reads.setdefault(topic, []).extend(reads)
    return parts


def _actor(
    kind: str,
    component: str,
    which: int,
    told: Mapping[str, Any],
    setup: Mapping[str, Any],
    place: Place,
) -> Made | None:
    match kind:
        case "switch":
            return _switch(component, which, place)
        case "light" | "rgb" | "rgbw" | "cct":
            return _light(component, which, LIGHTS[kind], setup, place)
        case "cover":
            return _cover(component, which, place, exact=told.get("pos_control") is True)
        case "thermostat":
            return _thermostat(component, which, place)
        case _:
            return None


def _switch(component: str, which: int, place: Place) -> Made:
    def write(command: Command) -> tuple[Message, ...] | None:
        match command:
            case SetSwitch(on=on):
                return (place.calling("Switch.Set", id=which, on=on),)
            case _:
                return None

    return Made([Switchable()], place.reading(component, _take_on), write)


def _light(component: str, which: int, name: str, setup: Mapping[str, Any], place: Place) -> Made:
    lamp = Lamp.of(name, setup)

    def write(command: Command) -> tuple[Message, ...] | None:
        params = lamp.params(command)
        return None if params is None else (place.calling(f"{name}.Set", id=which, **params),)

    return Made(lamp.capabilities(), place.reading(component, lamp.take), write)


def _cover(component: str, which: int, place: Place, *, exact: bool) -> Made:
    def take(told: Mapping[str, Any], before: DeviceState) -> DeviceState:
        position = {"open": 1.0, "closed": 0.0}.get(str(told.get("state")))
        if (value := told.get("current_pos")) is not None:
            position = within(number(value), 0, 100, "a position") / 100
        if position is None:
            return before
        return before.measuring({**before.values, "position": position})

    def write(command: Command) -> tuple[Message, ...] | None:
        if not isinstance(command, SetCover):
            return None
        position = min(max(command.position, 0.0), 1.0)
        if exact:
            return (place.calling("Cover.GoToPosition", id=which, pos=round(position * 100)),)
        method = "Cover.Open" if position >= 0.5 else "Cover.Close"  # noqa: PLR2004 - half open
        return (place.calling(method, id=which),)

    return Made([Covers(exact)], place.reading(component, take), write)


def _thermostat(component: str, which: int, place: Place) -> Made:
    def take(told: Mapping[str, Any], before: DeviceState) -> DeviceState:
        state = before
        if (target := told.get("target_C")) is not None:
            state = replace(state, target_c=round(number(target), 2))
        if (now := told.get("current_C")) is not None:
            state = state.measuring({**state.values, "temperature": number(now)})
        if isinstance(enabled := told.get("enable"), bool):
            state = replace(state, on=enabled)
        return state

    def write(command: Command) -> tuple[Message, ...] | None:
        match command:
            case SetTemperature(target_c=target_c):
                config: dict[str, Any] = {"target_C": round(target_c, 1)}
            case SetSwitch(on=on):
                config = {"enable": on}
            case _:
                return None
        return (place.calling("Thermostat.SetConfig", id=which, config=config),)

    able: list[Capability] = [Heats(5, 35), Switchable(), Measures(("temperature",))]
    return Made(able, place.reading(component, take), write)


def _take_on(told: Mapping[str, Any], before: DeviceState) -> DeviceState:
    on = told.get("output")
    return replace(before, on=on) if isinstance(on, bool) else before


# Measuring ----------------------------------------------------------------------------------


def _meter(made: Made, component: str, told: Mapping[str, Any], place: Place) -> None:
    """Let an actor measure what it draws, if it does."""
    if "apower" in told:
        _measure(made, component, _said(METERED, told), place)


def _said(wanted: Mapping[str, str], told: Mapping[str, Any]) -> dict[str, str]:
    return {path: kind for path, kind in wanted.items() if path.partition(".")[0] in told}


def _measure(made: Made, component: str, wanted: Mapping[str, str], place: Place) -> None:
    """Add what a component measures; a kind that is there already gets the component's number."""
    have = {k for each in made.capabilities if isinstance(each, Measures) for k in each.kinds}
    number_ = component.partition(":")[2]
    labels = {p: k if k not in have else f"{k}_{number_}" for p, k in wanted.items()}
    if not labels:
        return

    def take(told: Mapping[str, Any], before: DeviceState) -> DeviceState:
        values = dict(before.values)
        for path, label in labels.items():
            value = _inside(told, path)
            if value is None:
                continue
            scale = WH if path == "aenergy.total" else 1
            values[label] = value if isinstance(value, bool) else number(value) / scale
        return before.measuring(values)

    _have(made, labels.values())
    for topic, reads in place.reading(component, take).items():
        made.reads.setdefault(topic, []).extend(reads)


def _have(made: Made, labels: Any) -> None:
    kinds = [k for each in made.capabilities if isinstance(each, Measures) for k in each.kinds]
    others = [each for each in made.capabilities if not isinstance(each, Measures)]
    made.capabilities[:] = [*others, Measures((*kinds, *labels))]


def _inside(told: Mapping[str, Any], path: str) -> Any:
    value: Any = told
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _presses(buttons: Mapping[str, int]) -> Callable[[bytes], tuple[str, ...]]:
    def pressed(payload: bytes) -> tuple[str, ...]:
        return tuple(_actions(object_of(payload), buttons))

    return pressed


def _actions(said: Mapping[str, Any], buttons: Mapping[str, int]) -> Iterator[str]:
    params = said.get("params")
    if said.get("method") != "NotifyEvent" or not isinstance(params, dict):
        return
    events = params.get("events")
    for event in events if isinstance(events, list) else ():
        if not isinstance(event, dict):
            continue
        which, action = event.get("component"), event.get("event")
        if not (isinstance(which, str) and isinstance(action, str)):
            continue
        if which in buttons and action in PRESSES:
            word = PRESSES[action]
            yield word if buttons[which] == 1 else f"{buttons[which]}_{word}"
