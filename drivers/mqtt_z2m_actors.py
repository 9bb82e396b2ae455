"""The kinds of devices that Zigbee2MQTT describes by their features, other than lights.

Source: zigbee2mqtt.io/guide/usage/exposes.html#specific. Locks are only read; gates and garage
doors too.
"""

from dataclasses import dataclass, replace
from typing import Any, Final

from drivers.mqtt_ha_config import Fields, Unusable
from drivers.mqtt_ha_parts import Made
from drivers.mqtt_payload import number, object_of, within
from drivers.mqtt_talk import Message, Read
from drivers.mqtt_z2m_light import Features, sending
from drivers.types import (
    BadPayload,
    Blows,
    Command,
    Covers,
    DeviceState,
    Heats,
    Measures,
    SetCover,
    SetFan,
    SetSwitch,
    SetTemperature,
    Switchable,
)

_SPEEDS: Final = ("low", "medium", "high", "turbo")


def same(value: object, word: object) -> bool:
    """Return True for the same JSON value: 1 is not true."""
    return type(value) is type(word) and value == word


def switch(topic: str, features: Features) -> Made:
    """Make a switch. Raises Unusable."""
    state = _feature(features, "state")
    name = state.text("property", "state")
    yes, no = state.raw("value_on"), state.raw("value_off")

    def read(payload: bytes, before: DeviceState) -> DeviceState:
        value = object_of(payload).get(name)
        if value is None:
            return before
        if not (same(value, yes) or same(value, no)):
            raise BadPayload("neither of its two states")
        return replace(before, on=same(value, yes))

    def write(command: Command) -> tuple[Message, ...] | None:
        match command:
            case SetSwitch(on=on):
                return (sending(topic, {name: yes if on else no}),)
            case _:
                return None

    return Made([Switchable()], {topic: [read]}, write)


def cover(topic: str, features: Features) -> Made:
    """Make a blind or curtain. Raises Unusable."""
    state = features.get("state")
    place = features.get("position")
    if place is None and state is None:
        raise Unusable("a cover that cannot be moved")
    read = _cover_read(features)

    def write(command: Command) -> tuple[Message, ...] | None:
        if not isinstance(command, SetCover):
            return None
        if place is not None:
            percent = round(min(max(command.position, 0.0), 1.0) * 100)
            return (sending(topic, {place.text("property", "position"): percent}),)
        assert state is not None
        word = "OPEN" if command.position >= 0.5 else "CLOSE"  # noqa: PLR2004 - half open
        return (sending(topic, {state.text("property", "state"): word}),)

    return Made([Covers(place is not None)], {topic: [read]}, write)


def _cover_read(features: Features) -> Read:
    state, place = features.get("state"), features.get("position")

    def read(payload: bytes, before: DeviceState) -> DeviceState:
        said = object_of(payload)
        if place is not None:
            value = said.get(place.text("property", "position"))
            position = None if value is None else within(number(value), 0, 100, "a position") / 100
        else:
            word = None if state is None else said.get(state.text("property", "state"))
            position = {"OPEN": 1.0, "CLOSE": 0.0}.get(str(word))
        if position is None:
            return before
        return before.measuring({**before.values, "position": position})

    return read


def door(topic: str, features: Features) -> Made:
    """Make what only tells whether a gate is open."""
    place = _cover_read(features)

    def read(payload: bytes, before: DeviceState) -> DeviceState:
        position = place(payload, DeviceState()).values.get("position")
        if position is None:
            return before
        return before.measuring({**before.values, "contact": bool(position)})

    return Made([Measures(("contact",))], {topic: [read]})


def lock(topic: str, features: Features) -> Made:
    """Make what only tells whether a lock is locked. Raises Unusable."""
    exact = features.get("lock_state")
    name = (exact or _feature(features, "state")).text("property", "state")

    def read(payload: bytes, before: DeviceState) -> DeviceState:
        value = object_of(payload).get(name)
        if value is None:
            return before
        locked = str(value).upper() in {"LOCK", "LOCKED"}
        return before.measuring({**before.values, "locked": locked})

    return Made([Measures(("locked",))], {topic: [read]})


