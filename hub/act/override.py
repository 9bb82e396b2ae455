"""Tells a change by hand from the echo of an own command.

A change of a device's state is ours when a command sent to it explains each changed field within
the command's window (its transition and some slack), or when it arrives at what was last
commanded, however late. Anything else somebody did by hand, and automation leaves it alone.

Not a change by hand: the first states of a new device or of one that is back (SETTLE_S), a field
that was unknown before, a sensor's value, a device outside every room, the next song.
"""

from collections import deque

from drivers.types import Command, Device, DeviceId, DeviceState, SetCover, SetLight
from hub.act.echo import Sent, arrived, changed_fields, explains
from hub.bus import Bus
from hub.clock import Clock
from hub.types import DeviceChanged, DeviceGone, ManualChange, RoomId

SETTLE_S = 5.0
"""After a device appears or comes back: its network still tells what it missed."""
SLACK_S = 3.0
"""How much later than its transition's end a command's echo may come."""
COVER_TAKES_S = 120.0
"""How long a cover may be on its way."""
REMEMBERED = 4
"""Commands a device whose echoes may still be on their way."""


class Overrides:
    """Watches device changes; publishes ManualChange for each that is nobody's echo."""

    def __init__(self, bus: Bus, clock: Clock) -> None:
        self._bus = bus
        self._clock = clock
        self._sent: dict[DeviceId, deque[Sent]] = {}
        self._settled_at: dict[DeviceId, float] = {}
        bus.on(DeviceChanged, self._changed)
        bus.on(DeviceGone, self._gone)

    def sending(self, command: Command, start: DeviceState) -> None:
        """Tell that a command goes out now to a device in this state."""
        match command:
            case SetLight(transition_s=transition_s):
                takes_s = transition_s
            case SetCover():
                takes_s = COVER_TAKES_S
            case _:
                takes_s = 0.0
        until = self._clock.monotonic() + takes_s + SLACK_S
        sent = self._sent.setdefault(command.device, deque(maxlen=REMEMBERED))
        sent.append(Sent(command, start, until))

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
        changed = changed_fields(before.state, device)
        if not changed or event.at < self._settled_at.get(device.id, 0.0):
            return
        if self._is_echo(device, changed, event.at):
            return
        self._sent.pop(device.id, None)
        self._bus.publish(ManualChange(RoomId(device.room), device.id, event.at))

    def _gone(self, event: DeviceGone) -> None:
        self._sent.pop(event.device, None)
        self._settled_at.pop(event.device, None)

    def _is_echo(self, device: Device, changed: list[str], now: float) -> bool:
        sent = self._sent.get(device.id)
        if not sent:
            return False
        if all(arrived(sent[-1].command, name, device) for name in changed):
            return True
        within = [entry for entry in sent if now <= entry.until]
        return all(any(explains(entry, name, device) for entry in within) for name in changed)
