"""Commands of the hub as cluster commands.

Done means that the device itself answered with success. An answer that does not come is asked for
again within the hub's deadline: all that is sent here may be sent twice.
"""

from typing import Any, Final

from zigpy.exceptions import ZigbeeException
from zigpy.zcl import Cluster
from zigpy.zcl.foundation import Status

from drivers.types import (
    Command,
    Refused,
    SetCover,
    SetFan,
    SetLight,
    SetSwitch,
    SetTemperature,
    Switchable,
    Unreachable,
)
from drivers.wishes import wish
from drivers.zigbee import lights
from drivers.zigbee.parts import FAN_MODE, FAN_SPEEDS, SETPOINT, Part
from drivers.zigbee.readings import COLOR, COVERING, FAN, LEVEL, ON_OFF, THERMOSTAT

REPLY_LIMIT_S: Final = 1.4
RETRIES: Final = 2
"""Three times 1.4 s stays within the hub's deadline of 5 s."""
OFF, ON = 0x00, 0x01
MOVE_TO_LEVEL_WITH_ON_OFF: Final = 0x04
MOVE_TO_HUE_AND_SATURATION, MOVE_TO_COLOR, MOVE_TO_COLOR_TEMPERATURE = 0x06, 0x07, 0x0A
GO_TO_LIFT_PERCENTAGE: Final = 0x05
_LONGEST_TENTHS: Final = 0xFFFE

Step = tuple[int, int, tuple[int, ...]]
"""Cluster, command, arguments."""


async def carry_out(part: Part, command: Command) -> None:
    """Carry a command out. Raises Refused or Unreachable."""
    match command:
        case SetSwitch(on=on) if part.cluster(ON_OFF) is not None:
            await run(part, ((ON_OFF, ON if on else OFF, ()),))
        case SetLight():
            steps = light_steps(part, command)
            await run(part, steps)
        case SetTemperature(target_c=target_c) if heats := part.heats:
            target = min(max(target_c, heats.min_c), heats.max_c)
            await _write(part, THERMOSTAT, SETPOINT, round(target * 100))
        case SetCover(position=position) if part.cluster(COVERING) is not None:
            closed = round((1 - min(max(position, 0.0), 1.0)) * 100)
            await run(part, ((COVERING, GO_TO_LIFT_PERCENTAGE, (closed,)),))
        case SetFan(speed=speed) if part.cluster(FAN) is not None:
            await _write(part, FAN, FAN_MODE, round(min(max(speed, 0.0), 1.0) * FAN_SPEEDS))
        case _:
            raise Refused(f"{part.device.name} cannot {wish(command)}")


def light_steps(part: Part, command: SetLight) -> tuple[Step, ...]:
    """Return what to send to a lamp. Raises Refused when it cannot do what is asked for."""
    switchable = part.device.capability(Switchable)
    colours = part.colours
    lacks_level = command.level is not None and part.cluster(LEVEL) is None
    lacks_kelvin = command.kelvin is not None and (colours is None or colours.kelvin is None)
    lacks_xy = command.xy is not None and (colours is None or not (colours.xy or colours.hue))
    if switchable is None or not switchable.light or lacks_level or lacks_kelvin or lacks_xy:
        raise Refused(f"{part.device.name} cannot {wish(command)}")
    tenths = min(round(command.transition_s * 10), _LONGEST_TENTHS)
    if command.on is False or command.level == 0:
        if not tenths or part.cluster(LEVEL) is None:
            return ((ON_OFF, OFF, ()),)
        if part.device.state.on and part.device.state.level:
            part.level_before_off = lights.to_level(part.device.state.level)
        return ((LEVEL, MOVE_TO_LEVEL_WITH_ON_OFF, (0, tenths)),)
    return (_on(part, command, tenths), *_colour(part, command, tenths))


async def run(part: Part, steps: tuple[Step, ...]) -> None:
    """Send cluster commands one after the other. Raises Refused, Unreachable."""
    for number, command, arguments in steps:
        cluster = part.cluster(number)
        if cluster is None:
            raise Refused(f"{part.device.name} has lost a function; interview it again")
        try:
            answer = await cluster.command(
                command, *arguments, timeout=REPLY_LIMIT_S, retries=RETRIES
            )
        except (TimeoutError, ZigbeeException, RuntimeError) as err:
            raise _unreachable(part, err) from err
        _check(part, cluster, getattr(answer, "status", Status.SUCCESS))


def _on(part: Part, command: SetLight, tenths: int) -> Step:
    if command.level is not None:
        level = lights.to_level(command.level)
    elif part.device.state.on or part.level_before_off is None:
        return ON_OFF, ON, ()
    else:
        level = part.level_before_off
    part.level_before_off = None
    return LEVEL, MOVE_TO_LEVEL_WITH_ON_OFF, (level, tenths)


def _colour(part: Part, command: SetLight, tenths: int) -> tuple[Step, ...]:
    colours = part.colours
    if colours is None:
        return ()
    if command.xy is not None:
        if colours.xy:
            return ((COLOR, MOVE_TO_COLOR, (*lights.to_xy(command.xy), tenths)),)
        return ((COLOR, MOVE_TO_HUE_AND_SATURATION, (*lights.to_hue(command.xy), tenths)),)
    if command.kelvin is not None and colours.kelvin is not None:
        mireds = lights.to_mireds(command.kelvin, colours.kelvin)
        return ((COLOR, MOVE_TO_COLOR_TEMPERATURE, (mireds, tenths)),)
    return ()


async def _write(part: Part, number: int, attribute: int, value: int) -> None:
    cluster = part.cluster(number)
    if cluster is None:
        raise Refused(f"{part.device.name} has lost a function; interview it again")
    try:
        answer: Any = await cluster.write_attributes(
            {attribute: value}, timeout=REPLY_LIMIT_S, retries=RETRIES
        )
    except (TimeoutError, ZigbeeException, RuntimeError) as err:
        raise _unreachable(part, err) from err
    for record in answer[0]:
        _check(part, cluster, record.status)


def _check(part: Part, cluster: Cluster, status: Any) -> None:
    if status != Status.SUCCESS:
        word = getattr(status, "name", str(status)).lower().replace("_", " ")
        raise Refused(f"{part.device.name} refuses ({cluster.name}: {word})")


def _unreachable(part: Part, err: Exception) -> Unreachable:
    # RuntimeError is what the radio libraries raise when the stick has gone.
    what = "the stick is away" if isinstance(err, RuntimeError) else "it does not answer"
    return Unreachable(f"{part.device.name}: {what}")
