"""The rules in force, and where an event finds those that it concerns."""

from collections.abc import Mapping

from drivers.types import DeviceId
from hub.decide.guards import RoomState, rooms_of
from hub.decide.state import RuleState
from hub.settings import Rule
from hub.types import RoomId


class RuleIndex:
    """Every rule's state by its name, and by the room, the device or the button it is about."""

    def __init__(self) -> None:
        self.states: dict[str, RuleState] = {}
        self.by_device: dict[DeviceId, list[RuleState]] = {}
        self.by_button: dict[DeviceId, list[RuleState]] = {}
        self.by_presence: list[RuleState] = []
        self.rooms: dict[RoomId, RoomState] = {}
        """What guards remember of a room outlasts the rules that it had."""

    def fill(self, rules: Mapping[str, Rule]) -> None:
        """Take over these rules; one that did not change keeps its dwell and its cool-down."""
        before, self.states = self.states, {}
        for name, rule in rules.items():
            old = before.get(name)
            kept = old if old is not None and old.rule == rule else None
            self.states[name] = kept or RuleState(name, rule, RoomId(rule.room))
        self.by_device, self.by_button, self.by_presence = {}, {}, []
        for state in self.states.values():
            when = state.rule.when
            if when.sensor is not None:
                self.by_device.setdefault(DeviceId(when.sensor.device), []).append(state)
            if when.button is not None:
                self.by_button.setdefault(DeviceId(when.button.device), []).append(state)
            if when.presence is not None:
                self.by_presence.append(state)
        for room in self.rooms.values():
            room.rules = []
        for room_id, states in rooms_of(self.states.values()).items():
            self.room(room_id).rules = states

    def room(self, room_id: RoomId) -> RoomState:
        """Return what guards remember of a room, from now on if it was nothing."""
        return self.rooms.setdefault(room_id, RoomState())
