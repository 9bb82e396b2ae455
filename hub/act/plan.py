"""A goal and the devices of a room become commands. Pure: no time, no state, no driver's name.

Devices are asked for capabilities; one that lacks what a goal asks for is left out. Brightness
never changes faster than the guards allow: a shorter transition is stretched.
"""

import math
from collections.abc import Iterator, Mapping, Sequence

from drivers.types import (
    Audible,
    Blows,
    Colorful,
    Command,
    Covers,
    Device,
    DeviceId,
    DeviceState,
    Dimmable,
    Heats,
    PlayMusic,
    SetCover,
    SetFan,
    SetLight,
    SetSwitch,
    SetTemperature,
    SetVolume,
    StopMusic,
    Switchable,
    Tunable,
)
from hub.act.climate import Limits, agree, within_hour
from hub.settings import LightPart, MusicPart, Scene
from hub.types import MusicGoal

RESTORE_TRANSITION_S = 2.0


def plan_scene(
    scene: Scene,
    devices: Sequence[Device],
    max_level_per_s: float | None,
    limits: Limits | None = None,
) -> tuple[Command, ...]:
    """Return what brings a scene into a room with these devices.

    `max_level_per_s` and `limits` None mean no limit: a person asked, and knows what will happen.
    """
    commands: list[Command] = []
    targets: Mapping[DeviceId, float] = {}
    if scene.target_c is not None:
        thermostats = [(d.id, heats) for d in devices if (heats := d.capability(Heats))]
        targets = agree(scene.target_c, thermostats, limits)
    for device in devices:
        part = scene.devices.get(device.id)
        if part is None and is_light(device):
            part = scene.lights
        if part is not None:
            commands += _light(device, part, max_level_per_s)
        if scene.music is not None and device.capability(Audible):
            commands.append(_music(device.id, scene.music))
        if device.id in targets:
            commands.append(SetTemperature(device.id, targets[device.id]))
        if scene.fan is not None and (blows := device.capability(Blows)):
            fan = scene.fan if limits is None else min(scene.fan, limits.max_fan)
            commands += _fan(device.id, fan, blows, limits)
        if scene.cover is not None and (covers := device.capability(Covers)):
            commands += _cover(device.id, scene.cover, covers, limits)
    return tuple(commands)


def plan_music(goal: MusicGoal, devices: Sequence[Device]) -> tuple[Command, ...]:
    """Return what makes a room's players play near a point."""
    return tuple(
        PlayMusic(device.id, goal.valence, goal.energy, goal.volume)
        for device in devices
        if device.capability(Audible)
    )


def plan_restore(
    before: Mapping[DeviceId, DeviceState],
    devices: Sequence[Device],
    max_level_per_s: float | None,
    limits: Limits | None = None,
) -> tuple[Command, ...]:
    """Return what puts devices back into these states; what was unknown is left alone.

    Music that played before is not started again (nobody remembers which), only its volume is
    put back; music that did not play before is stopped.
    """
    commands: list[Command] = []
    for device in devices:
        state = before.get(device.id)
        if state is not None:
            commands += _put_back(device, state, max_level_per_s, limits)
    return tuple(commands)


def is_light(device: Device) -> bool:
    """True for what a scene's `lights` mean: anything dimmable or coloured, or a plain lamp."""
    return any(
        isinstance(have, Dimmable | Tunable | Colorful)
        or (isinstance(have, Switchable) and have.light)
        for have in device.capabilities
    )


def slew_s(state: DeviceState, on: bool, level: float | None, max_level_per_s: float) -> float:
    """Return the least time in which a light may go from its state to this one.

    What is not known is taken at its worst, so that an unknown lamp never flashes.
    """
    if state.on is False:
        now: float | None = 0.0
    else:
        now = state.level
    target = (level if level is not None else (now if state.on else None)) if on else 0.0
    if now is None and target is None:
        change = 1.0
    elif target is None:
        change = max(now or 0.0, 1.0 - (now or 0.0))
    elif now is None:
        change = max(target, 1.0 - target)
    else:
        change = abs(target - now)
    return change / max_level_per_s


