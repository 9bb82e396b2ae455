"""Steps for lights that cannot fade by themselves."""

from dataclasses import replace

from drivers.types import Device, DeviceState, Dimmable, SetLight

STEP_S = 0.2
"""Between two steps: short enough to look smooth, long enough for a slow radio."""


def fade_steps(command: SetLight, device: Device) -> tuple[SetLight, ...]:
    """Return the commands, `STEP_S` apart, that carry a light to the command's level.

    One command, the given one, when the light fades by itself or there is nothing to fade. The
    last step always is the command itself without its transition.
    """
    dimmable = device.capability(Dimmable)
    target = 0.0 if command.on is False else command.level
    count = round(command.transition_s / STEP_S)
    if dimmable is None or dimmable.fades or target is None or count < 1:
        return (command,)
    start = _level_now(device.state)
    steps = min(count, max(1, round(abs(target - start) * dimmable.steps)))
    levels = [start + (target - start) * index / steps for index in range(1, steps)]
    between = [
        replace(command, on=True, level=round(level, 4), transition_s=0.0)
        for level in levels
        if level > 0
    ]
    return (*between, replace(command, transition_s=0.0))


def step_pause_s(command: SetLight, count: int) -> float:
    """Return the pause after each of `count` steps so that together they take the transition."""
    return max(STEP_S, command.transition_s / count)


def _level_now(state: DeviceState) -> float:
    if state.on is False:
        return 0.0
    return 1.0 if state.level is None else state.level