@dataclass(frozen=True, slots=True)
class _Fan:
    """Names are empty where it has no such thing; speeds are words or a number."""

    state: str
    mode: str
    words: tuple[str, ...]
    speed: str
    low: float
    high: float

    def read(self, payload: bytes, before: DeviceState) -> DeviceState:
        said = object_of(payload)
        on = {"ON": True, "OFF": False}.get(str(said.get(self.state)), before.on)
        share = before.values.get("speed")
        word, number_ = said.get(self.mode), said.get(self.speed)
        if not self.state and isinstance(word, str):
            on = word != "off"
        if word in self.words:
            share = (self.words.index(str(word)) + 1) / len(self.words)
        if self.speed and number_ is not None:
            share = within(number(number_), 0, self.high, "a speed") / self.high
        state = replace(before, on=on)
        return state if share is None else state.measuring({**before.values, "speed": share})

    def switched(self, *, on: bool) -> dict[str, Any]:
        if self.state:
            return {self.state: "ON" if on else "OFF"}
        return {self.mode: self.words[-1] if on else "off"}

    def at(self, speed: float) -> dict[str, Any]:
        if speed <= 0:
            return self.switched(on=False)
        if self.speed:
            return {self.speed: max(self.low, round(min(speed, 1.0) * self.high))}
        return {self.mode: self.words[max(0, round(min(speed, 1.0) * len(self.words)) - 1)]}


def fan(topic: str, features: Features) -> Made:
    """Make a fan whose speeds are words or a number. Raises Unusable."""
    state, mode, speed = (features.get(name) for name in ("state", "mode", "speed"))
    given = () if mode is None else mode.raw("values")
    words = tuple(w for w in _SPEEDS if isinstance(given, list | tuple) and w in given)
    low = 1.0 if speed is None else max(1.0, speed.number("value_min", 1))
    high = 100.0 if speed is None else speed.number("value_max", 100)
    if (speed is None and not words) or low > high:
        raise Unusable("a fan without speeds")
    one = _Fan(
        "" if state is None else state.text("property", "fan_state"),
        "" if mode is None else mode.text("property", "fan_mode"),
        words,
        "" if speed is None else speed.text("property", "speed"),
        low,
        high,
    )
    if not (one.state or words):
        raise Unusable("a fan that cannot be switched")

    def write(command: Command) -> tuple[Message, ...] | None:
        match command:
            case SetSwitch(on=on):
                return (sending(topic, one.switched(on=on)),)
            case SetFan(speed=wanted):
                return (sending(topic, one.at(wanted)),)
            case _:
                return None

    steps = len(words) if speed is None else round(high - low + 1)
    return Made([Switchable(), Blows(steps)], {topic: [one.read]}, write)


def climate(topic: str, features: Features) -> Made:
    """Make a thermostat with one target. Raises Unusable."""
    names = ("occupied_heating_setpoint", "current_heating_setpoint")
    target = next((features[name] for name in names if name in features), None)
    if target is None:
        raise Unusable("a thermostat that cannot be set")
    low, high = target.number("value_min", 5), target.number("value_max", 30)
    step = target.number("value_step", 0.5)
    if not (low < high and step > 0):
        raise Unusable("an empty range of temperatures")
    made = Made([Heats(low, high, step)])
    target_name, local_name = target.text("property"), ""
    if (local := features.get("local_temperature")) is not None:
        local_name = local.text("property", "local_temperature")
        made.capabilities.append(Measures(("temperature",)))
    mode_name, on_mode = _mode(features.get("system_mode"))
    if on_mode:
        made.capabilities.append(Switchable())

    def write(command: Command) -> tuple[Message, ...] | None:
        match command:
            case SetTemperature(target_c=target_c):
                return (sending(topic, {target_name: round(target_c, 1)}),)
            case SetSwitch(on=on) if on_mode:
                return (sending(topic, {mode_name: on_mode if on else "off"}),)
            case _:
                return None

    made.reads[topic] = [_climate_read(target_name, local_name, mode_name)]
    made.write = write
    return made


def _climate_read(target_name: str, local_name: str, mode_name: str) -> Read:
    def read(payload: bytes, before: DeviceState) -> DeviceState:
        said = object_of(payload)
        wanted, now, word = (said.get(name) for name in (target_name, local_name, mode_name))
        state = before
        if wanted is not None:
            state = replace(state, target_c=round(number(wanted), 2))
        if now is not None:
            state = state.measuring({**state.values, "temperature": number(now)})
        if isinstance(word, str):
            state = replace(state, on=word != "off")
        return state

    return read


def _mode(feature: Fields | None) -> tuple[str, str]:
    """Return the name of the mode and its word for on; both empty if it cannot be turned off."""
    modes = None if feature is None else feature.raw("values")
    if feature is None or not isinstance(modes, list) or "off" not in modes:
        return "", ""
    on_mode = next((word for word in ("auto", "heat", "cool") if word in modes), "")
    return (feature.text("property", "system_mode"), on_mode) if on_mode else ("", "")


def _feature(features: Features, name: str) -> Fields:
    if name not in features:
        raise Unusable(f"it has no `{name}`")
    return features[name]
