"""How far automation may go with heating, cooling, fans and blinds.

The hub gives thermostats targets and nothing else: never a mode, so it cannot make one heat and
another cool. All thermostats of a room get the same target as nearly as their steps allow, since
two that differ would work against each other; where they cannot agree they are left alone.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from drivers.types import Command, Device, DeviceId, Heats, SetTemperature
from hub.bus import Bus
from hub.types import DeviceGone, ManualChange

HOUR_S = 3600.0
AGREE_C = 0.25
"""Targets no further apart count as the same: less than the dead band of any thermostat."""
_TINY = 1e-6

Span = tuple[float, float]
"""Lowest and highest target; where the lowest is above the highest there is none."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What automation keeps to; `hour` is what each thermostat may get now."""

    target_c: Span
    max_fan: float = 1.0
    cover: Span = (0.0, 1.0)
    hour: Mapping[DeviceId, Span] = field(default_factory=dict)


def agree(
    wanted_c: float, thermostats: Sequence[tuple[DeviceId, Heats]], limits: Limits | None
) -> dict[DeviceId, float]:
    """Return a target for each thermostat of a room, or none at all if they cannot agree.

    Targets are steps of each thermostat, counted from its lower limit, and as near to what is
    wanted as bounds, the last hour and the coarsest thermostat allow.
    """
    low, high = limits.target_c if limits is not None else (-math.inf, math.inf)
    for device, heats in thermostats:
        hour = limits.hour.get(device) if limits is not None else None
        low = max(low, heats.min_c, *(hour or ())[:1])
        high = min(high, heats.max_c, *(hour or ())[1:])
    if not thermostats or low > high + _TINY:
        return {}
    want = min(max(wanted_c, low), high)
    _, coarsest = max(thermostats, key=lambda one: one[1].step_c)
    near = [c for c in _steps(coarsest, low, high) if abs(c - want) <= coarsest.step_c + _TINY]
    for candidate in sorted(near, key=lambda c: (abs(c - want), -c)):
        found = {device: _nearest(candidate, heats, low, high) for device, heats in thermostats}
        targets = [target for target in found.values() if target is not None]
        if len(targets) == len(found) and max(targets) - min(targets) <= AGREE_C + _TINY:
            return {device: target for device, target in found.items() if target is not None}
    return {}


def within_hour(device: DeviceId, target_c: float, limits: Limits | None) -> float | None:
    """Return what of a target the last hour allows; None if nothing."""
    hour = limits.hour.get(device) if limits is not None else None
    if hour is None:
        return target_c
    return min(max(target_c, hour[0]), hour[1]) if hour[0] <= hour[1] + _TINY else None


def _steps(heats: Heats, low: float, high: float) -> list[float]:
    """Return the thermostat's targets within these limits; its upper limit is one."""
    first = max(0, math.ceil((low - heats.min_c) / heats.step_c - _TINY))
    last = math.floor((high - heats.min_c) / heats.step_c + _TINY)
    steps = [round(heats.min_c + n * heats.step_c, 3) for n in range(first, last + 1)]
    if high >= heats.max_c - _TINY and (not steps or steps[-1] < heats.max_c - _TINY):
        steps.append(heats.max_c)
    return steps


def _nearest(wanted_c: float, heats: Heats, low: float, high: float) -> float | None:
    steps = _steps(heats, low, high)
    return min(steps, key=lambda step: (abs(step - wanted_c), -step), default=None)


class TargetHistory:
    """The targets that each thermostat had in the last hour, as far as automation changed them.

    A person's change starts anew: what they chose is where automation goes on from.
    """

    def __init__(
        self, bus: Bus, now: Callable[[], float], device: Callable[[DeviceId], Device | None]
    ) -> None:
        self._now = now
        self._device = device
        self._had: dict[DeviceId, list[tuple[float, float]]] = {}
        bus.on(ManualChange, self._changed_by_hand)
        bus.on(DeviceGone, self._gone)

    def span(self, device: Device, most_c: float) -> Span | None:
        """Return between which targets a thermostat may be put now; None if nothing is known."""
        values = [target for _, target in self._recent(device.id)]
        if device.state.target_c is not None:
            values.append(device.state.target_c)
        return (max(values) - most_c, min(values) + most_c) if values else None

    def note(self, commands: Sequence[Command]) -> None:
        """Remember the targets among commands that automation is about to send."""
        now = self._now()
        for command in commands:
            if not isinstance(command, SetTemperature):
                continue
            had = self._had.setdefault(command.device, [])
            device = self._device(command.device)
            before = None if device is None else device.state.target_c
            if before is not None and (not had or had[-1][1] != before):
                had.append((now, before))
            if not had or had[-1][1] != command.target_c:
                had.append((now, command.target_c))

    def _recent(self, device: DeviceId) -> list[tuple[float, float]]:
        """Drop what ended more than an hour ago: a target holds until the next one."""
        had = self._had.get(device, [])
        while len(had) > 1 and had[1][0] <= self._now() - HOUR_S:
            had.pop(0)
        return had

    def _changed_by_hand(self, change: ManualChange) -> None:
        self._had.pop(change.device, None)

    def _gone(self, gone: DeviceGone) -> None:
        self._had.pop(gone.device, None)
