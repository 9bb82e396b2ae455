"""What a Tasmota device is made of: relays, lights, shutters, fans, buttons and sensors.

Sources: tasmota.github.io/docs/Commands, .../Lights, .../Blinds-and-Shutters,
.../Buttons-and-Switches.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any, Final

from drivers.mqtt_ha_parts import Made
from drivers.mqtt_parts import Actor
from drivers.mqtt_payload import number, object_of, within
from drivers.mqtt_talk import Message, Read
from drivers.mqtt_tasmota_light import light, power, power_name
from drivers.mqtt_units import converted
from drivers.types import (
    BadPayload,
    Blows,
    Command,
    Covers,
    DeviceState,
    Measures,
    SetCover,
    SetFan,
    SetSwitch,
    Switchable,
)


class RelayKind(IntEnum):
    """What stands in `rl`."""

    RELAY = 1
    LIGHT = 2
    SHUTTER = 3


FAN_STEPS: Final = 3
MAX_RELAYS: Final = 32
NUMBERS: Final = {
    "Temperature": ("temperature", "TempUnit"), "Humidity": ("humidity", ""),
    "Pressure": ("pressure", "PressureUnit"), "Illuminance": ("illuminance", ""),
    "CarbonDioxide": ("co2", ""), "eCO2": ("co2", ""), "TVOC": ("voc", ""), "PM2.5": ("pm25", ""),
    "Power": ("power", ""), "Voltage": ("voltage", ""), "Current": ("current", ""),
    "Frequency": ("frequency", ""), "Total": ("energy", ""), "Moisture": ("moisture", ""),
}  # fmt: skip
_UNITS: Final = {"C": "°C", "F": "°F", "hPa": "", "mmHg": "mmHg", "inHg": "inHg"}
_PRESSES: Final = {
    "SINGLE": "single", "DOUBLE": "double", "TRIPLE": "triple", "QUAD": "quadruple",
    "PENTA": "quintuple", "HOLD": "hold", "CLEAR": "release", "ON": "on", "OFF": "off",
    "TOGGLE": "single",
}  # fmt: skip
DETACHED_BUTTONS, DETACHED_SWITCHES, LIGHTS_ONLY = "73", "114", "30"
"""Options: buttons and switches tell what happens to them; relays are lamps."""


@dataclass(frozen=True, slots=True)
class Topics:
    """Each ends with a slash."""

    takes: str
    answers: str
    tells: str


def actors(config: Mapping[str, Any], topics: Topics) -> list[Actor]:
    """Return everything that takes commands."""
    relays = _whole_numbers(config.get("rl"))[:MAX_RELAYS]
    names = config.get("fn")
    found: list[Actor] = []
    lamps = [at for at, kind in enumerate(relays) if kind == RelayKind.LIGHT]
    several = sum(kind > 0 for kind in relays) > 1
    is_fan = config.get("if") == 1
    shutters = 0
    for at, kind in enumerate(relays):
        given = names[at] if isinstance(names, list) and at < len(names) else None
        name = given if isinstance(given, str) and several else ""
        lamp = _option(config, LIGHTS_ONLY) or (is_fan and at == 0)
        match kind:
            case RelayKind.RELAY if not (is_fan and at > 0):
                made = _relay(at, topics, lamp=lamp)
            case RelayKind.LIGHT:
                made = light(config, at, lamps.index(at), topics.takes, _listening(topics, "STATE"))
            case RelayKind.SHUTTER if relays[:at].count(RelayKind.SHUTTER) % 2 == 0:
                shutters += 1
                made = _shutter(shutters, topics)
            case _:
                continue
        found.append(Actor(str(at + 1), made, name))
    if is_fan:
        found.append(Actor("fan", _fan(topics)))
    return found


def buttons(config: Mapping[str, Any], topics: Topics) -> Made:
    """Return the buttons and switches that tell when they are used."""
    made = Made()
    keys: dict[str, int] = {}
    if _option(config, DETACHED_BUTTONS):
        keys.update(_numbered("Button", config.get("btn"), unused=0))
    if _option(config, DETACHED_SWITCHES):
        keys.update(_numbered("Switch", config.get("swc"), unused=-1))
    if not keys:
        return made

    def pressed(payload: bytes) -> tuple[str, ...]:
        told: list[str] = []
        for key, value in object_of(payload).items():
            action = value.get("Action") if isinstance(value, dict) else None
            word = _PRESSES.get(action) if isinstance(action, str) else None
            if key in keys and word is not None:
                told.append(word if keys[key] == 1 else f"{keys[key]}_{word}")
        return tuple(told)

    topic = f"{topics.answers}RESULT"
    made.presses[topic] = pressed
    made.reads[topic] = [lambda _, before: before]
    return made


def sensors(measured: Mapping[str, Any], topics: Topics, rest: Made) -> None:
    """Add what it measures, by the message that it announces as an example."""
    found: dict[tuple[str, str], tuple[str, str]] = {}
    for sensor, values in measured.items():
        for key in values if isinstance(values, dict) else ():
            if key not in NUMBERS:
                continue
            kind, unit = NUMBERS[key]
            taken = {label for label, _ in found.values()}
            label = kind if kind not in taken else f"{kind}_{sensor.lower().replace('-', '_')}"
            found[sensor, key] = label, unit
    if not found:
        return

    def read(said: Mapping[str, Any], before: DeviceState) -> DeviceState:
        values = dict(before.values)
        for (sensor, key), (label, unit) in found.items():
            told = said.get(sensor)
            value = told.get(key) if isinstance(told, dict) else None
            if value is None or isinstance(value, list):
                continue  # not known now, or one for each phase
            values[label] = converted(
                NUMBERS[key][0], number(value), _UNITS.get(str(said.get(unit)), "")
            )
        return before.measuring(values)

    rest.capabilities.append(Measures(tuple(label for label, _ in found.values())))
    for topic, each in _listening(topics, "SENSOR")(read).items():
        rest.reads.setdefault(topic, []).extend(each)


Take = Callable[[Mapping[str, Any], DeviceState], DeviceState]
Listening = Callable[[Take], dict[str, list[Read]]]


def _listening(topics: Topics, regular: str) -> Listening:
    """Return where something is told: regularly, after a command, and when asked."""
    inside = {"STATE": ("STATUS11", "StatusSTS"), "SENSOR": ("STATUS10", "StatusSNS")}
    asked, key = inside[regular]

    def listening(take: Take) -> dict[str, list[Read]]:
        def read(payload: bytes, before: DeviceState) -> DeviceState:
            return take(object_of(payload), before)

        def read_inside(payload: bytes, before: DeviceState) -> DeviceState:
            said = object_of(payload).get(key)
            if not isinstance(said, dict):
                raise BadPayload(f"no `{key}`")
            return take(said, before)

        reads: dict[str, list[Read]] = {
            f"{topics.tells}{regular}": [read],
            f"{topics.answers}{asked}": [read_inside],
        }
        if regular == "STATE":
            reads[f"{topics.answers}RESULT"] = [read]
        return reads

    return listening


def _relay(at: int, topics: Topics, *, lamp: bool) -> Made:
    def read(said: Mapping[str, Any], before: DeviceState) -> DeviceState:
        on = power(said, at)
        return before if on is None else replace(before, on=on)

    def write(command: Command) -> tuple[Message, ...] | None:
        match command:
            case SetSwitch(on=on):
                return (Message(f"{topics.takes}{power_name(at)}", b"ON" if on else b"OFF"),)
            case _:
                return None

    return Made([Switchable(light=lamp)], _listening(topics, "STATE")(read), write)


def _shutter(which: int, topics: Topics) -> Made:
    name = f"Shutter{which}"

    def read(said: Mapping[str, Any], before: DeviceState) -> DeviceState:
        told = said.get(name)
        value = told.get("Position") if isinstance(told, dict) else None
        if value is None:
            return before
        position = within(number(value), 0, 100, "a position") / 100
        return before.measuring({**before.values, "position": position})

    def write(command: Command) -> tuple[Message, ...] | None:
        if not isinstance(command, SetCover):
            return None
        percent = round(min(max(command.position, 0.0), 1.0) * 100)
        return (Message(f"{topics.takes}ShutterPosition{which}", str(percent).encode()),)

    reads = _listening(topics, "STATE")(read)
    for topic, each in _listening(topics, "SENSOR")(read).items():
        reads.setdefault(topic, []).extend(each)
    return Made([Covers()], reads, write)


def _fan(topics: Topics) -> Made:
    def read(said: Mapping[str, Any], before: DeviceState) -> DeviceState:
        value = said.get("FanSpeed")
        if value is None:
            return before
        speed = within(number(value), 0, FAN_STEPS, "a speed") / FAN_STEPS
        return replace(before.measuring({**before.values, "speed": speed}), on=speed > 0)

    def write(command: Command) -> tuple[Message, ...] | None:
        match command:
            case SetSwitch(on=on):
                step = FAN_STEPS if on else 0
            case SetFan(speed=speed):
                step = 0 if speed <= 0 else max(1, round(min(speed, 1.0) * FAN_STEPS))
            case _:
                return None
        return (Message(f"{topics.takes}FanSpeed", str(step).encode()),)

    reads = _listening(topics, "STATE")(read)
    return Made([Switchable(), Blows(FAN_STEPS)], reads, write)


def _option(config: Mapping[str, Any], option: str) -> bool:
    options = config.get("so")
    return isinstance(options, dict) and options.get(option) == 1


def _numbered(name: str, given: object, unused: int) -> Iterator[tuple[str, int]]:
    for at, value in enumerate(_whole_numbers(given)):
        if value != unused:
            yield f"{name}{at + 1}", at + 1


def _whole_numbers(given: object) -> list[int]:
    if not isinstance(given, list):
        return []
    return [one if isinstance(one, int) and not isinstance(one, bool) else 0 for one in given]
