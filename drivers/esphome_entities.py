"""Entities of ESPHome that take commands: their capabilities, what they report, what they are sent.

`send` returns False for a command that is not the entity's.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from aioesphomeapi.client import APIClient
from aioesphomeapi.model import (
    APIVersion,
    ButtonInfo,
    ClimateFeature,
    ClimateInfo,
    ClimateMode,
    ClimateState,
    CoverInfo,
    CoverState,
    EntityInfo,
    EntityState,
    FanInfo,
    FanState,
    LightInfo,
    NumberInfo,
    NumberState,
    SelectInfo,
    SelectState,
    SwitchInfo,
    SwitchState,
    TemperatureUnit,
)

from drivers.esphome_light import light_entity
from drivers.promises import clamp
from drivers.types import (
    Adjusts,
    Blows,
    Capability,
    Command,
    Covers,
    DeviceState,
    Heats,
    Measures,
    Press,
    Presses,
    Selects,
    SetCover,
    SetFan,
    SetNumber,
    SetOption,
    SetSwitch,
    SetTemperature,
    Switchable,
)

Read = Callable[[EntityState, DeviceState], DeviceState]
Send = Callable[[APIClient, Command, DeviceState], bool]
MOST_OPTIONS: Final = 200


@dataclass(frozen=True, slots=True)
class Entity:
    """One entity as the driver needs it. `reports` is False for what has no state."""

    kind: str
    capabilities: tuple[Capability, ...]
    read: Read
    send: Send
    reports: bool = True


def entity_of(info: EntityInfo, version: APIVersion) -> Entity | None:
    """Return what this entity is for us; None for what takes no commands of ours."""
    made: Entity | None = None
    match info:
        case LightInfo():
            made = Entity("light", *light_entity(info, version))
        case SwitchInfo():
            made = _switch(info)
        case FanInfo():
            made = _fan(info)
        case CoverInfo():
            made = _cover(info)
        case ClimateInfo():
            made = _climate(info, version)
        case NumberInfo(min_value=low, max_value=high) if low < high:
            limits = Adjusts(low, high, info.step or 1.0, info.unit_of_measurement)
            made = Entity("number", (limits,), _read_setting, _set(info))
        case SelectInfo(options=options) if 0 < len(options) <= MOST_OPTIONS:
            made = Entity("select", (Selects(tuple(options)),), _read_setting, _set(info))
        case ButtonInfo():
            made = Entity("button", (Presses(),), _read_setting, _set(info), reports=False)
        case _:
            pass
    return made


def _switch(info: SwitchInfo) -> Entity:
    def read(state: EntityState, before: DeviceState) -> DeviceState:
        return DeviceState(on=state.state) if isinstance(state, SwitchState) else before

    def send(client: APIClient, command: Command, _before: DeviceState) -> bool:
        if not isinstance(command, SetSwitch):
            return False
        client.switch_command(info.key, command.on, info.device_id)
        return True

    return Entity("switch", (Switchable(),), read, send)


def _fan(info: FanInfo) -> Entity:
    steps = info.supported_speed_count if info.supports_speed else 0

    def read(state: EntityState, before: DeviceState) -> DeviceState:
        if not isinstance(state, FanState):
            return before
        if steps < 1:
            return DeviceState(on=state.state)
        speed = clamp(state.speed_level / steps, 0, 1) if state.state else 0.0
        return DeviceState(on=state.state, values={"speed": round(speed, 4)})

    def send(client: APIClient, command: Command, _before: DeviceState) -> bool:
        match command:
            case SetSwitch(on=on):
                client.fan_command(info.key, state=on, device_id=info.device_id)
            case SetFan(speed=speed) if speed > 0:
                level = max(1, round(speed * steps))
                client.fan_command(
                    info.key, state=True, speed_level=level, device_id=info.device_id
                )
            case SetFan():
                client.fan_command(info.key, state=False, device_id=info.device_id)
            case _:
                return False
        return True

    speeds = (Blows(steps),) if steps > 0 else ()
    return Entity("fan", (Switchable(), *speeds), read, send)


def _cover(info: CoverInfo) -> Entity:
    def read(state: EntityState, before: DeviceState) -> DeviceState:
        if not isinstance(state, CoverState):
            return before
        return DeviceState(values={"position": round(clamp(state.position, 0, 1), 4)})

    def send(client: APIClient, command: Command, _before: DeviceState) -> bool:
        if not isinstance(command, SetCover):
            return False
        position = command.position if info.supports_position else float(command.position >= 0.5)  # noqa: PLR2004 - half
        client.cover_command(info.key, position=position, device_id=info.device_id)
        return True

    return Entity("cover", (Covers(info.supports_position),), read, send)


def _climate(info: ClimateInfo, version: APIVersion) -> Entity | None:
    features = info.supported_feature_flags_compat(version)
    low, high = info.visual_min_temperature, info.visual_max_temperature
    two_points = features & ClimateFeature.REQUIRES_TWO_POINT_TARGET_TEMPERATURE
    if two_points or low >= high or info.temperature_unit not in {None, TemperatureUnit.CELSIUS}:
        return None
    senses = bool(features & ClimateFeature.SUPPORTS_CURRENT_TEMPERATURE)

    def read(state: EntityState, before: DeviceState) -> DeviceState:
        if not isinstance(state, ClimateState):
            return before
        return DeviceState(
            on=state.mode is not ClimateMode.OFF,
            target_c=round(clamp(state.target_temperature, low, high), 3),
            values={"temperature": round(state.current_temperature, 3)} if senses else {},
        )

    def send(client: APIClient, command: Command, _before: DeviceState) -> bool:
        if not isinstance(command, SetTemperature):
            return False
        target = clamp(command.target_c, low, high)
        client.climate_command(info.key, target_temperature=target, device_id=info.device_id)
        return True

    heats = Heats(low, high, info.visual_target_temperature_step or 0.5)
    measures = (Measures(("temperature",)),) if senses else ()
    return Entity("climate", (heats, *measures), read, send)


def _read_setting(state: EntityState, before: DeviceState) -> DeviceState:
    match state:
        case NumberState(missing_state=False, state=number):
            return DeviceState(values={"number": number})
        case SelectState(missing_state=False, state=option):
            return DeviceState(values={"option": option})
        case _:
            return before


def _set(info: NumberInfo | SelectInfo | ButtonInfo) -> Send:
    def send(client: APIClient, command: Command, _before: DeviceState) -> bool:
        match info, command:
            case NumberInfo(), SetNumber(number=number):
                client.number_command(info.key, number, info.device_id)
            case SelectInfo(), SetOption(option=option):
                client.select_command(info.key, option, info.device_id)
            case ButtonInfo(), Press():
                client.button_command(info.key, info.device_id)
            case _:
                return False
        return True

    return send