def _light(device: Device, part: LightPart, max_level_per_s: float | None) -> Iterator[Command]:
    on = part.on and part.level != 0
    dimmable = device.capability(Dimmable)
    tunable = device.capability(Tunable)
    colorful = device.capability(Colorful)
    if not (dimmable or tunable or colorful):
        if device.capability(Switchable):
            yield SetSwitch(device.id, on)
        return
    level = part.level if on and dimmable else None
    transition_s = part.transition_s
    if max_level_per_s is not None and dimmable:
        transition_s = max(transition_s, slew_s(device.state, on, level, max_level_per_s))
    if not on:
        yield SetLight(device.id, on=False, transition_s=transition_s)
        return
    xy = part.xy if colorful else None
    kelvin = part.kelvin if xy is None and tunable else None
    if kelvin is not None and tunable:
        kelvin = min(max(kelvin, tunable.min_kelvin), tunable.max_kelvin)
    yield SetLight(device.id, True, level, kelvin, xy, transition_s)


def _music(device: DeviceId, part: MusicPart) -> Command:
    if part.stop:
        return StopMusic(device)
    return PlayMusic(device, part.valence, part.energy, part.volume)


def _target(wanted_c: float, heats: Heats) -> float:
    """Round to the thermostat's steps, counted from its lower limit, within its limits."""
    clamped = min(max(wanted_c, heats.min_c), heats.max_c)
    steps = math.floor((clamped - heats.min_c) / heats.step_c + 0.5)
    return round(min(heats.min_c + steps * heats.step_c, heats.max_c), 3)


def _fan(device: DeviceId, wanted: float, blows: Blows, limits: Limits | None) -> Iterator[Command]:
    speed = _speed(wanted, blows)
    if limits is not None and speed > limits.max_fan:  # its lowest speed is too fast already
        speed = math.floor(limits.max_fan * blows.steps) / blows.steps
    yield SetFan(device, round(speed, 4))


def _cover(
    device: DeviceId, wanted: float, covers: Covers, limits: Limits | None
) -> Iterator[Command]:
    low, high = (0.0, 1.0) if limits is None else limits.cover
    position = _position(min(max(wanted, low), high), covers)
    if low <= position <= high:
        yield SetCover(device, position)


def _speed(wanted: float, blows: Blows) -> float:
    """Round to the fan's speeds; what is not off stays on at the lowest."""
    if wanted <= 0:
        return 0.0
    return round(max(1, math.floor(wanted * blows.steps + 0.5)) / blows.steps, 4)


def _position(wanted: float, covers: Covers) -> float:
    if covers.stops_anywhere:
        return wanted
    return 1.0 if wanted >= 0.5 else 0.0  # noqa: PLR2004 - the nearer end


def _put_back(
    device: Device, state: DeviceState, max_level_per_s: float | None, limits: Limits | None
) -> Iterator[Command]:
    switches = is_light(device) or device.capability(Switchable)
    if state.on is not None and switches and not device.capability(Blows):
        part = LightPart(
            on=state.on,
            level=state.level,
            kelvin=state.kelvin if state.xy is None else None,
            xy=state.xy,
            transition_s=RESTORE_TRANSITION_S,
        )
        yield from _light(device, part, max_level_per_s)
    if device.capability(Audible):
        if state.playing is None:
            yield StopMusic(device.id)
        if state.volume is not None:
            yield SetVolume(device.id, state.volume)
    heats = device.capability(Heats)
    if state.target_c is not None and heats:
        # What was set before may lie beyond automation's bounds: somebody wanted it so.
        target = within_hour(device.id, state.target_c, limits)
        if target is not None:
            yield SetTemperature(device.id, _target(target, heats))
    blows = device.capability(Blows)
    if blows and (state.on is False or "speed" in state.values):
        speed = 0.0 if state.on is False else float(state.values["speed"])
        yield SetFan(device.id, _speed(speed, blows))
    covers = device.capability(Covers)
    if covers and "position" in state.values:
        yield SetCover(device.id, _position(float(state.values["position"]), covers))
