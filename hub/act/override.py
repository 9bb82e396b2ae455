"""Tells a change by hand from the echo of an own command.

A change of a device's state is ours when a command sent to it explains each changed field within
the command's window (its transition and some slack), or when it arrives at what was last
commanded, however late. Anything else somebody did by hand, and automation leaves it alone.

Not a change by hand: the first states of a new device or of one that is back (SETTLE_S), a field
that was unknown before, a sensor's value, a device outside every room, the next song.
"""

from collections import deque
from dataclasses import dataclass

from drivers.types import (
    Blows,
    Command,
    Covers,
    Device,
    DeviceId,
    DeviceState,
    PlayMusic,
    SetCover,
    SetFan,
    SetLight,
    SetSwitch,
    SetTemperature,
    SetVolume,
    StopMusic,
)
from hub.bus import Bus
from hub.clock import Clock
from hub.types import DeviceChanged, DeviceGone, ManualChange, RoomId

SETTLE_S = 5.0
"""After a device appears or comes back: its network still tells what it missed."""
SLACK_S = 3.0
"""How much later than its transition's end a command's echo may come."""
COVER_TAKES_S = 90.0
"""The longest way of a blind; on it, it tells where it is."""
REMEMBERED = 4
"""Commands a device whose echoes may still be on their way."""

LEVEL_TOLERANCE = 0.02
KELVIN_TOLERANCE = 150
XY_TOLERANCE = 0.03
DEGREES_TOLERANCE = 0.5


@dataclass(frozen=True, slots=True)
class _Sent:
    command: Command
    start: DeviceState
    until: float


class Overrides:
    """Watches device changes; publishes ManualChange for each that is nobody's echo."""

    def __init__(self, bus: Bus, clock: Clock) -> None:
        self._bus = bus
        self._clock = clock
        self._sent: dict[DeviceId, deque[_Sent]] = {}
        self._settled_at: dict[DeviceId, float] = {}
        bus.on(DeviceChanged, self._changed)
        bus.on(DeviceGone, self._gone)

    def sending(self, command: Command, start: DeviceState) -> None:
        """Tell that a command goes out now to a device in this state."""
        transition_s = 0.0
        if isinstance(command, SetLight):
            transition_s = command.transition_s
        elif isinstance(command, SetCover):
            transition_s = COVER_TAKES_S
        until = self._clock.monotonic() + transition_s + SLACK_S
        sent = self._sent.setdefault(command.device, deque(maxlen=REMEMBERED))
        sent.append(_Sent(command, start, until))

    def not_sent(self, command: Command) -> None:
        """Tell that a command did not reach its device after all."""
        sent = self._sent.get(command.device, deque())
        for entry in tuple(sent):
            if entry.command is command:
                sent.remove(entry)

    def by_person(self, room: RoomId, device: DeviceId) -> None:
        """Tell that a person commanded a device through the hub: as good as by hand."""
        self._bus.publish(ManualChange(room, device, self._clock.monotonic()))

    def _changed(self, event: DeviceChanged) -> None:
        device, before = event.device, event.before
        if before is None or (device.available and not before.available):
            self._settled_at[device.id] = event.at + SETTLE_S
            return
        if device.state is before.state or device.room is None or not device.available:
            return
        changed = [
            *_changed_fields(before.state, device.state),
            *_moved(device, before.state, device.state),
        ]
        if not changed or event.at < self._settled_at.get(device.id, 0.0):
            return
        if self._is_echo(device.id, changed, device.state, event.at):
            return
        self._sent.pop(device.id, None)
        self._bus.publish(ManualChange(RoomId(device.room), device.id, event.at))

    def _gone(self, event: DeviceGone) -> None:
        self._sent.pop(event.device, None)
        self._settled_at.pop(event.device, None)

    def _is_echo(
        self, device: DeviceId, changed: list[str], state: DeviceState, now: float
    ) -> bool:
        sent = self._sent.get(device)
        if not sent:
            return False
        if all(_arrived(sent[-1].command, name, state) for name in changed):
            return True
        within = [entry for entry in sent if now <= entry.until]
        return all(any(_explains(entry, name, state) for entry in within) for name in changed)


def _changed_fields(before: DeviceState, after: DeviceState) -> list[str]:
    """Name the fields that someone could have changed by hand; unknown on either side is none."""
    names = [
        name
        for name in ("on", "level", "kelvin", "xy", "target_c", "volume")
        if (was := getattr(before, name)) is not None
        and (now := getattr(after, name)) is not None
        and was != now
    ]
    if after.on is False:  # a lamp that is off reports whatever it likes about its colour
        names = [name for name in names if name not in {"level", "kelvin", "xy"}]
    if (before.playing is None) != (after.playing is None):
        names.append("playing")
    return names


def _moved(device: Device, before: DeviceState, after: DeviceState) -> list[str]:
    """Name what a fan or a blind was given by hand."""
    has = {"speed": device.capability(Blows), "position": device.capability(Covers)}
    return [
        key
        for key, capability in has.items()
        if capability is not None
        and (was := _number(before, key)) is not None
        and (now := _number(after, key)) is not None
        and not _near(was, now, LEVEL_TOLERANCE)
    ]


def _number(state: DeviceState, key: str) -> float | None:
    value = state.values.get(key)
    return None if value is None or isinstance(value, str) else float(value)


def _arrived(command: Command, name: str, state: DeviceState) -> bool:
    """True when the field is where the command wanted it."""
    match command, name:
        case (SetFan(speed=wanted), "speed") | (SetCover(position=wanted), "position"):
            return _near(_number(state, name), wanted, LEVEL_TOLERANCE)
        case _:
            return _is_so(command, name, state)


def _is_so(command: Command, name: str, state: DeviceState) -> bool:
    arrived = False
    match command, name:
        case SetSwitch(on=on), "on":
            arrived = state.on == on
        case ((SetLight() | SetFan()), "on"):
            arrived = state.on == _wants_on(command)
        case SetLight(level=float(level)), "level":
            arrived = _near(state.level, level, LEVEL_TOLERANCE)
        case SetLight(kelvin=int(kelvin)), "kelvin":
            arrived = _near(state.kelvin, kelvin, KELVIN_TOLERANCE)
        case SetLight(xy=(float(x), float(y))), "xy":
            have_x, have_y = state.xy or (None, None)
            arrived = _near(have_x, x, XY_TOLERANCE) and _near(have_y, y, XY_TOLERANCE)
        case SetTemperature(target_c=target_c), "target_c":
            arrived = _near(state.target_c, target_c, DEGREES_TOLERANCE)
        case ((PlayMusic(volume=float(volume)) | SetVolume(volume=volume)), "volume"):
            arrived = _near(state.volume, volume, LEVEL_TOLERANCE)
        case PlayMusic(), "playing":
            arrived = state.playing is not None
        case StopMusic(), "playing":
            arrived = state.playing is None
        case _:
            pass
    return arrived


def _near(have: float | None, want: float, tolerance: float) -> bool:
    return have is not None and abs(have - want) <= tolerance


def _explains(entry: _Sent, name: str, state: DeviceState) -> bool:
    """True when the field may look so while the command is being carried out."""
    command = entry.command
    if _arrived(command, name, state):
        return True
    if isinstance(command, SetFan) and name == "speed":
        return _between(_number(entry.start, name), command.speed, _number(state, name))
    if isinstance(command, SetCover) and name == "position":
        return _between(_number(entry.start, name), command.position, _number(state, name))
    if not isinstance(command, SetLight):
        return False
    if name == "level":
        return command.on is not False and _on_the_way(entry.start, command.level, state.level)
    # A lamp's colour moves with its brightness (warm dimming), and xy moves with kelvin.
    return name in {"kelvin", "xy"}


def _on_the_way(start: DeviceState, target: float | None, level: float | None) -> bool:
    # From off or unknown, lamps are seen to start at full or at their last level.
    if target is None or level is None or start.level is None or not start.on:
        return True
    low, high = sorted((start.level, target))
    return low - LEVEL_TOLERANCE <= level <= high + LEVEL_TOLERANCE


def _between(start: float | None, target: float, now: float | None) -> bool:
    if start is None or now is None:
        return True
    low, high = sorted((start, target))
    return low - LEVEL_TOLERANCE <= now <= high + LEVEL_TOLERANCE


def _wants_on(command: SetLight | SetFan) -> bool:
    """A light command without a word about on or off implies on, level or speed 0 implies off."""
    if isinstance(command, SetFan):
        return command.speed > 0
    if command.on is not None:
        return command.on
    return command.level is None or command.level > 0
